#include "made_up_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>

#include "regatta/base/sketch.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;
using serving::EndState;
using serving::kNoTime;

constexpr std::int64_t kEndNs = 100'000'000'000;
constexpr std::uint32_t kReplicas = 6;  // even ones in pool 0, odd ones in pool 1

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    /// From 0 to `bound` - 1. Not std::uniform_int_distribution, which differs between libraries.
    template <class Number>
    Number below(Number bound) {
        return static_cast<Number>(engine_() % static_cast<std::uint64_t>(bound));
    }

private:
    std::mt19937_64 engine_;
};

serving::RequestRecord make_up_request(Dice& dice, std::uint64_t id) {
    serving::RequestRecord row;
    row.request_id = id;
    row.replica = dice.below(kReplicas);
    row.pool = static_cast<std::uint16_t>(row.replica % 2);
    row.stream = dice.below<std::uint16_t>(2);
    row.gateway = dice.below(3U);
    row.prompt_tokens = 1 + dice.below(4000U);
    row.requested_output_tokens = 1 + dice.below(500U);
    row.preemptions = dice.below(3U) / 2;
    row.arrival_ns = dice.below(kEndNs);
    const std::int64_t left_ns = kEndNs - row.arrival_ns;
    row.received_ns = row.arrival_ns + std::min<std::int64_t>(50'000, left_ns);
    row.scheduled_ns = row.received_ns + dice.below((kEndNs - row.received_ns) / 100 + 1);
    row.first_token_ns = row.scheduled_ns + dice.below((kEndNs - row.scheduled_ns) / 50 + 1);
    // A coarse grid, so that several requests end at the same instant and the id must decide.
    row.end_ns = std::min(
        kEndNs, (row.first_token_ns + dice.below((kEndNs - row.first_token_ns) / 4 + 1)) / 100'000'000 * 100'000'000 +
                    100'000'000);
    row.output_tokens = row.requested_output_tokens;
    row.state = static_cast<EndState>(std::max(0, dice.below(21) - 16));
    if (row.state == EndState::Finished && row.preemptions > 0) {
        row.preempted_before_token_ns = (row.first_token_ns - row.scheduled_ns) / 3;
        row.preempted_ns = row.preempted_before_token_ns + (row.end_ns - row.first_token_ns) / 4;
    }
    if (row.state == EndState::Finished) return row;
    row.output_tokens = 0;
    row.first_token_ns = kNoTime;
    if (row.state == EndState::Rejected) row.reason = serving::EndReason::TooLong;
    if (row.state == EndState::TimedOut)
        row.reason = dice.below(2) == 0 ? serving::EndReason::WaitedTooLong : serving::EndReason::ClientGone;
    if (row.state == EndState::Rejected || row.reason == serving::EndReason::WaitedTooLong) row.scheduled_ns = kNoTime;
    if (row.state == EndState::Unfinished) row.end_ns = kEndNs;
    return row;
}

serving::ReplicaRecord make_up_replica(Dice& dice, std::uint32_t replica) {
    serving::ReplicaRecord row;
    row.replica = replica;
    row.node = replica / 2;
    row.pool = replica % 2;
    row.gpus = row.pool == 0 ? 1 : 4;
    row.steps = dice.below<std::int64_t>(100'000);
    row.busy_ns = dice.below(kEndNs);
    row.prefill_tokens = dice.below<std::int64_t>(1'000'000);
    row.decode_tokens = dice.below<std::int64_t>(1'000'000);
    row.finished = dice.below<std::int64_t>(1'000);
    row.preemptions = dice.below<std::int64_t>(100);
    row.kv_blocks = 1'000 + replica;
    row.kv_blocks_peak = 1 + dice.below<std::int64_t>(1'000);
    row.sequences = dice.below<std::int64_t>(10'000'000);
    row.samples = dice.below<std::int64_t>(1'000'000);
    row.attended_tokens = dice.below<std::int64_t>(1'000'000'000);
    row.window_attended_tokens = dice.below<std::int64_t>(1'000'000'000);
    row.moved_kv_tokens = dice.below<std::int64_t>(1'000'000'000);
    row.window_moved_kv_tokens = dice.below<std::int64_t>(1'000'000'000);
    row.experts_read_1024 = dice.below<std::int64_t>(1'000'000'000);
    return row;
}

serving::StepRecord make_up_step(Dice& dice, std::uint32_t replica, std::int64_t start_ns) {
    const auto any_ns = [&dice] { return dice.below<std::int64_t>(1'000'000); };
    return {.start_ns = start_ns,
            .end_ns = start_ns + 1 + any_ns(),
            .replica = replica,
            .pool = replica % 2,
            .decodes = dice.below(100U),
            .prefills = dice.below(3U),
            .prefill_tokens = dice.below(2'048U),
            .samples = dice.below(100U),
            .decode_context_tokens = dice.below<std::int64_t>(100'000),
            .kv_blocks_used = dice.below<std::int64_t>(1'000),
            .projections_ns = any_ns(),
            .mlp_ns = any_ns(),
            .experts_ns = any_ns(),
            .attention_prefill_ns = any_ns(),
            .attention_decode_ns = any_ns(),
            .head_ns = any_ns(),
            .collectives_ns = any_ns(),
            .other_ns = any_ns(),
            .overhead_ns = any_ns()};
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
    static std::atomic<int> next = 0;
    path_ = fs::temp_directory_path() / ("regatta-test-" + std::to_string(::getpid()) + "-" + std::to_string(next++));
    fs::create_directories(path_);
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string ScratchDirectory::path(const std::string& name) const {
    return name.empty() ? path_.string() : (path_ / name).string();
}

std::vector<std::string> ScratchDirectory::names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

MadeUpRun make_up_run(std::uint64_t seed, std::size_t requests) {
    Dice dice(seed);
    MadeUpRun run;
    run.end = SimTime::from_ns(kEndNs);
    run.description = {.name = "made up",
                       .seed = seed,
                       .scenario_text = "name: made up\nduration: 100s\n",
                       .pools = {{.name = "chat",
                                  .gpu_flops_per_s = 1'000'000'000'000'000,
                                  .gpu_memory_bytes_per_s = 3'000'000'000'000,
                                  .work = {.flops_per_token = 16'000'000'000,
                                           .flops_per_sample = 1'000'000'000,
                                           .flops_per_attended = 500'000,
                                           .flops_per_window_attended = 100'000,
                                           .weight_bytes = 16'000'000'000,
                                           .expert_bytes = 1'000'000'000,
                                           .kv_bytes = 100'000,
                                           .window_kv_bytes = 30'000,
                                           .window_tokens = 4'096,
                                           .experts = 64,
                                           .experts_per_token = 4},
                                  .layers = 32,
                                  .gpu_idle_mw = 100'000,
                                  .gpu_memory_bound_mw = 300'000,
                                  .gpu_compute_bound_mw = 700'000,
                                  .gpu_price_uusd_per_h = 3'000'000},
                                 {.name = "code",
                                  .gpu_flops_per_s = 2'000'000'000'000'000,
                                  .gpu_memory_bytes_per_s = 5'000'000'000'000,
                                  .work = {.flops_per_token = 140'000'000'000, .weight_bytes = 140'000'000'000},
                                  .stages = 2,
                                  .layers = 80,
                                  .gpu_idle_mw = 140'000,
                                  .gpu_memory_bound_mw = 500'000,
                                  .gpu_compute_bound_mw = 1'000'000,
                                  .gpu_price_uusd_per_h = 8'000'000}},
                       .streams = {{.name = "people", .ttft_target = SimTime::from_ms(300), .tpot_target = {}},
                                   {.name = "machines",
                                    .ttft_target = SimTime::from_ms(500),
                                    .tpot_target = SimTime::from_ms(40),
                                    .model = "large-llm",
                                    .tenant = "acme",
                                    .traffic_class = "batch",
                                    .priority = -2}},
                       .series_every = SimTime::from_s(5),
                       .has_node_series = true,
                       .measure_from = SimTime::from_s(10),
                       .energy = {.grid_mg_per_kwh = 400'000, .pue_millionths = 1'200'000}};
    for (std::size_t i = 0; i < requests; ++i)
        run.requests.push_back(make_up_request(dice, 1'000 + 7 * i));
    for (std::uint32_t replica = 0; replica < kReplicas; ++replica)
        run.replicas.push_back(make_up_replica(dice, replica));
    for (const serving::ReplicaRecord& replica : run.replicas) {
        const std::int64_t small = dice.below(replica.steps + 1);
        const PoolId pool(static_cast<std::uint16_t>(replica.pool));
        if (small > 0) run.batches.push_back({.pool = pool, .sequences = 1 + dice.below(3), .steps = small});
        if (replica.steps > small)
            run.batches.push_back({.pool = pool, .sequences = 10 + dice.below(90), .steps = replica.steps - small});
    }
    for (int i = 0; i < 200; ++i)
        run.gaps.push_back({.pool = PoolId(dice.below<std::uint16_t>(2)),
                            .gap = SimTime::from_ns(5'000'000 + dice.below<std::int64_t>(50'000'000)),
                            .count = 1 + dice.below<std::int64_t>(9)});
    for (std::int64_t at_s = 0; at_s <= 120; at_s += 5)  // the last ones lie after the end
        for (std::uint32_t replica = 0; replica < kReplicas; ++replica)
            run.samples.push_back({.pool = PoolId(static_cast<std::uint16_t>(replica % 2)),
                                   .node = NodeId(replica),
                                   .at = SimTime::from_s(at_s),
                                   .sample = {.waiting = dice.below<std::int64_t>(10),
                                              .running = dice.below<std::int64_t>(100),
                                              .kv_blocks_used = dice.below<std::int64_t>(1'000),
                                              .busy_replicas = dice.below<std::int64_t>(2),
                                              .kv_tokens = dice.below<std::int64_t>(10'000),
                                              .replicas = 1}});
    for (std::int64_t i = 0; i < 300; ++i)
        run.steps.push_back(make_up_step(dice, static_cast<std::uint32_t>(i % kReplicas), i * 1'000'000));
    return run;
}

void make_up_events(MadeUpRun& run, std::uint64_t seed) {
    Dice dice(seed + 1'000'000);  // of their own: what else is made up stays as it was
    for (int i = 0; i < 250; ++i) {
        const std::int64_t start_ns = dice.below<std::int64_t>(1'000'000) * 100;
        const auto kind = static_cast<serving::FleetEvent>(dice.below<std::uint8_t>(serving::kFleetEvents));
        run.events.push_back(
            {.start_ns = start_ns,
             .end_ns = start_ns + dice.below<std::int64_t>(1'000'000),
             .amount = dice.below<std::int64_t>(100),
             .node = dice.below<std::uint32_t>(kReplicas),
             .replica = i % 5 == 0 ? serving::kNoReplica : dice.below<std::uint32_t>(kReplicas),
             .gpu = i % 3 == 0 ? serving::kNoGpu : dice.below<std::uint32_t>(8),
             .pool = dice.below<std::uint16_t>(2),
             .kind = kind,
             .cause = static_cast<serving::FleetCause>(dice.below<std::uint8_t>(serving::kFleetCauses))});
    }
}

std::vector<RankPartial> write_run(const MadeUpRun& run, const std::string& directory, std::uint32_t ranks,
                                   std::uint64_t seed) {
    Dice dice(seed);
    std::vector<std::unique_ptr<RankWriter>> writers;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
        writers.push_back(std::make_unique<RankWriter>(RankWriterOptions{
            .directory = directory, .rank = rank, .ranks = ranks, .program = "regatta test", .run = run.description}));
    const auto any = [&]() -> RankWriter& { return *writers[dice.below<std::size_t>(ranks)]; };

    // Rows come roughly in order of their end: each at most ten places early or late, and never before what is settled.
    std::vector<serving::RequestRecord> rows = run.requests;
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.end_ns < b.end_ns; });
    for (std::size_t first = 0; first < rows.size(); first += 10) {
        const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), first + 10));
        for (const auto& writer : writers)
            writer->settle(SimTime::from_ns(begin->end_ns));
        std::reverse(begin, end);
        std::for_each(begin, end, [&](const auto& row) { any().request_ended(row); });
    }
    for (const serving::ReplicaRecord& replica : run.replicas)
        any().replica_ended(replica);
    for (const Gaps& gaps : run.gaps)
        any().inter_token_gaps(gaps.pool, gaps.gap, gaps.count, gaps.gap * gaps.count);
    for (const Batches& batches : run.batches) {
        RankWriter& writer = any();  // one replica tells both
        writer.batches(batches.pool, batches.sequences, batches.steps);
        const SimTime length = SimTime::from_us(100 * batches.sequences);
        writer.step_times(
            {.pool = batches.pool, .length = length, .count = batches.steps, .total = length * batches.steps});
    }
    for (const Sample& sample : run.samples)
        any().sample(sample.pool, sample.node, sample.at, sample.sample);
    for (const serving::StepRecord& step : run.steps)
        any().step(step);
    for (const serving::FleetEventRecord& event : run.events)
        any().fleet_changed(event);

    // Who sees a request arrive is not who sees it end.
    std::vector<std::int64_t> arrived(ranks, 0);
    for (std::size_t i = 0; i < run.requests.size(); ++i)
        ++arrived[dice.below<std::size_t>(ranks)];
    std::vector<RankPartial> partials;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        writers[rank]->finish(run.end, arrived[rank],
                              {.ranks = {{.wall_s = 2.0 + rank,
                                          .loop_s = 1.5,
                                          .waiting_s = 0.25,
                                          .windows = 100,
                                          .events = 1'000 + rank,
                                          .peak_memory_bytes = 50'000'000,
                                          .busy_s = 1,
                                          .exchanging_s = 0.125,
                                          .messages_sent = 99,
                                          .bytes_sent = 9'900 + rank,
                                          .least_slack_ns = 50'000 - rank,
                                          .reductions = 202}},
                               .link_names = {"gateway -> node", "node -> gateway"},
                               .links = {{.link = 0, .latency_ns = 50'000, .windows_ended = 60 + rank},
                                         {.link = 1, .latency_ns = 70'000, .windows_ended = 30}}});
        partials.push_back(RankPartial::from_bytes(writers[rank]->partial().to_bytes()));
    }
    return partials;
}

}  // namespace regatta::results
