#pragma once

#include <string>

#include "app/setting.hpp"
#include "scenario/import_scratchpad.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta import vidur`: a configuration of Vidur becomes a scenario; `regatta import scratchpad`: a command line
/// does.
struct ImportArguments {
    std::string simulator;
    std::string config;
    std::string output;  ///< empty: stdout
    std::string workload;
    std::string tables;
    std::string replay;
    std::string predictor;
    scenario::ScratchpadImport scratchpad;
    bool is_native = false;  ///< of scratchpad: in the ordinary form
};
void declare_import(CLI::App& program, ImportArguments& arguments);
/// Collective over the session's ranks; rank 0 does it all. Returns the exit code.
[[nodiscard]] int import_scenario(const ImportArguments& arguments, const Setting& setting);

}  // namespace regatta::app
