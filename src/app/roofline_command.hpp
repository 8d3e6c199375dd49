#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/setting.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta roofline`: what a step is made of, or matrix products under the roof. Lists as they were written: separated
/// by commas.
struct RooflineArguments {
    std::string hardware;
    std::string model;
    std::string precision;
    std::string batch = "1";
    std::string length = "1024";
    std::string stage = "both";
    std::string attention = "fused";
    std::string matrix;
    std::string input_sizes = "1";
    std::string compat = "none";
    std::string format = "text";
    std::string output;                  ///< empty: standard output
    std::vector<std::string> files;      ///< of the user's, over the shipped catalogue
    std::vector<std::string> overrides;  ///< KEY=VALUE of the step time `roofline`
    std::string tensor_parallel = "1";
    bool is_ideal = false;
    bool has_totals_only = false;
};
void declare_roofline(CLI::App& program, RooflineArguments& arguments);
/// Collective over the session's ranks; rank 0 speaks. Returns the exit code.
[[nodiscard]] int show_roofline(const RooflineArguments& arguments, const Setting& setting);

}  // namespace regatta::app
