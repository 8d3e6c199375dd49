#include "app/scenario_input.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "app/command_line.hpp"
#include "app/shared_work.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::app {

namespace {

void say(const std::string& line) {
    fmt::print(stderr, "{}\n", line);
}

}  // namespace

int on_rank_zero(engine::Transport& transport, const std::function<void()>& body) {
    engine::Buffer verdict(1);
    if (transport.rank() == 0) {
        const int code = exit_code_of(
            "regatta",
            [&] {
                body();
                return 0;
            },
            say);
        verdict[0] = static_cast<char>(code);
    }
    transport.broadcast(verdict);
    return verdict[0];
}

ScenarioSource source_of(const ScenarioArguments& arguments) {
    return {.path = arguments.scenario, .overrides = arguments.all_overrides()};
}

ScenarioInput read_scenario(const ScenarioSource& source, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const scenario::LoadRequest request{.path = source.path,
                                        .overrides = source.overrides,
                                        .catalogue_directory = setting.catalogue_directory,
                                        .branches = source.branches};
    ScenarioInput input;
    scenario::InputFiles files;
    if (source.files) {
        files = scenario::InputFiles::from_bytes(*source.files);
        files.reads_disk = transport.rank() == 0;  // what was not needed before
    }
    input.exit_code = on_rank_zero(transport, [&] {
        try {
            input.scenario = load_scenario(request, setting.registries, files);
            input.traces = check_traces(*input.scenario);
        } catch (const InputError& error) {
            std::vector<std::string> lines = error.problems();
            lines.push_back(scenario::closing_line(lines.size(), source.path));
            throw InputError(lines);
        }
    });
    if (input.exit_code != 0) return input;
    if (transport.rank() == 0) input.files = files.to_bytes();
    engine::Buffer bytes(input.files.begin(), input.files.end());
    transport.broadcast(bytes);
    if (transport.rank() != 0) {
        input.files.assign(bytes.begin(), bytes.end());
        files = scenario::InputFiles::from_bytes(input.files);
        input.scenario = load_scenario(request, setting.registries, files);
    }
    return input;
}

void prepare_step_times(const scenario::Scenario& scenario, engine::Transport& transport) {
    SharedWork work(transport);
    for (const scenario::Pool& pool : scenario.pools)
        pool.step_time->prepare(work);
}

}  // namespace regatta::app
