#include "hardware/link.hpp"

#include <fmt/format.h>

namespace regatta::hardware {

std::vector<std::string> problems_of(const Link& link) {
    std::vector<std::string> problems;
    if (!(link.bytes_per_s > 0))
        problems.push_back(fmt::format("bandwidth: expected more than 0, found {}", link.bytes_per_s));
    if (!(link.latency_s >= 0))
        problems.push_back(fmt::format("latency: expected at least 0, found {}", link.latency_s));
    return problems;
}

}  // namespace regatta::hardware
