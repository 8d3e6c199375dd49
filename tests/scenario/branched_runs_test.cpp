// A run that goes on from a saved state with other terms gives what a run of the branched scenario gives from scratch,
// whatever the ranks, and nothing before the branch is another for it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "recording_sink.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"
#include "run_in_parts.hpp"
#include "scenario/build_fleet.hpp"
#include "scenario/load.hpp"
#include "shipped.hpp"
#include "thread_transport.hpp"

namespace regatta::scenario {
namespace {

using serving::RecordingSink;
using Rows = std::vector<std::string>;

/// A shipped scenario, cut down, and what changes at instants that are drawn.
struct Case {
    std::string name;
    std::string file;
    std::vector<std::string> overrides;
    std::vector<std::vector<std::string>> branches;
    double least_s = 0;  ///< where branches may lie
    double most_s = 0;
    bool has_events = false;  ///< what fails or is scaled must show
};

const std::vector<Case> kCases = {
    {"Rates",
     "quickstart.yaml",
     {"duration=4s", "measure.from=0s", "network.gateway_to_node=2ms", "workload.streams[0].arrivals.rate=30/s"},
     {{"workload.streams[0].arrivals.rate=80/s"},
      {"workload.streams[0].arrivals.rate={steps: [[0s, 10/s], [3s, 90/s]]}"},
      {"workload.streams[0].arrivals.rate=20/s", "duration=5s"}},
     0.5,
     3.5},
    {"SeveralStreamsAndRules",
     "two-pools.yaml",
     {"duration=3s", "measure.from=0s", "network.gateway_to_node=3ms", "fleet.pools[1].gateway_latency=4ms",
      "gateways.admission[1].requests=8/s", "gateways.admission[1].burst=4"},
     {{"workload.streams[1].arrivals={process: gamma, cv: 1.5, rate: 60/s}",
       "gateways.admission=[{policy: rate_limit, class: batch, requests: 8/s, burst: 4}, {policy: rate_limit, "
       "class: chat, requests: 40/s, burst: 4}]"},
      {"gateways.router={policy: power_of_d, d: 3, load: outstanding}", "workload.streams[0].limit=150"},
      {"gateways.router=random", "gateways.admission=none", "workload.streams[0].limit=190"}},
     0.5,
     2.5},
    {"ToldOfLoads",
     "quickstart.yaml",
     {"duration=3s", "measure.from=0s", "fleet.pools[0].kv_blocks=400", "gateways.reports={every: 20ms}",
      "end=at_duration", "workload.streams[0].arrivals={process: constant, rate: 37/s}"},
     {{"gateways.router=round_robin", "workload.streams[0].arrivals.rate=61/s"},
      {"gateways.router=least_outstanding", "end=drain"}},
     0.2,
     2.8},
    {"Failures",
     "failures.yaml",
     {"duration=40s", "workload.streams[0].arrivals.rate=20/s", "fleet.failures.gpu.mtbf=1h",
      "fleet.failures.gpu.mttr=5s", "fleet.failures.node.mtbf=3min", "fleet.failures.node.mttr=10s",
      "fleet.failures.rack.mtbf=40s", "fleet.failures.rack.mttr=8s", "gateways.reports={every: 1s}",
      "network.gateway_to_node=50ms", "fleet.failures.script=[{at: 10s, for: 8s, pool: chat, node: 0}]"},
     {{"fleet.failures.gpu.mtbf=10min", "fleet.failures.node.shape=0.7", "fleet.failures.node.repair_shape=2"},
      {"fleet.failures.rack.mtbf=20s", "fleet.failures.rack.mttr=20s", "duration=50s"}},
     5,
     35,
     true},
    {"Scaling",
     "daily-rhythm.yaml",
     {"duration=2min",
      "workload.streams[0].arrivals.rate={daily: {mean: 4/s, peak: 10/s, period: 2min, peak_at: 1min}}",
      "fleet.pools[0].autoscale={policy: outstanding, target: 2, min: 2, down_after: 20s}",
      "gateways.reports={every: 2s}", "network.gateway_to_node=100ms"},
     {{"fleet.pools[0].autoscale={policy: outstanding, target: 1, min: 3, down_after: 10s, up_after: 10s}"},
      {"workload.streams[0].arrivals.rate=9/s", "fleet.pools[0].autoscale.max=3"}},
     10,
     110,
     true},
    // The duration of the first is over when it branches, while requests still run.
    {"LongerThanItWas",
     "azure-conversation.yaml",
     {"workload.trace=TRACE", "fleet.pools[0].nodes=1", "gateways.count=3", "network.gateway_to_node=5ms",
      "duration=1s"},
     {{"duration=2500ms"}},
     1.2,
     1.6},
};

class BranchedRuns : public ::testing::TestWithParam<std::size_t> {
protected:
    static const Case& tried() { return kCases[GetParam()]; }

    void SetUp() override {
        trace_ = fmt::format("{}regatta-branches-{}.csv", ::testing::TempDir(), ::getpid());
        std::ofstream trace(trace_);
        trace << "arrival_s,input_tokens,output_tokens\n";
        for (int i = 0; i < 150; ++i)
            trace << fmt::format("{:.6f},{},{}\n", i / 3 * 0.0713, 1 + i * 397 % 2900, 100 + i * 31 % 190);
    }
    void TearDown() override { ::unlink(trace_.c_str()); }

    [[nodiscard]] Scenario shipped() const {
        std::vector<std::string> overrides = tried().overrides;
        for (std::string& one : overrides)
            if (one == "workload.trace=TRACE") one = "workload.trace=" + trace_;
        return load(testing::read_source("configs/" + tried().file), overrides, {});
    }

    [[nodiscard]] static Scenario load(const std::string& text, const std::vector<std::string>& overrides,
                                       const std::vector<Branch>& branches) {
        InputFiles files;
        files.files["fleet.yaml"] = {true, text, ""};
        return load_scenario({"fleet.yaml", overrides, testing::source_directory() + "/configs/catalogue", branches},
                             Registries{}, files);
    }

    /// To `pause`, or to the end; from what was saved, where there is something. Adds what it tells to the rows.
    static engine::test::SavedParts run(const std::string& text, std::uint32_t ranks, SimTime pause,
                                        const engine::test::SavedParts& saved, Rows& rows) {
        engine::test::SavedParts parts(ranks);
        std::vector<RecordingSink> sinks(ranks);
        const Registries registries;
        engine::test::run_on_ranks(ranks, [&](engine::Transport& transport) {
            const Scenario scenario = load(text, {}, {});
            Fleet fleet(scenario, registries, sinks[transport.rank()]);
            engine::Simulation simulation(fleet.model(), engine::partition_round_robin(fleet.model(), ranks),
                                          transport);
            if (!saved.empty()) engine::test::load_parts(simulation, saved);
            const SimTime until = scenario.ends_at_duration ? scenario.duration.value() : SimTime::never();
            const engine::RunReport report = simulation.run({.until = until, .observer = {}, .pause = pause});
            if (report.paused_for == engine::Wish::None)
                simulation.finish(report.end);
            else
                parts[transport.rank()] = simulation.save();
        });
        for (const RecordingSink& sink : sinks)
            add_rows(sink, rows);
        return parts;
    }

    static void add_rows(const RecordingSink& sink, Rows& rows) {
        for (const serving::RequestRecord& r : sink.requests)
            rows.push_back(fmt::format("request {} {} {} {} {} {} {} {} {} {} {} {} {}", r.request_id, r.arrival_ns,
                                       r.received_ns, r.scheduled_ns, r.first_token_ns, r.end_ns, r.prompt_tokens,
                                       r.output_tokens, r.replica, r.gateway, static_cast<int>(r.state),
                                       static_cast<int>(r.reason), r.retries));
        for (const serving::FleetEventRecord& r : sink.events)
            rows.push_back(fmt::format("event {} {} {} {} {} {} {} {} {}", r.start_ns, r.end_ns, r.amount, r.node,
                                       r.replica, r.gpu, r.pool, static_cast<int>(r.kind), static_cast<int>(r.cause)));
        for (const serving::ReplicaRecord& r : sink.replicas)
            rows.push_back(fmt::format("replica {} {} {} {} {} {}", r.replica, r.steps, r.busy_ns, r.prefill_tokens,
                                       r.decode_tokens, r.finished));
        for (const RecordingSink::Sample& s : sink.samples)
            rows.push_back(fmt::format("sample {} {} {} {} {} {}", s.pool.value(), s.node.value(), s.at.ns(),
                                       s.state.waiting, s.state.running, s.state.kv_blocks_used));
    }

    static Rows sorted(Rows rows) {
        std::sort(rows.begin(), rows.end());
        return rows;
    }

    std::string trace_;
};

/// Rises; whole milliseconds half of the time, where samples and reports come, too.
std::vector<SimTime> drawn_instants(const Case& tried, std::mt19937_64& random) {
    std::vector<SimTime> instants;
    for (std::size_t i = 0; i < tried.branches.size(); ++i) {
        const double part = static_cast<double>(random() % 1'000'000) / 1e6;
        const SimTime at = SimTime::from_seconds(tried.least_s + part * (tried.most_s - tried.least_s));
        instants.push_back(random() % 2 == 0 ? at : SimTime::from_ms(at.ns() / 1'000'000));
    }
    std::sort(instants.begin(), instants.end());
    return instants;
}

TEST_P(BranchedRuns, GiveWhatTheBranchedScenarioGivesFromScratch) {
    constexpr std::uint64_t kTries = 3;
    for (std::uint64_t seed = 1; seed <= kTries; ++seed) {
        std::mt19937_64 random(seed);
        const std::vector<SimTime> instants = drawn_instants(tried(), random);
        SCOPED_TRACE(fmt::format("{}, seed {}, first branch at {} ns", tried().name, seed, instants.front().ns()));
        std::string text = shipped().resolved_text;
        Rows whole;
        run(text, 1, SimTime::never(), {}, whole);
        Rows rows;
        engine::test::SavedParts saved;
        for (std::size_t i = 0; i < instants.size(); ++i) {
            saved = run(text, 1 + static_cast<std::uint32_t>(random() % 3), instants[i], saved, rows);
            ASSERT_FALSE(saved.front().empty()) << "over before branch " << i;
            text = load(text, {}, {{.at = instants[i], .overrides = tried().branches[i]}}).resolved_text;
        }
        run(text, 1 + static_cast<std::uint32_t>(random() % 3), SimTime::never(), saved, rows);
        Rows from_scratch;
        run(text, 2, SimTime::never(), {}, from_scratch);
        EXPECT_EQ(sorted(rows), sorted(from_scratch));
        EXPECT_NE(sorted(rows), sorted(whole)) << "nothing changed";
        const auto has_event = [](const std::string& row) { return row.rfind("event", 0) == 0; };
        EXPECT_TRUE(!tried().has_events || std::any_of(rows.begin(), rows.end(), has_event));
    }
}

// Each by itself: none is told and then forgotten.
TEST_P(BranchedRuns, ShowWhatTheyChange) {
    const std::string text = shipped().resolved_text;
    Rows whole;
    run(text, 1, SimTime::never(), {}, whole);
    for (const std::vector<std::string>& branch : tried().branches) {
        for (const std::string& change : branch) {
            const Scenario scenario =
                load(text, {}, {{.at = SimTime::from_seconds(tried().least_s), .overrides = {change}}});
            if (scenario.before.empty()) continue;
            Rows rows;
            run(scenario.resolved_text, 1, SimTime::never(), {}, rows);
            EXPECT_NE(sorted(rows), sorted(whole)) << change;
        }
    }
}

// What was said again in other words changes nothing.
TEST_P(BranchedRuns, WithTheSameValuesAreTheSameRun) {
    const Scenario scenario = shipped();
    const Scenario again = load(scenario.resolved_text, {},
                                {{.at = SimTime::from_seconds(tried().least_s),
                                  .overrides = {"duration=" + fmt::format("{}ns", scenario.duration->ns()),
                                                "gateways.router.policy=" + scenario.gateways.router.name}}});
    EXPECT_EQ(again.resolved_text, scenario.resolved_text);
    EXPECT_TRUE(again.before.empty());
}

INSTANTIATE_TEST_SUITE_P(Cases, BranchedRuns, ::testing::Range(std::size_t{0}, kCases.size()),
                         [](const auto& tried) { return kCases[tried.param].name; });

}  // namespace
}  // namespace regatta::scenario
