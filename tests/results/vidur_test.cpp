// A run's metrics as Vidur's files, against numbers computed by hand.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "made_up_run.hpp"
#include "regatta/base/errors.hpp"
#include "results/export_vidur.hpp"
#include "results/result_reader.hpp"
#include "results/vidur_plots.hpp"
#include "results/vidur_replicas.hpp"

namespace regatta::results {
namespace {

using serving::EndState;
using serving::kNoTime;
using serving::ReplicaRecord;
using serving::StepRecord;

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::int64_t ns(double seconds) {
    return SimTime::from_seconds(seconds).ns();
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Two requests served by one replica of ten blocks within ten seconds, and one that still waits at the end.
MadeUpRun two_requests() {
    MadeUpRun run;
    run.end = SimTime::from_s(10);
    run.description = {.name = "two",
                       .scenario_text = "name: two\n",
                       .pools = {{.name = "pool",
                                  .gpu_flops_per_s = 1'000'000'000'000,
                                  .gpu_memory_bytes_per_s = 1'000'000'000'000,
                                  .work = {.flops_per_token = 1'000'000'000},
                                  .stages = 2,
                                  .layers = 2}},
                       .streams = {{.name = "stream", .ttft_target = {}, .tpot_target = {}}},
                       .series_every = {},
                       .measure_from = {}};
    run.requests = {{.request_id = 1,
                     .arrival_ns = ns(1),
                     .received_ns = ns(1),
                     .scheduled_ns = ns(1),
                     .first_token_ns = ns(1.5),
                     .end_ns = ns(2.5),
                     .prompt_tokens = 10,
                     .output_tokens = 5,
                     .requested_output_tokens = 5,
                     .state = EndState::Finished},
                    {.request_id = 2,
                     .arrival_ns = ns(1.25),
                     .received_ns = ns(1.25),
                     .scheduled_ns = ns(1.5),
                     .first_token_ns = ns(2),
                     .end_ns = ns(3),
                     .prompt_tokens = 20,
                     .output_tokens = 4,
                     .requested_output_tokens = 4,
                     .preemptions = 1,
                     .state = EndState::Finished},
                    {.request_id = 3,
                     .arrival_ns = ns(2),
                     .received_ns = ns(2),
                     .end_ns = ns(10),
                     .prompt_tokens = 16,
                     .requested_output_tokens = 8}};
    run.replicas = {{.gpus = 1,
                     .steps = 4,
                     .busy_ns = ns(2.5),
                     .prefill_tokens = 30,
                     .decode_tokens = 4,
                     .kv_blocks = 10,
                     .kv_blocks_peak = 6}};
    run.batches = {{.pool = PoolId(0), .sequences = 1, .steps = 2}, {.pool = PoolId(0), .sequences = 2, .steps = 2}};
    run.gaps = {{.pool = PoolId(0), .gap = SimTime::from_ms(250), .count = 3},
                {.pool = PoolId(0), .gap = SimTime::from_ms(500), .count = 1}};
    run.steps = {{.start_ns = ns(1),
                  .end_ns = ns(1.5),
                  .prefills = 1,
                  .prefill_tokens = 10,
                  .kv_blocks_used = 2,
                  .mlp_ns = 1'000'000,
                  .attention_prefill_ns = 4'000'000},
                 {.start_ns = ns(1.5),
                  .end_ns = ns(2),
                  .decodes = 1,
                  .prefills = 1,
                  .prefill_tokens = 20,
                  .kv_blocks_used = 5,
                  .attention_prefill_ns = 6'000'000,
                  .attention_decode_ns = 1'000'000},
                 {.start_ns = ns(2), .end_ns = ns(2.5), .decodes = 2, .kv_blocks_used = 6},
                 {.start_ns = ns(4), .end_ns = ns(5), .decodes = 1, .kv_blocks_used = 3, .collectives_ns = 250'000}};
    return run;
}

class Vidur : public testing::Test {
protected:
    VidurExport write(std::int64_t most_replicas = 10) {
        const std::string results = scratch.path("results");
        std::filesystem::create_directory(results);
        write_run(run, results, 2);
        return write_vidur_metrics(ResultReader(results), scratch.path("metrics"), most_replicas);
    }
    [[nodiscard]] std::string written(const std::string& name) const {
        return text_of(scratch.path("metrics/" + name));
    }
    [[nodiscard]] nlohmann::json meter(const std::string& name) const {
        return nlohmann::json::parse(written("plots/" + name + ".json"));
    }
    [[nodiscard]] bool has(const std::string& name) const {
        return std::filesystem::exists(scratch.path("metrics/" + name));
    }

    ScratchDirectory scratch;
    MadeUpRun run = two_requests();
};

TEST_F(Vidur, WritesRequestsUnderVidursNames) {
    EXPECT_EQ(write().requests, 3);
    EXPECT_EQ(written("request_metrics.csv"),
              "Request Id,request_e2e_time,request_e2e_time_normalized,request_scheduling_delay,"
              "request_execution_plus_preemption_time,request_execution_plus_preemption_time_normalized,"
              "prefill_e2e_time,prefill_time_execution_plus_preemption,"
              "prefill_time_execution_plus_preemption_normalized,decode_time_execution_plus_preemption_normalized,"
              "request_inter_arrival_delay,request_num_tokens,request_num_prefill_tokens,request_num_decode_tokens,"
              "request_pd_ratio,request_num_restarts\n"
              "1,1.5,0.3,0,1.5,0.3,0.5,0.5,0.05,0.2,,15,10,5,2,0\n"
              "2,1.75,0.4375,0.25,1.5,0.375,0.75,0.5,0.025,0.25,0.25,24,20,4,5,1\n"
              "3,,,,,,,,,,0.75,24,16,8,2,\n");
}

TEST_F(Vidur, WritesDistributionsAndTimeSeriesOfRequests) {
    write();
    EXPECT_EQ(written("plots/request_e2e_time.csv"), "Request Id,request_e2e_time,cdf\n1,1.5,0.5\n2,1.75,1\n");
    EXPECT_EQ(written("plots/decode_time_execution_plus_preemption_normalized.csv"),
              "Request Id,decode_time_execution_plus_preemption_normalized,cdf\n1,0.2,0.5\n2,0.25,1\n");
    EXPECT_EQ(written("plots/request_arrival_time_series.csv"), "Time (sec),request_arrival\n1,1\n1.25,2\n2,3\n");
    EXPECT_EQ(written("plots/request_completion_time_series.csv"), "Time (sec),request_completion\n2.5,1\n3,2\n");
    EXPECT_EQ(written("plots/prefill_completion_time_series.csv"), "Time (sec),prefill_completion\n1.5,10\n2,30\n");
}

TEST_F(Vidur, WritesBatchesAndWhereTheirTimeGoes) {
    EXPECT_EQ(write().batches, 4);
    EXPECT_EQ(written("batch_metrics.csv"),
              "Batch Id,batch_num_tokens,batch_num_prefill_tokens,batch_num_decode_tokens,batch_size,"
              "batch_execution_time,replica_id,scheduled_at\n"
              "0,10,10,0,1,0.5,0,1\n"
              "1,21,20,1,2,0.5,0,1.5\n"
              "2,2,0,2,2,0.5,0,2\n"
              "3,1,0,1,1,1,0,4\n");
    // Attention is of one of two layers, the rest of all.
    EXPECT_EQ(written("operation_metrics.csv"),
              "Batch Id,attn_prefill,attn_decode,projections_total,mlp_total,experts_total,head_total,"
              "collectives_total,other_total,overhead_total\n"
              "0,2,,,1,,,,,\n"
              "1,3,0.5,,,,,,,\n"
              "2,,,,,,,,,\n"
              "3,,,,,,,0.25,,\n");
    // Ranks floor(q * 3): the greatest only at 1.
    expect_contains(written("plots/batch_num_tokens.csv"), "cdf,batch_num_tokens\n0,1\n0.01,1\n");
    expect_contains(written("plots/batch_num_tokens.csv"), "\n0.33,1\n0.34,2\n");
    expect_contains(written("plots/batch_num_tokens.csv"), "\n0.99,10\n1,21\n");
    // Only of those that had any.
    expect_contains(written("plots/attn_prefill_execution_time.csv"), "\n0.99,2\n1,3\n");
    EXPECT_FALSE(has("plots/experts_total_execution_time.csv"));
}

TEST_F(Vidur, MetersReplicasOverTheWholeRunByTheirOwnNumbers) {
    EXPECT_EQ(write().left_out, std::vector<std::string>());
    // (2 + 5 + 6) blocks for half a second, 3 for one, none for the rest of ten: 0.95 of 10 blocks.
    EXPECT_EQ(meter("replica_0_memory_usage"), (nlohmann::json{{"replica_0_memory_usage_min", 0.0},
                                                               {"replica_0_memory_usage_max", 60.0},
                                                               {"replica_0_memory_usage_weighted_mean", 9.5}}));
    for (const std::string stage : {"replica_0_stage_0", "replica_0_stage_1"}) {
        EXPECT_EQ(meter(stage + "_busy_time_percent"),
                  (nlohmann::json{{stage + "_busy_time_percent_min", 0.0},
                                  {stage + "_busy_time_percent_max", 100.0},
                                  {stage + "_busy_time_percent_weighted_mean", 25.0}}));
        // 34 tokens of 10^9 operations each, of 10^12 per second that there could have been.
        const nlohmann::json mfu = meter(stage + "_mfu");
        EXPECT_DOUBLE_EQ(mfu.at(stage + "_mfu_weighted_mean").get<double>(), 0.34);
        EXPECT_EQ(mfu.at(stage + "_mfu_min"), 0.0);
        EXPECT_FALSE(mfu.contains(stage + "_mfu_max"));
    }
    EXPECT_FALSE(has("plots/replica_1_memory_usage.json"));
    EXPECT_FALSE(has("plots/replica_0_stage_2_mfu.json"));
}

TEST_F(Vidur, WritesTokensWhereAllStepsAreThere) {
    write();
    EXPECT_EQ(written("plots/decode_completion_time_series.csv"), "Time (sec),decode_completion\n2,1\n2.5,3\n5,4\n");
    // Four gaps: rank floor(q * 3), three of 250 ms and one of 500 ms, to the middle of a bucket of 1/128.
    std::istringstream gaps(written("plots/decode_token_execution_plus_preemption_time.csv"));
    std::string line;
    std::getline(gaps, line);
    EXPECT_EQ(line, "cdf,decode_token_execution_plus_preemption_time");
    for (int step = 0; std::getline(gaps, line); ++step) {
        const double gap_s = std::stod(line.substr(line.find(',') + 1));
        EXPECT_NEAR(gap_s, step < 100 ? 0.25 : 0.5, 0.004 * gap_s) << line;
    }
}

TEST_F(Vidur, SaysWhatStepsOfSomeReplicasCannotTell) {
    run.replicas.push_back(
        {.replica = 1, .gpus = 1, .steps = 7, .busy_ns = ns(10), .kv_blocks = 10, .kv_blocks_peak = 7});
    run.replicas.push_back({.replica = 2, .gpus = 1, .kv_blocks = 10});
    run.batches.push_back({.pool = PoolId(0), .sequences = 1, .steps = 7});
    EXPECT_EQ(write(2).left_out,
              (std::vector<std::string>{
                  "decode_completion_time_series.csv: not all steps of all replicas were recorded",
                  "memory usage of 1 of 3 replicas, but for the maximum: not all of their steps were recorded",
                  "files of 1 further replicas: take more with --most-replicas"}));
    EXPECT_FALSE(has("plots/decode_completion_time_series.csv"));
    EXPECT_FALSE(has("plots/replica_2_memory_usage.json"));
    EXPECT_EQ(meter("replica_1_memory_usage"), (nlohmann::json{{"replica_1_memory_usage_max", 70.0}}));
    EXPECT_EQ(meter("replica_0_memory_usage").at("replica_0_memory_usage_weighted_mean"), 9.5);
    // Busy from beginning to end.
    EXPECT_EQ(meter("replica_1_stage_0_busy_time_percent").at("replica_1_stage_0_busy_time_percent_min"), 100.0);
}

TEST_F(Vidur, WritesNoBatchesWhereNoStepsWereRecorded) {
    run.steps.clear();
    EXPECT_EQ(write().left_out.size(), 3U);
    EXPECT_FALSE(has("batch_metrics.csv"));
    EXPECT_FALSE(has("operation_metrics.csv"));
    EXPECT_FALSE(has("plots/batch_size.csv"));
}

TEST_F(Vidur, CountsNoTokensBySteps_WhereOneDecodeMakesSeveral) {
    run.replicas.front().decode_tokens = 6;
    EXPECT_EQ(write().left_out,
              std::vector<std::string>{"decode_completion_time_series.csv: some decodes made several tokens at once"});
}

TEST_F(Vidur, WritesIntoAnEmptyDirectoryOnly) {
    std::filesystem::create_directory(scratch.path("metrics"));
    write();
    const std::string metrics = scratch.path("metrics");
    EXPECT_EQ(
        error_of<InputError>([&] { (void)write_vidur_metrics(ResultReader(scratch.path("results")), metrics, 1); }),
        metrics + ": is there already; name an empty or a new directory");
}

TEST(VidurMemory, HoldsInAPipelineFromBatchToBatch) {
    const ReplicaRecord replica{.kv_blocks = 10};
    const std::vector<StepRecord> steps = {{.start_ns = 0, .end_ns = 4 * kSecondNs, .kv_blocks_used = 4},
                                           {.start_ns = 2 * kSecondNs, .end_ns = 6 * kSecondNs, .kv_blocks_used = 6}};
    const vidur::Meter meter = vidur::memory_usage(replica, steps, SimTime::from_s(8));
    EXPECT_DOUBLE_EQ(meter.weighted_mean.value(), 40);  // 4 blocks for 2 s, 6 for 4 s, none for 2 s
    EXPECT_DOUBLE_EQ(meter.min.value(), 0);
    EXPECT_DOUBLE_EQ(meter.max.value(), 60);
    EXPECT_DOUBLE_EQ(vidur::memory_usage(replica, steps, SimTime::from_s(6)).min.value(), 40);
}

TEST(VidurMemory, IsZeroWhereNothingEverRan) {
    const vidur::Meter meter =
        vidur::memory_usage({.kv_blocks = 10}, std::span<const StepRecord>(), SimTime::from_s(8));
    EXPECT_EQ(meter.min, 0);
    EXPECT_EQ(meter.max, 0);
    EXPECT_EQ(meter.weighted_mean, 0);
}

}  // namespace
}  // namespace regatta::results
