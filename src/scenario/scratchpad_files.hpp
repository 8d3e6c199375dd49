#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regatta::scenario {

/// What an env.json of the Scratchpad simulator says that has an effect: nodes, or one node for each entry of the older
/// list of GPUs.
struct ScratchpadEnvironment {
    /// Of one type in a node, as it is said: that simulator does not look at the memory.
    struct Gpus {
        std::string type;
        std::uint32_t count = 0;
        double memory_gb = 0;
    };
    struct Node {
        std::uint32_t id = 0;
        std::string name;
        std::vector<std::string> gpus;  ///< the type of each
        std::string model;              ///< that it loads at first; empty: the usual one
        std::vector<Gpus> kinds;        ///< of nodes: one for each entry of gpu_types
        // Of the older list, which that simulator reads and does not look at.
        std::int64_t amount = 1;
        double weight_bits = 16;
        double activation_bits = 16;
        double kv_bits = 16;
    };
    std::vector<Node> nodes;
    double disk_mb_per_s = 0;
    double pcie_gb_per_s = 0;
    double network_gb_per_s = 0;  ///< not looked at there, either
    bool preloads = false;
};

/// `text` is the file's. Throws InputError: "env.json:3:7: ..." for what is no JSON, else every field that is wrong,
/// "env.json: nodes[0].node_id: ...".
[[nodiscard]] ScratchpadEnvironment read_scratchpad_environment(const std::string& path, const std::string& text);

/// One line of an env_change.jsonl.
struct ScratchpadEnvironmentChange {
    std::int64_t line = 0;  ///< from 1
    double at_s = 0;
    std::string gpu;
    std::int64_t amount = 0;
};

/// Throws InputError with every line that is wrong: "env_change.jsonl:2: ...".
[[nodiscard]] std::vector<ScratchpadEnvironmentChange> read_scratchpad_changes(const std::string& path,
                                                                               const std::string& text);

}  // namespace regatta::scenario
