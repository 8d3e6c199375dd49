#include "hardware/node_type.hpp"

#include <fmt/format.h>

namespace regatta::hardware {

std::vector<std::string> problems_of(const NodeType& node) {
    std::vector<std::string> problems;
    if (node.gpu.empty()) problems.emplace_back("gpu: expected the name of a GPU, found none");
    if (node.gpus < 1)
        problems.push_back(fmt::format("gpus: expected a whole number of at least 1, found {}", node.gpus));
    const auto must_not_be_negative = [&](const char* key, double value) {
        if (!(value >= 0)) problems.push_back(fmt::format("{}: expected at least 0, found {}", key, value));
    };
    must_not_be_negative("host_memory", node.host_memory_bytes);
    must_not_be_negative("disk", node.disk_bytes);
    must_not_be_negative("host_link", node.host_link_bytes_per_s);
    must_not_be_negative("nic_bandwidth", node.nic_bytes_per_s);
    return problems;
}

}  // namespace regatta::hardware
