#pragma once

#include <string>
#include <vector>

namespace regatta::hardware {

/// Facts of one kind of interconnect, from the catalogue; each with its source there.
struct Link {
    std::string name;
    double bytes_per_s = 0;  ///< one direction
    double latency_s = 0;    ///< one hop inside a node; one message from end to end between nodes
    std::string source;
};

/// What cannot be right about the facts, as problems_of(Gpu).
[[nodiscard]] std::vector<std::string> problems_of(const Link& link);

}  // namespace regatta::hardware
