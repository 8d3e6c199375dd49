#pragma once

#include <string>
#include <vector>

#include "regatta/base/errors.hpp"
#include "scenario/load.hpp"

namespace regatta::scenario::testing {

/// A catalogue of one GPU, two node types and two models, so that tests do not change with the shipped one.
inline const char* const kGpus = R"(gpus:
  big-gpu:
    memory: {value: 80GiB, source: test}
    memory_bandwidth: {value: 3TB/s, source: test}
    bf16: {value: 1PFLOPS, source: test}
    link_bandwidth: {value: 400GB/s, source: test}
    link_latency: {value: 1us, source: test}
    gpus_per_node: {value: 8, source: test}
)";

inline const char* const kNodes = R"(nodes:
  big-node:
    gpu: {value: big-gpu, source: test}
    gpus: {value: 4, source: test}
    host_memory: {value: 1TiB, source: test}
    nics: {value: 4, source: test}
    nic_bandwidth: {value: 400Gbps, source: test}
  lost-node:
    gpu: {value: lost-gpu, source: test}
    gpus: {value: 4, source: test}
)";

inline const char* const kModels = R"(models:
  small-llm:
    layers: {value: 32, source: test}
    hidden: {value: 4096, source: test}
    heads: {value: 32, source: test}
    kv_heads: {value: 8, source: test}
    head_dim: {value: 128, source: test}
    intermediate: {value: 14336, source: test}
    vocabulary: {value: 128256, source: test}
    max_context: {value: 8192, source: test}
  large-llm:
    layers: {value: 80, source: test}
    hidden: {value: 8192, source: test}
    heads: {value: 64, source: test}
    kv_heads: {value: 8, source: test}
    head_dim: {value: 128, source: test}
    intermediate: {value: 28672, source: test}
    vocabulary: {value: 128256, source: test}
    max_context: {value: 8192, source: test}
)";

/// Loads text as the file fleet.yaml; nothing is read from the disk.
inline Scenario load_text(const std::string& text, const std::vector<std::string>& overrides = {},
                          const std::vector<std::string>& present_files = {}) {
    InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/home/someone";
    files.files["fleet.yaml"] = {true, text, ""};
    files.files["catalogue/gpus.yaml"] = {true, kGpus, ""};
    files.files["catalogue/nodes.yaml"] = {true, kNodes, ""};
    files.files["catalogue/models.yaml"] = {true, kModels, ""};
    for (const std::string& path : present_files)
        files.files[path] = {true, "", ""};
    return load_scenario({"fleet.yaml", overrides, "catalogue"}, Registries{}, files);
}

/// Everything that load_text complains about; empty when it does not.
inline std::vector<std::string> problems_of_text(const std::string& text,
                                                 const std::vector<std::string>& overrides = {},
                                                 const std::vector<std::string>& present_files = {}) {
    try {
        static_cast<void>(load_text(text, overrides, present_files));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

/// A scenario of ten lines that is right; `changed` replaces one of its lines, counted from 1, by any text.
inline std::string scenario_with(int line = 0, const std::string& changed = "") {
    const std::vector<std::string> lines = {"duration: 10min",               //
                                            "fleet:",                        //
                                            "  pools:",                      //
                                            "    - name: chat",              //
                                            "      model: small-llm",        //
                                            "      node: {gpu: big-gpu}",    //
                                            "workload:",                     //
                                            "  streams:",                    //
                                            "    - arrivals: {rate: 40/s}",  //
                                            "      lengths: {prompt: {fixed: 1000}, output: {fixed: 200}}"};
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i)
        text += (static_cast<int>(i) + 1 == line ? changed : lines[i]) + "\n";
    return text;
}

using Lines = std::vector<std::string>;

}  // namespace regatta::scenario::testing
