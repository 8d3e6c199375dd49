#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace regatta::app {

/// What the commands that read a scenario have in common.
struct ScenarioArguments {
    std::string scenario;
    bool may_lack_scenario = false;      ///< something else may stand for it
    std::vector<std::string> overrides;  ///< --set path=value
    std::optional<std::string> limit;    ///< at most so many requests of the trace, or of each stream
    std::optional<std::string> seed;

    /// Everything that replaces a value of the scenario, as --set takes it.
    [[nodiscard]] std::vector<std::string> all_overrides() const;
};

void add_scenario_arguments(CLI::App& command, ScenarioArguments& arguments);
/// --limit and --seed.
void add_traffic_arguments(CLI::App& command, ScenarioArguments& arguments);

/// The library takes whatever follows an option for its value: "--out --quiet" would write into "--quiet".
[[nodiscard]] CLI::Validator no_option();
/// Said here, where the value was given: the scenario would name the key that it goes to.
[[nodiscard]] CLI::Validator whole_number(std::int64_t least);

/// "1 rank", "2 ranks".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace regatta::app
