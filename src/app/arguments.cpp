#include "app/arguments.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <system_error>

namespace regatta::app {

CLI::Validator no_option() {
    return CLI::Validator(
        [](const std::string& text) {
            return text.starts_with("--") ? fmt::format("expected a value, found the option \"{}\"", text)
                                          : std::string();
        },
        "");
}

CLI::Validator whole_number(std::int64_t least) {
    return CLI::Validator(
        [least](const std::string& text) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool is_good = error == std::errc() && end == text.data() + text.size() && value >= least;
            return is_good ? std::string()
                           : fmt::format("expected a whole number of at least {}, found \"{}\"", least, text);
        },
        "");
}

void add_scenario_arguments(CLI::App& command, ScenarioArguments& arguments) {
    CLI::Option* scenario = command.add_option("SCENARIO", arguments.scenario, "Scenario file (YAML; JSON is YAML)");
    scenario->type_name("");
    if (!arguments.may_lack_scenario) scenario->required();
    command.add_option("--set", arguments.overrides, "Replaces one value of the scenario; may be repeated")
        ->allow_extra_args(false)
        ->type_name("PATH=VALUE")
        ->check(no_option());
}

void add_traffic_arguments(CLI::App& command, ScenarioArguments& arguments) {
    command.add_option("--limit", arguments.limit, "At most so many requests of the trace, or of each stream")
        ->type_name("N")
        ->check(whole_number(1));
    command.add_option("--seed", arguments.seed, "Seed of the random numbers")->type_name("N")->check(whole_number(0));
}

std::vector<std::string> ScenarioArguments::all_overrides() const {
    std::vector<std::string> all = overrides;
    if (limit) all.push_back("workload.limit=" + *limit);
    if (seed) all.push_back("seed=" + *seed);
    return all;
}

std::string counted(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace regatta::app
