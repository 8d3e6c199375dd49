#pragma once

#include <cstdint>
#include <vector>

#include "workload/mersenne.hpp"

namespace regatta::workload {

/// The random numbers of the Scratchpad simulator that numpy's legacy generator makes, seeded with 0: first arrivals,
/// then whatever routers draw.
class ScratchpadDraws {
public:
    /// When the lines of a trace arrive [s], the first `lines` of a Poisson process of `rate_per_s`; all at 0 where the
    /// rate is 0. To be called first, and once.
    [[nodiscard]] std::vector<double> arrivals(std::size_t lines, double rate_per_s);
    /// A number below `count`, all equally likely; nothing is drawn where there is no choice.
    [[nodiscard]] std::uint32_t below(std::uint32_t count);

private:
    [[nodiscard]] double uniform();

    Mersenne words_{0U};
};

/// Python's own generator, seeded with 0: it chooses what is re-provisioned.
class PythonDraws {
public:
    PythonDraws();
    /// A number below `count` > 0; drawn even where there is no choice.
    [[nodiscard]] std::uint32_t below(std::uint32_t count);

private:
    Mersenne words_;
};

}  // namespace regatta::workload
