#pragma once

#include <cstdint>

namespace regatta::serving {

/// Where a replica is in its life. Boards tell it as a number one higher: an entry that was never told shows 0, which
/// stands for what the replica was at the start.
enum class Phase : std::uint8_t {
    Absent,     ///< its GPUs are not there (yet, or any more)
    Off,        ///< its GPUs may serve it, but nobody wants that
    Loading,    ///< weights are on their way
    WarmingUp,  ///< the engine gets ready
    Ready,      ///< takes requests
    Draining,   ///< ends what it has; still takes what was sent before the gateways knew
    Down,       ///< a GPU, its node or the rack has failed
    Updating,   ///< its node is being maintained
};
inline constexpr std::uint32_t kPhases = 8;

[[nodiscard]] constexpr std::uint32_t board_value(Phase phase) {
    return static_cast<std::uint32_t>(phase) + 1;
}
[[nodiscard]] constexpr Phase phase_of(std::uint32_t board_value, Phase at_start) {
    return board_value == 0 ? at_start : static_cast<Phase>(board_value - 1);
}
/// Holds its GPUs: no other replica may load there.
[[nodiscard]] constexpr bool holds_gpus(Phase phase) {
    return phase == Phase::Loading || phase == Phase::WarmingUp || phase == Phase::Ready || phase == Phase::Draining;
}
[[nodiscard]] constexpr bool is_starting(Phase phase) {
    return phase == Phase::Loading || phase == Phase::WarmingUp;
}

}  // namespace regatta::serving
