#pragma once

#include <optional>
#include <string>

#include "app/arguments.hpp"
#include "app/setting.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta workload`: what a scenario's gateways will be asked, without running it.
struct WorkloadArguments {
    ScenarioArguments scenario;
    std::string csv;                   ///< empty: none is written
    std::optional<std::string> every;  ///< none: chosen by how long the workload is
    bool is_json = false;
};
void declare_workload(CLI::App& program, WorkloadArguments& arguments);
/// Collective over the session's ranks; rank 0 does it all. Returns the exit code.
[[nodiscard]] int show_workload(const WorkloadArguments& arguments, const Setting& setting);

}  // namespace regatta::app
