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

ScenarioInput read_scenario(const std::string& path, const std::vector<std::string>& overrides,
                            const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const scenario::LoadRequest request{
        .path = path, .overrides = overrides, .catalogue_directory = setting.catalogue_directory};
    ScenarioInput input;
    scenario::InputFiles files;
    input.exit_code = on_rank_zero(transport, [&] {
        try {
            input.scenario = load_scenario(request, setting.registries, files);
            input.traces = check_traces(*input.scenario);
        } catch (const InputError& error) {
            std::vector<std::string> lines = error.problems();
            lines.push_back(scenario::closing_line(lines.size(), path));
            throw InputError(lines);
        }
    });
    if (input.exit_code != 0) return input;
    const std::string own = transport.rank() == 0 ? files.to_bytes() : std::string();
    engine::Buffer bytes(own.begin(), own.end());
    transport.broadcast(bytes);
    if (transport.rank() != 0) {
        files = scenario::InputFiles::from_bytes(std::string(bytes.begin(), bytes.end()));
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
