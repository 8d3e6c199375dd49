#pragma once

#include <string>

namespace CLI {
class App;
}

/// The subcommands of regatta-post. Each declares its arguments and is called when the user chose it.
namespace regatta::app {

struct MergeArguments {
    std::string directory;
    std::string output;  ///< empty: run.h5 in the directory
};
void declare_merge(CLI::App& program, MergeArguments& arguments);
void run_merge(const MergeArguments& arguments);

struct StatsArguments {
    std::string path;
    bool is_json = false;
};
void declare_stats(CLI::App& program, StatsArguments& arguments);
void run_stats(const StatsArguments& arguments);

/// Throws InputError unless something is there.
void check_exists(const std::string& command, const std::string& argument, const std::string& path);

}  // namespace regatta::app
