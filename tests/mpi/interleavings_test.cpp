// Whatever the ranks of a run are given to do, however they lie behind each other and in whatever order their messages
// come: one answer per scenario. Whole runs of shipped scenarios, with ranks as threads behind a transport that delays,
// or behind the program's own over an MPI that delays.
//
// REGATTA_COMBINATIONS=N tries N combinations in all in place of some per scenario. A failure names its seed:
// REGATTA_TEST_SEED=SEED REGATTA_COMBINATIONS=1 ... --gtest_filter=*SCENARIO tries that one alone.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/run_command.hpp"
#include "delaying_mpi.hpp"
#include "delaying_transport.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/transport/in_process.hpp"
#include "regatta/transport/session.hpp"

namespace regatta::app {
namespace {

using serving::FleetEvent;
using Overrides = std::vector<std::string>;

/// A shipped scenario, cut down so that a run takes some ten milliseconds: few requests, and few windows, for each
/// takes letters between all ranks.
struct Shipped {
    std::string name;  ///< of the test
    std::string file;
    Overrides overrides;
    std::vector<FleetEvent> events = {};  ///< that it must have, to be worth its name
};

const std::array kShipped = {
    Shipped{"Quickstart", "quickstart.yaml", {"duration=2s", "measure.from=0s", "network.gateway_to_node=2ms"}},
    Shipped{"QuickstartShortOfKvCache",
            "quickstart.yaml",
            {"duration=2s", "measure.from=0s", "fleet.pools[0].kv_blocks=200", "gateways.reports={every: 20ms}",
             "end=at_duration"}},
    Shipped{"Trace",
            "azure-conversation.yaml",
            {"workload.trace=TRACE", "fleet.pools[0].nodes=5", "gateways.count=4", "network.gateway_to_node=5ms"}},
    Shipped{"TwoPools",
            "two-pools.yaml",
            {"duration=2s", "measure.from=0s", "network.gateway_to_node=3ms", "fleet.pools[1].gateway_latency=4ms",
             "gateways.count=4", "workload.streams[1].arrivals=all_at_once", "workload.streams[1].limit=150"}},
    Shipped{"DailyRhythm",
            "daily-rhythm.yaml",
            {"duration=2min",
             "workload.streams[0].arrivals.rate={daily: {mean: 4/s, peak: 10/s, period: 2min, "
             "peak_at: 1min}}",
             "fleet.pools[0].autoscale={policy: outstanding, target: 2, min: 2, down_after: 20s}",
             "gateways.reports={every: 2s}", "network.gateway_to_node=100ms"},
            {FleetEvent::Loading, FleetEvent::ScaleUp}},
    Shipped{"Failures",
            "failures.yaml",
            {"duration=40s", "workload.streams[0].arrivals.rate=20/s", "fleet.failures.gpu.mtbf=1h",
             "fleet.failures.gpu.mttr=5s", "fleet.failures.node.mtbf=3min", "fleet.failures.node.mttr=10s",
             "fleet.failures.rack.mtbf=40s", "fleet.failures.rack.mttr=8s", "gateways.reports={every: 1s}",
             "network.gateway_to_node=50ms", "fleet.failures.script=[{at: 10s, for: 8s, pool: chat, node: 0}]"},
            {FleetEvent::Lost, FleetEvent::GpuDown, FleetEvent::NodeDown, FleetEvent::RackDown}},
    Shipped{"RollingUpdate",
            "rolling-update.yaml",
            {"duration=1min", "fleet.pools[0].nodes=8", "workload.streams[0].arrivals.rate=6/s",
             "fleet.maintenance=[{at: 5s, pool: chat, duration: 4s, max_unavailable: 4}]",
             "gateways.reports={every: 1s}", "network.gateway_to_node=50ms"},
            {FleetEvent::Draining, FleetEvent::Updating}},
    Shipped{"TwoModels",
            "two-models.yaml",
            {"duration=40s", "fleet.reprovision={policy: demand, factor: 2, requests_per_replica: 4}",
             "fleet.controller.period=1s", "gateways.reports={every: 1s}", "workload.streams[0].arrivals.rate=10/s",
             "network.gateway_to_node=50ms", "workload.streams[1].arrivals.rate={ramp: [[0s, 1/s], [20s, 16/s]]}"},
            {FleetEvent::Reprovision}},
    Shipped{"HundredThousandGpus",
            "hundred-thousand-gpus.yaml",
            {"duration=2s", "fleet.pools[0].nodes=60", "workload.streams[0].arrivals.rate=200/s", "gateways.count=5"}},
    Shipped{"HundredThousandGpusToldOfEachCompletion",
            "hundred-thousand-gpus.yaml",
            {"duration=2s", "fleet.pools[0].nodes=40", "workload.streams[0].arrivals.rate=150/s", "gateways.count=3",
             "gateways.reports=on_completion", "network.gateway_to_node=5ms"}},
};

std::string source_directory() {
    const char* directory = std::getenv("REGATTA_SOURCE_DIR");
    return directory == nullptr ? "." : directory;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

/// One rank's connection, for the length of a run.
class GivenTransport final : public transport::Session {
public:
    explicit GivenTransport(engine::Transport& transport) : transport_(transport) {}
    [[nodiscard]] engine::Transport& transport() override { return transport_; }
    [[nodiscard]] engine::Transport& split(std::uint32_t /*group*/) override {
        throw std::logic_error("one run needs all ranks");
    }
    void close() override {}
    [[noreturn]] void abort(int /*exit_code*/) override { throw std::logic_error("a rank wants to end all others"); }

private:
    engine::Transport& transport_;
};

/// How a scenario is run: all of it follows from a seed.
struct Combination {
    std::uint64_t seed = 0;
    std::uint64_t delays = 0;  ///< their seed
    std::uint32_t ranks = 1;
    std::string partition;
    std::string bound;
    std::string exchange;
    bool is_over_mpi = false;  ///< MpiTransport over an MPI that delays; else a transport that does
};

template <class Choices>
auto chosen_from(const Choices& choices, std::mt19937_64& random) {
    return choices[random() % std::size(choices)];
}

/// Another one for each scenario.
Combination combination_of(std::uint64_t seed, std::size_t scenario) {
    std::mt19937_64 random(seed * kShipped.size() + scenario);
    return {.seed = seed,
            .delays = random(),
            .ranks = chosen_from(std::array{1U, 2U, 2U, 3U, 3U, 4U, 4U, 8U}, random),
            .partition = chosen_from(std::array{"by_load", "round_robin", "random"}, random),
            .bound = chosen_from(std::array{"plain", "promises"}, random),
            .exchange = chosen_from(
                std::array{"pairs", "pairs", "pairs", "collective", "collective", "collective", "auto"}, random),
            .is_over_mpi = random() % 2 == 0};
}

std::string to_text(const Combination& combination) {
    return fmt::format("seed {}: {} ranks, partition {}, bound {}, exchange {}, {}", combination.seed,
                       combination.ranks, combination.partition, combination.bound, combination.exchange,
                       combination.is_over_mpi ? "over MPI" : "over letters");
}

/// Each island to any rank.
engine::Partition partition_at_random(const engine::Model& model, std::uint32_t ranks, std::uint64_t seed) {
    // On as many ranks as there are processes no two islands share one.
    const engine::Partition islands =
        engine::partition_round_robin(model, static_cast<std::uint32_t>(model.process_count()));
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> rank_of_island(model.process_count());
    for (std::uint32_t& rank : rank_of_island)
        rank = static_cast<std::uint32_t>(random() % ranks);
    engine::Partition partition;
    partition.ranks = ranks;
    for (const std::uint32_t island : islands.rank_of)
        partition.rank_of.push_back(rank_of_island[island]);
    return partition;
}

engine::Partition partition_for(const Combination& combination, const engine::Model& model) {
    if (combination.partition == "by_load") return engine::partition_by_load(model, combination.ranks);
    if (combination.partition == "round_robin") return engine::partition_round_robin(model, combination.ranks);
    return partition_at_random(model, combination.ranks, combination.delays);
}

class Interleavings : public ::testing::TestWithParam<std::size_t> {
protected:
    static const Shipped& shipped() { return kShipped[GetParam()]; }

    void SetUp() override {
        directory_ = fmt::format("{}regatta-interleavings-{}", ::testing::TempDir(), ::getpid());
        std::filesystem::create_directory(directory_);
        std::ofstream trace(directory_ + "/trace.csv");
        trace << "arrival_s,input_tokens,output_tokens\n";
        // Many at one instant, which is one instant at their replicas, too.
        for (int i = 0; i < 180; ++i)
            trace << fmt::format("{:.6f},{},{}\n", i / 15 * 0.2371, 1 + i * 397 % 2900, 1 + i * 31 % 190);
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    /// One rank's run.
    RunResult run(engine::Transport& transport, const Combination& combination) const {
        RunArguments arguments;
        arguments.scenario.scenario = source_directory() + "/configs/" + shipped().file;
        for (std::string override : shipped().overrides) {
            if (override == "workload.trace=TRACE") override = "workload.trace=" + directory_ + "/trace.csv";
            arguments.scenario.overrides.push_back(override);
        }
        arguments.scenario.overrides.push_back("engine.bound=" + combination.bound);
        arguments.scenario.overrides.push_back("engine.exchange=" + combination.exchange);
        arguments.output = directory_ + "/run";
        arguments.is_quiet = true;
        GivenTransport session(transport);
        return run_once(arguments, {.catalogue_directory = source_directory() + "/configs/catalogue",
                                    .registries = registries_,
                                    .session = session,
                                    .partitioner = [&](const engine::Model& model, std::uint32_t /*ranks*/) {
                                        return partition_for(combination, model);
                                    }});
    }

    std::string digest_of(const RunResult& result) const {
        std::filesystem::remove_all(directory_ + "/run");
        return result.outcome ? result.outcome->digest.to_hex() : fmt::format("exit code {}", result.exit_code);
    }

    std::string directory_;
    scenario::Registries registries_;
};

TEST_P(Interleavings, GiveOneAnswer) {
    transport::InProcessTransport alone;
    const RunResult reference = run(alone, {.partition = "by_load", .bound = "promises", .exchange = "pairs"});
    const std::string wanted = digest_of(reference);
    ASSERT_TRUE(reference.outcome) << wanted;
    ASSERT_GT(reference.outcome->summary.all.finished, 20);
    for (const FleetEvent event : shipped().events)
        EXPECT_GT(reference.outcome->sums.changes().of(event).count, 0) << "event " << static_cast<int>(event);
    const std::uint64_t first = number_from("REGATTA_TEST_SEED", 1);
    const std::uint64_t all = number_from("REGATTA_COMBINATIONS", 12 * kShipped.size());
    engine::test::DelayReport delays;
    for (std::uint64_t seed = first; seed < first + (all + kShipped.size() - 1) / kShipped.size(); ++seed) {
        const Combination combination = combination_of(seed, GetParam());
        RunResult result;
        try {
            const auto run_on_delayed_ranks =
                combination.is_over_mpi ? transport::test::run_on_delayed_mpi : engine::test::run_on_delayed_ranks;
            const engine::test::DelayReport report =
                run_on_delayed_ranks(combination.ranks, combination.delays, [&](engine::Transport& transport) {
                    RunResult own = run(transport, combination);
                    if (transport.rank() == 0) result = std::move(own);
                });
            delays.letters += report.letters;
            delays.overtaking += report.overtaking;
        } catch (const std::exception& error) {
            FAIL() << shipped().file << ", " << to_text(combination) << ": " << error.what();
        }
        ASSERT_EQ(digest_of(result), wanted) << shipped().file << ", " << to_text(combination);
    }
    EXPECT_TRUE(delays.overtaking > delays.letters / 10 || all <= kShipped.size());
}

INSTANTIATE_TEST_SUITE_P(Shipped, Interleavings, ::testing::Range(std::size_t{0}, kShipped.size()),
                         [](const auto& shipped) { return kShipped[shipped.param].name; });

}  // namespace
}  // namespace regatta::app
