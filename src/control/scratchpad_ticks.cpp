#include "control/scratchpad_ticks.hpp"

#include <algorithm>
#include <cmath>

namespace regatta::control {

double first_tick_from(double from, double target) {
    double at = from;
    while (at < target) {
        const double next = at + kScratchpadTick;
        const double after = next + kScratchpadTick;
        const double step = next - at;
        // Doubles below `top` and not below half of it are whole multiples of one unit, and a sum of two of them that
        // is below it, too, is rounded by nothing but the tick. (Where the tick lies halfway between two multiples,
        // sums are even from the first one on, and steps the same again.)
        const double top = at > 0 ? std::ldexp(1.0, std::ilogb(at) + 1) : 0;
        double skipped = 0;
        if (after < top && after - next == step)
            skipped = std::max(std::floor((std::min(target, top) - next) / step) - 1, 0.0);
        at = next + skipped * step;
    }
    return at;
}

}  // namespace regatta::control
