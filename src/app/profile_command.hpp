#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/setting.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta profile`: how well each predictor tells measurements that it was not shown.
struct ProfileArguments {
    std::vector<std::string> files;
    std::string model;
    std::int64_t tensor_parallel = 1;
    std::int64_t block_tokens = 16;
    bool spans_nodes = false;
    std::string cpu_model;
    std::int64_t folds = 10;
    bool is_json = false;
};
void declare_profile(CLI::App& program, ProfileArguments& arguments);
/// Collective over the session's ranks, which share the work; rank 0 speaks. Returns the exit code.
[[nodiscard]] int show_profile(const ProfileArguments& arguments, const Setting& setting);

}  // namespace regatta::app
