#include "workload/scratchpad_draws.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

constexpr std::array<std::uint32_t, 1> kZeroKey = {0};

}  // namespace

/// 53 bits of two words, as numpy's legacy generator has it.
double ScratchpadDraws::uniform() {
    const std::uint32_t high = words_.next() >> 5U;
    const std::uint32_t low = words_.next() >> 6U;
    return (static_cast<double>(high) * 67'108'864.0 + static_cast<double>(low)) / 9'007'199'254'740'992.0;
}

std::vector<double> ScratchpadDraws::arrivals(std::size_t lines, double rate_per_s) {
    std::vector<double> times;
    if (rate_per_s <= 0) {
        times.assign(lines, 0.0);
        return times;
    }
    // Arrivals are made for twice as long as is needed, and gaps for 1.2 times as many: all of them are drawn, for the
    // routers' numbers come after them. Sums and products in the order of that program.
    const double duration_s = (static_cast<double>(lines) / rate_per_s) * 2;
    const double scale_s = 1.0 / rate_per_s;
    const auto count = static_cast<std::size_t>(std::max(1.0, std::floor(rate_per_s * duration_s * 1.2)));
    std::vector<double> gaps(count);
    std::size_t next = count;
    const auto take = [&] {
        if (next == count) {
            for (double& gap : gaps)
                gap = scale_s * -std::log(1.0 - uniform());
            next = 0;
        }
        return gaps[next++];
    };
    double at_s = take();
    while (at_s < duration_s) {
        if (times.size() < lines) times.push_back(at_s);
        at_s += take();
    }
    REGATTA_CHECK(times.size() == lines, "fewer arrivals were drawn than the trace has lines");
    return times;
}

/// Masked rejection.
std::uint32_t ScratchpadDraws::below(std::uint32_t count) {
    if (count <= 1) return 0;
    const std::uint32_t mask = std::bit_ceil(count) - 1;
    std::uint32_t value = words_.next() & mask;
    while (value >= count)
        value = words_.next() & mask;
    return value;
}

PythonDraws::PythonDraws() : words_(kZeroKey) {}

std::uint32_t PythonDraws::below(std::uint32_t count) {
    const auto shift = static_cast<unsigned>(32 - std::bit_width(count));
    std::uint32_t value = words_.next() >> shift;
    while (value >= count)
        value = words_.next() >> shift;
    return value;
}

}  // namespace regatta::workload
