#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "app/setting.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta run` and `regatta validate`.
struct RunArguments {
    ScenarioArguments scenario;
    std::string output;  ///< empty: runs/NAME-001, or the next free number
    bool is_quiet = false;
    bool is_json = false;
};
void declare_run(CLI::App& program, RunArguments& arguments);
/// Collective over the session's ranks; rank 0 speaks. Returns the exit code.
[[nodiscard]] int run_scenario(const RunArguments& arguments, const Setting& setting);

struct ValidateArguments {
    ScenarioArguments scenario;
    bool shows_resolved = false;
};
void declare_validate(CLI::App& program, ValidateArguments& arguments);
[[nodiscard]] int validate_scenario(const ValidateArguments& arguments, const Setting& setting);

}  // namespace regatta::app
