#include "scenario/assembly.hpp"

#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "regatta/routing/admission.hpp"
#include "regatta/routing/router.hpp"
#include "scenario/assembly_scratchpad.hpp"
#include "scenario/quantity.hpp"
#include "scenario/router_target.hpp"
#include "scenario/scratchpad_refusals.hpp"

namespace regatta::scenario {

Assembly::Assembly(Reading& root, const Registries& registries, std::string scenario_path,
                   std::string catalogue_directory, InputFiles& files, Problems& problems)
    : root_(root),
      registries_(registries),
      scenario_path_(std::move(scenario_path)),
      files_(files),
      problems_(problems),
      catalogue_(std::move(catalogue_directory), files, problems) {}

Scenario Assembly::assemble() {
    assemble_general();
    add_catalogues();
    if (scenario_.compat == Compat::Scratchpad) {
        const auto located = [this](const std::string& path, const Place& place) { return locate(path, place); };
        assemble_scratchpad({root_, files_, problems_, catalogue_, located, scenario_});
        check_times();
        return std::move(scenario_);
    }
    refuse_scratchpad_keys(root_, problems_);
    assemble_servers();
    assemble_pools();
    assemble_changes();
    check_hardware();
    assemble_workload();
    assemble_admission();
    assemble_routing();
    check_times();
    return std::move(scenario_);
}

void Assembly::assemble_general() {
    const Parameters& values = root_.values;
    if (values.has("compat") && values.word("compat") == "vidur") scenario_.compat = Compat::Vidur;
    if (values.has("compat") && values.word("compat") == "scratchpad") scenario_.compat = Compat::Scratchpad;
    if (values.has("name")) scenario_.name = values.word("name");
    if (values.has("duration")) scenario_.duration = values.duration("duration");
    if (values.has("seed")) scenario_.seed = static_cast<std::uint64_t>(values.count("seed"));
    if (values.has("end")) scenario_.ends_at_duration = values.word("end") == "at_duration";
    const Reading& gateways = root_.maps["gateways"];
    if (gateways.is_sound) {
        scenario_.gateways.count = static_cast<std::uint32_t>(gateways.values.count("count"));
        scenario_.gateways.router = choice_of(gateways.policies.at("router"));
        const PolicyReading& reports = gateways.policies.at("reports");
        scenario_.gateways.see_instant = reports.name == "instant";
        if (reports.parameters.has("period")) scenario_.gateways.report_every = reports.parameters.duration("period");
    }
    const Reading& network = root_.maps["network"];
    if (network.is_sound) scenario_.node_to_node_latency = network.values.duration("node_to_node");
    const Reading& measure = root_.maps["measure"];
    if (measure.is_sound) scenario_.measure_from = measure.values.duration("from");
    const Reading& energy = root_.maps["energy"];
    if (energy.is_sound) {
        if (energy.has("grid_intensity")) scenario_.energy.grid_g_per_kwh = energy.values.real("grid_intensity");
        scenario_.energy.pue = energy.values.real("pue");
    }
    const Reading& engine = root_.maps["engine"];
    if (engine.is_sound && engine.values.word("stepping") == "stepwise")
        scenario_.stepping = serving::Stepping::Stepwise;
    if (engine.is_sound && engine.values.word("bound") == "plain") scenario_.bound = engine::Bound::Plain;
    if (engine.is_sound && engine.values.word("exchange") == "pairs") scenario_.exchange = engine::ExchangeWay::Pairs;
    if (engine.is_sound && engine.values.word("exchange") == "collective")
        scenario_.exchange = engine::ExchangeWay::Collective;
    const Reading& output = root_.maps["output"];
    if (output.is_sound) assemble_output(output);
}

void Assembly::assemble_output(const Reading& output) {
    if (output.has("series")) scenario_.series_every = output.values.duration("series");
    scenario_.has_node_series = output.values.word("series_by") == "node";
    if (scenario_.has_node_series && !scenario_.series_every)
        problems_.add(output.place_of("series_by"), output.path_of("series_by"),
                      "node needs a series; none is sampled");
    const auto found = output.maps.find("steps");
    if (found == output.maps.end() || !found->second.is_sound) return;
    const Reading& steps = found->second;
    scenario_.steps.replicas = std::numeric_limits<std::uint32_t>::max();
    if (steps.has("replicas")) scenario_.steps.replicas = static_cast<std::uint32_t>(steps.values.count("replicas"));
    scenario_.steps.from = steps.values.duration("from");
    scenario_.steps.sample = steps.values.real("sample");
    if (steps.has("to")) scenario_.steps.to = steps.values.duration("to");
    if (scenario_.steps.to <= scenario_.steps.from)
        problems_.add(steps.place_of("to"), steps.path_of("to"),
                      fmt::format("{} is not after output.steps.from, {}", write_duration(scenario_.steps.to),
                                  write_duration(scenario_.steps.from)));
}

/// Whether the rules can be made for the streams there are.
void Assembly::assemble_admission() {
    const Reading& gateways = root_.maps["gateways"];
    if (!gateways.is_sound) return;
    routing::AdmissionTarget target{.class_of_stream = {}, .gateways = scenario_.gateways.count};
    for (const Stream& stream : scenario_.streams) {
        if (stream.traffic_class.empty()) return;  // its own keys are wrong, and that was told
        target.class_of_stream.push_back(stream.traffic_class);
    }
    for (const PolicyReading& reading : gateways.policy_lists.at("admission")) {
        scenario_.gateways.admissions.push_back(choice_of(reading));
        const auto* admission = registries_.admissions.find(reading.name);
        with_place(reading, [&] { static_cast<void>(admission->make(target, reading.parameters)); });
    }
}

/// Whether gateways can learn what the router wants to know, and the router be made for the pools there are.
void Assembly::assemble_routing() {
    Reading& gateways = root_.maps["gateways"];
    if (!gateways.is_sound) return;
    const PolicyReading& reports = gateways.policies.at("reports");
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        if (!sound_pools_[i]) return;
        const bool is_apart = pool.gateway_latency > SimTime();
        if (scenario_.gateways.see_instant && is_apart) {
            problems_.add(reports.place, reports.path,
                          fmt::format("pool \"{}\" is {} away from the gateways, who cannot look at it; expected "
                                      "network.gateway_to_node: 0s, or other reports",
                                      pool.name, write_duration(pool.gateway_latency)));
            return;
        }
        if (scenario_.gateways.report_every && !is_apart) {
            problems_.add(reports.place, reports.path,
                          fmt::format("pool \"{}\" has no latency that a report could take; expected instant, or "
                                      "on_completion",
                                      pool.name));
            return;
        }
    }
    PolicyReading& reading = gateways.policies.at("router");
    const auto* router = registries_.routers.find(reading.name);
    REGATTA_CHECK(router != nullptr, "an unknown router passed the checks");
    if (!find_files(reading, router->parameters)) return;
    scenario_.gateways.router = choice_of(reading);
    for (const Parameter& parameter : router->parameters) {
        if (parameter.kind != ParameterKind::File || !reading.parameters.has(parameter.key)) continue;
        const std::string& path = reading.parameters.word(parameter.key);
        scenario_.gateways.router_files[path] = files_.open_data(path).text;
    }
    for (const Stream& stream : scenario_.streams) {
        if (stream.pools.empty()) continue;  // and that was told
        bool needs_instant = false;
        with_place(reading, [&] {
            const auto made = router->make(router_target(scenario_, stream.pools, 0), reading.parameters);
            needs_instant = made->needs_instant();
        });
        if (!needs_instant || scenario_.gateways.see_instant) continue;
        problems_.add(
            reading.place, reading.path,
            fmt::format("{} sees the replicas as they are; it needs gateways.reports: instant", reading.name));
        return;
    }
}

void Assembly::check_times() {
    const bool is_duration_wrong = root_.refused.count("duration") > 0;  // and that was told
    const Place& place = root_.place_of("duration");
    if (!scenario_.duration && scenario_.ends_at_duration && !is_duration_wrong)
        problems_.add(root_.place_of("end"), "end", "at_duration needs a duration; give one, or drain");
    if (!scenario_.duration && !is_duration_wrong && !scenario_.ends_at_duration) {
        for (const Stream& stream : scenario_.streams) {
            if (stream.limit || stream.trace || stream.recorded_arrivals) continue;
            problems_.add(
                place, "duration",
                fmt::format("missing; stream \"{}\" would never end: expected a duration, or a limit", stream.name));
            break;
        }
    }
    const Reading& measure = root_.maps["measure"];
    if (scenario_.duration && measure.is_sound && scenario_.measure_from >= *scenario_.duration)
        problems_.add(measure.place_of("from"), "measure.from",
                      fmt::format("{} leaves nothing to measure; expected less than the duration, {}",
                                  write_duration(scenario_.measure_from), write_duration(*scenario_.duration)));
}

std::string Assembly::locate(const std::string& path, const Place& place) const {
    // What the scenario file names lies beside it; what a --set names, where the user is.
    const bool is_in_scenario = place.source == 0;
    const std::filesystem::path given(path);
    if (given.is_absolute() || !is_in_scenario) return path;
    return (std::filesystem::path(scenario_path_).parent_path() / given).lexically_normal().string();
}

bool Assembly::find_files(PolicyReading& policy, const std::vector<Parameter>& declared) {
    const std::size_t before = problems_.size();
    for (const Parameter& parameter : declared) {
        if (parameter.kind != ParameterKind::File || !policy.parameters.has(parameter.key)) continue;
        const std::string& given = policy.parameters.word(parameter.key);
        const std::string path = files_.absolute(locate(given, policy.places.at(parameter.key)));
        if (const InputFiles::File& file = files_.open_data(path); !file.is_readable)
            problems_.add(policy.places.at(parameter.key), policy.paths.at(parameter.key),
                          fmt::format("cannot read \"{}\": {}", given, file.reason));
        policy.parameters.set(parameter.key, path);
    }
    return problems_.size() == before;
}

void Assembly::with_place(const PolicyReading& policy, const std::function<void()>& make) {
    try {
        make();
    } catch (const InputError& error) {
        // Policies begin each problem with the parameter it is about: "points[2]: expected ...".
        for (const std::string& problem : error.problems()) {
            const std::string key = problem.substr(0, problem.find_first_of("[:."));
            const std::size_t colon = problem.find(": ");
            const auto place = policy.places.find(key);
            const auto path = policy.paths.find(key);
            if (colon == key.size() && problem.compare(colon + 2, 8, "missing;") == 0) {
                problems_.add(policy.place, policy.path + "." + key, problem.substr(colon + 2));
                continue;
            }
            if (colon == std::string::npos || place == policy.places.end()) {
                problems_.add(policy.place, policy.path, problem);
                continue;
            }
            problems_.add(place->second, path->second + problem.substr(key.size(), colon - key.size()),
                          problem.substr(colon + 2));
        }
    }
}

Targets Assembly::targets_of(const Reading& targets, const Targets& otherwise) const {
    Targets result = otherwise;
    const auto take = [&](const char* key, std::optional<SimTime>& target) {
        if (targets.has(key))
            target = targets.values.duration(key);
        else if (targets.given.count(key) > 0)
            target.reset();  // `none`: not held to it
    };
    take("ttft", result.ttft);
    take("tpot", result.tpot);
    return result;
}

}  // namespace regatta::scenario
