#pragma once

namespace regatta::control {

/// What an idle engine of the Scratchpad simulator adds to its clock, over and over [s].
inline constexpr double kScratchpadTick = 1e-4;

/// The first of `from`, from + tick, from + tick + tick, ... that is not before `target` [s], with the rounding of each
/// addition, but without doing them one by one: between two powers of two each adds the same.
[[nodiscard]] double first_tick_from(double from, double target);

}  // namespace regatta::control
