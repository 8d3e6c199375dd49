#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace regatta::serving {

/// What can be known of how much a replica has to do. None counts what its own model weighs: that is fixed.
enum class Load : std::uint8_t {
    Requests,  ///< outstanding: dispatched there and not ended
    Tokens,    ///< of the prompts of outstanding requests
    KvBlocks,  ///< of the KV cache in use
    Waiting,   ///< requests in no batch; nobody tells it: only who looks at a replica itself knows
};
inline constexpr std::size_t kLoads = 4;
/// Those that completions or reports tell.
inline constexpr std::array<Load, 3> kToldLoads = {Load::Requests, Load::Tokens, Load::KvBlocks};
inline constexpr std::array<Load, kLoads> kAllLoads = {Load::Requests, Load::Tokens, Load::KvBlocks, Load::Waiting};

[[nodiscard]] constexpr std::size_t index_of(Load load) {
    return static_cast<std::size_t>(load);
}
[[nodiscard]] constexpr std::string_view name_of(Load load) {
    switch (load) {
        case Load::Requests:
            return "outstanding requests";
        case Load::Tokens:
            return "outstanding tokens";
        case Load::KvBlocks:
            return "KV blocks";
        case Load::Waiting:
            return "waiting requests";
    }
    return "";
}

/// Some of the loads: what a policy looks at is told and kept, and nothing else.
class LoadSet {
public:
    constexpr LoadSet() = default;
    constexpr LoadSet(std::initializer_list<Load> loads) {
        for (const Load load : loads)
            bits_ = static_cast<std::uint8_t>(bits_ | bit(load));
    }
    [[nodiscard]] constexpr bool has(Load load) const { return (bits_ & bit(load)) != 0; }
    [[nodiscard]] constexpr bool is_empty() const { return bits_ == 0; }
    constexpr LoadSet& operator|=(LoadSet other) {
        bits_ = static_cast<std::uint8_t>(bits_ | other.bits_);
        return *this;
    }
    friend constexpr bool operator==(LoadSet, LoadSet) = default;

private:
    static constexpr std::uint8_t bit(Load load) { return static_cast<std::uint8_t>(1U << index_of(load)); }
    std::uint8_t bits_ = 0;
};

}  // namespace regatta::serving
