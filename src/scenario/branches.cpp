#include "scenario/branches.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "regatta/control/registry.hpp"
#include "scenario/decode.hpp"
#include "scenario/differences.hpp"
#include "scenario/gateway_policies.hpp"
#include "scenario/overrides.hpp"
#include "scenario/quantity.hpp"

namespace regatta::scenario {

namespace {

constexpr const char* kBranches = "branches";
// Each is a scenario of its own to check and to keep.
constexpr std::size_t kMostBranches = 100;

Reading reading_of(SimTime at, const std::vector<Difference>& changes) {
    Reading branch;
    branch.values.set("at", at);
    for (const Difference& change : changes) {
        Reading& one = branch.lists["set"].emplace_back();
        one.values.set("change", change.path + "=" + change.text);
    }
    return branch;
}

std::string names_of(serving::LoadSet loads) {
    std::vector<std::string> names;
    for (const serving::Load load : serving::kAllLoads)
        if (loads.has(load)) names.emplace_back(name_of(load));
    return names.empty() ? "nothing" : join(names);
}

}  // namespace

std::vector<WrittenBranch> take_branches(Node& document, Reading& reading, const std::vector<Branch>& added,
                                         Problems& problems) {
    std::vector<WrittenBranch> branches;
    for (const Reading& one : reading.lists[kBranches]) {
        if (!one.is_sound) continue;
        WrittenBranch& branch = branches.emplace_back(
            WrittenBranch{.at = one.values.duration("at"), .place = one.place_of("at"), .changes = {}});
        for (const Reading& change : one.lists.at("set"))
            branch.changes.push_back({.text = change.values.word("change"), .place = change.place_of("change")});
    }
    for (const Branch& one : added) {
        WrittenBranch branch{.at = one.at, .place = {}, .changes = {}};
        for (std::size_t i = 0; i < one.overrides.size(); ++i)
            branch.changes.push_back({.text = one.overrides[i],
                                      .place = {problems.add_source(name_of_override(i, one.overrides[i])), 0, 0}});
        if (branch.changes.empty()) continue;
        branch.place = branch.changes.front().place;
        branches.push_back(std::move(branch));
    }
    if (branches.size() > kMostBranches) {
        problems.add(branches[kMostBranches].place, kBranches,
                     fmt::format("expected at most {}, found {}", kMostBranches, branches.size()));
        branches.clear();
    }
    reading.lists[kBranches].clear();
    document.remove(kBranches);
    return branches;
}

Brancher::Brancher(const Setup& setup, Node document, Reading written, Reading reading, Scenario scenario)
    : setup_(setup), document_(std::move(document)), written_(std::move(written)), reading_(std::move(reading)) {
    stages_.push_back(std::move(scenario));
}

void Brancher::add(const WrittenBranch& branch) {
    Problems& problems = setup_.problems;
    if (stages_.back().compat == Compat::Scratchpad)
        problems.add(branch.place, kBranches, "under compat: scratchpad nothing can change while a fleet runs");
    if (branch.at < stages_.back().from)
        problems.add(branch.place, kBranches,
                     fmt::format("{} is before the branch at {}; expected them in order of time",
                                 write_duration(branch.at), write_duration(stages_.back().from)));
    problems.throw_if_any();
    for (const WrittenBranch::Change& change : branch.changes)
        apply_override(change.text, change.place, document_, problems);
    Reading reading = read_document(document_, setup_.schema, problems);
    problems.throw_if_any();
    refuse_fixed(reading);
    problems.throw_if_any();
    written_ = reading;
    Scenario scenario = setup_.assemble(reading);
    problems.throw_if_any();
    const std::vector<Difference> all = differences(reading_, reading, setup_.schema);
    std::vector<Difference> changes;
    std::copy_if(all.begin(), all.end(), std::back_inserter(changes),
                 [](const Difference& change) { return change.is_changeable; });
    if (changes.empty()) return;
    check(reading, scenario, branch.at);
    problems.throw_if_any();
    readings_.push_back(reading_of(branch.at, changes));
    reading_ = std::move(reading);
    scenario.from = branch.at;
    stages_.push_back(std::move(scenario));
}

Scenario Brancher::scenario() && {
    Scenario last = std::move(stages_.back());
    stages_.pop_back();
    // Times of steps do not change, and may hold much.
    for (Scenario& before : stages_)
        for (Pool& pool : before.pools)
            pool.step_time.reset();
    last.before = std::move(stages_);
    return last;
}

void Brancher::refuse_fixed(const Reading& written) {
    for (const Difference& difference : differences(written_, written, setup_.schema)) {
        if (difference.is_changeable) continue;
        setup_.problems.add(difference.place, difference.path,
                            fmt::format("cannot change while a fleet runs; a branch may change: {}",
                                        join(changeable_paths(setup_.schema))));
    }
}

/// What looks at how it was before, or at the instant.
void Brancher::check(const Reading& reading, const Scenario& scenario, SimTime at) {
    check_times(reading, scenario, at);
    check_streams(reading, scenario);
    check_gateways(reading, scenario);
    check_autoscalers(reading, scenario);
}

void Brancher::check_times(const Reading& reading, const Scenario& scenario, SimTime at) {
    const Scenario& before = stages_.back();
    if (!scenario.duration || *scenario.duration >= at) return;
    const std::string duration = write_duration(*scenario.duration);
    if (scenario.duration != before.duration)
        setup_.problems.add(
            reading.place_of("duration"), "duration",
            fmt::format("{0} is over before the branch at {1}; expected at least {1}", duration, write_duration(at)));
    else if (scenario.ends_at_duration)
        setup_.problems.add(reading.place_of("end"), "end",
                            fmt::format("at_duration, but the duration of {} is over before the branch at {}; expected "
                                        "drain, or a longer duration",
                                        duration, write_duration(at)));
}

void Brancher::check_streams(const Reading& reading, const Scenario& scenario) {
    const Reading& workload = reading.maps.at("workload");
    const std::vector<Reading>& readings = workload.lists.at("streams");
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        const Stream& stream = scenario.streams[i];
        const Stream& before = stages_.back().streams[i];
        const Reading& own = i < readings.size() ? readings[i] : workload;
        if (stream.arrivals.name != before.arrivals.name)
            setup_.problems.add(own.place_of("arrivals"), own.path_of("arrivals"),
                                fmt::format("from {} to {}: the process cannot change while a fleet runs; its rate and "
                                            "its parameters may",
                                            before.arrivals.name, stream.arrivals.name));
        const Reading& of_limit = own.given.count("limit") > 0 ? own : workload;
        if (stream.limit != before.limit && stream.trace)
            setup_.problems.add(of_limit.place_of("limit"), of_limit.path_of("limit"),
                                fmt::format("stream \"{}\" is a trace, whose limit cannot change while a fleet runs; a "
                                            "duration ends it, too",
                                            stream.name));
    }
}

/// The state that was saved has the loads that were looked at from the start, and no others.
void Brancher::check_gateways(const Reading& reading, const Scenario& scenario) {
    const serving::LoadSet kept = loads_looked_at(stages_.front(), setup_.registries);
    const auto check = [&](const PolicyReading& policy, serving::LoadSet loads) {
        serving::LoadSet both = kept;
        both |= loads;
        if (both == kept) return;
        setup_.problems.add(policy.place, policy.path,
                            fmt::format("{} looks at: {}; the run so far has kept: {}. Expected a policy that looks at "
                                        "no more",
                                        policy.name, names_of(loads), names_of(kept)));
    };
    const Reading& gateways = reading.maps.at("gateways");
    serving::LoadSet of_router;
    for (const Stream& stream : scenario.streams)
        of_router |= make_router(scenario, setup_.registries, stream.pools, 0)->looks_at();
    check(gateways.policies.at("router"), of_router);
    const std::vector<PolicyReading>& rules = gateways.policy_lists.at("admission");
    for (std::size_t i = 0; i < rules.size(); ++i)
        check(rules[i], make_admission(scenario, setup_.registries, scenario.gateways.admissions[i])->looks_at());
}

/// A controller hears what the first policy looked at.
void Brancher::check_autoscalers(const Reading& reading, const Scenario& scenario) {
    const std::vector<Reading>& pools = reading.maps.at("fleet").lists.at("pools");
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        const auto& autoscale = scenario.pools[i].autoscale;
        const auto& first = stages_.front().pools[i].autoscale;
        const auto tell = [&](const std::string& what) {
            setup_.problems.add(pools[i].place_of("autoscale"), pools[i].path_of("autoscale"), what);
        };
        if (autoscale.has_value() != first.has_value()) {
            tell(first ? "none: a pool that is scaled stays so while a fleet runs; min and max may change"
                       : "the pool is not scaled so far, and that cannot begin while a fleet runs");
            continue;
        }
        if (!autoscale) continue;
        const auto watch_of = [&](const PolicyChoice& policy) {
            const auto* entry = setup_.registries.autoscalers.find(policy.name);
            return entry->make({.seed = scenario.seed}, policy.parameters)->looks_at();
        };
        const control::PoolWatch looks = watch_of(autoscale->policy);
        const control::PoolWatch kept = watch_of(first->policy);
        // Who scales looks at requests in any case.
        if ((looks.kv_blocks && !kept.kv_blocks) || (looks.attainment && !kept.attainment))
            tell(fmt::format("{} looks at {}, of which the controller has not heard so far", autoscale->policy.name,
                             looks.kv_blocks ? "KV blocks" : "whether targets are met"));
    }
}

}  // namespace regatta::scenario
