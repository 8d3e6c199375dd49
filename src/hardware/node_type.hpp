#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regatta::hardware {

/// Facts of one kind of server, from the catalogue; each with its source there. What is not known is 0.
struct NodeType {
    std::string name;
    std::string gpu;  ///< its name in the catalogue
    std::uint32_t gpus = 0;
    double host_memory_bytes = 0;
    double disk_bytes = 0;             ///< local disks, all together
    double host_link_bytes_per_s = 0;  ///< between one GPU and the host, one direction
    std::uint32_t nics = 0;
    double nic_bytes_per_s = 0;  ///< of one NIC, one direction
    std::string source;
};

/// What cannot be right about the facts, as problems_of(Gpu).
[[nodiscard]] std::vector<std::string> problems_of(const NodeType& node);

}  // namespace regatta::hardware
