// One replica by itself: qwen3-14b on an H100, vllm_v1, roofline; 512 tokens in, 512 out, as tools/bench fleet --sweep.

#include <benchmark/benchmark.h>

#include <memory>

#include "increments.hpp"
#include "regatta/base/errors.hpp"
#include "serving/replica.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/roofline.hpp"

namespace regatta::bench {
namespace {

class CountingSink final : public serving::RecordSink {
public:
    void request_ended(const serving::RequestRecord& /*record*/) override {}
    void replica_ended(const serving::ReplicaRecord& record) override {
        steps += record.steps;
        finished += record.finished;
    }
    void step_times(const serving::StepTimes& times) override { gaps += times.count * times.gaps_each; }
    void inter_token_gaps(PoolId /*pool*/, SimTime /*gap*/, std::int64_t count, SimTime /*total*/) override {
        gaps += count;
    }
    void batches(PoolId /*pool*/, std::int64_t /*sequences*/, std::int64_t /*count*/) override {}
    void step(const serving::StepRecord& /*record*/) override {}
    void fleet_changed(const serving::FleetEventRecord& /*record*/) override {}
    void sample(PoolId /*pool*/, NodeId /*node*/, SimTime /*at*/, const serving::ReplicaSample& /*sample*/) override {}

    std::int64_t steps = 0;
    std::int64_t finished = 0;
    std::int64_t gaps = 0;
};

/// As in configs/catalogue and docs/model/roofline.md.
std::unique_ptr<timing::StepTimeModel> qwen3_14b_on_h100() {
    const timing::StepTimeTarget target{.gpu = {.name = "h100-sxm",
                                                .memory_bytes = 80.0 * 1024 * 1024 * 1024,
                                                .memory_bandwidth_bytes_per_s = 3350e9,
                                                .bf16_flops_per_s = 989.4e12,
                                                .fp8_flops_per_s = 1978.9e12,
                                                .int8_ops_per_s = 1978.9e12,
                                                .link_bytes_per_s = 450e9,
                                                .link_latency_s = 50e-9,
                                                .source = "NVIDIA H100 datasheet"},
                                        .model = {.name = "qwen3-14b",
                                                  .layers = 40,
                                                  .hidden = 5120,
                                                  .heads = 40,
                                                  .kv_heads = 8,
                                                  .head_dim = 128,
                                                  .intermediate = 17408,
                                                  .vocabulary = 151936,
                                                  .max_context_tokens = 40960,
                                                  .has_qk_norm = true,
                                                  .source = "config.json of Qwen/Qwen3-14B on Hugging Face"}};
    return std::make_unique<timing::RooflineStepTime>(target,
                                                      timing::RooflineStepTime::Options{.compute_efficiency = 0.77,
                                                                                        .quantized_efficiency = 0.57,
                                                                                        .attention_efficiency = 0.5,
                                                                                        .memory_efficiency = 0.77,
                                                                                        .network_efficiency = 0.6,
                                                                                        .collective_overhead_s = 20e-6,
                                                                                        .layer_overhead_s = 5e-6,
                                                                                        .step_overhead_s = 300e-6});
}

struct Count {
    std::int64_t steps = 0;
    std::int64_t wake_ups = 0;
};

/// Serves `requests` that come 4 per second, to the last.
Count serve(const timing::StepTimeModel& timing, std::int64_t requests) {
    // What an H100 has left beside the weights, docs/model/memory.md: about 16,000 blocks of 16 tokens.
    const serving::SchedulerLimits limits{.kv_blocks = 16'000, .block_tokens = 16, .max_context_tokens = 40'960};
    Parameters parameters;
    parameters.set("chunk_tokens", std::int64_t{2048});
    parameters.set("max_running", std::int64_t{256});
    parameters.set("order", std::string("fcfs"));
    parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
    CountingSink sink;
    serving::ReplicaFacts facts;
    facts.kv_blocks = limits.kv_blocks;
    serving::StepOutcome outcome;
    serving::Replica replica(facts, serving::make_vllm_v1(limits, parameters, serving::Stepping::Lazy),
                             {.timing = timing, .sink = sink, .outcome = outcome});
    Increments increments(1);
    Count count;
    SimTime arrival;
    for (std::int64_t i = 0; i < requests || !replica.wake_at().is_never();) {
        if (i < requests && arrival < replica.wake_at()) {
            const Request request{.id = RequestId(static_cast<std::uint64_t>(i)),
                                  .arrival = arrival,
                                  .prompt_tokens = 512,
                                  .output_tokens = 512,
                                  .stream = {},
                                  .gateway = {}};
            REGATTA_CHECK(replica.receive(request, arrival) == serving::EndReason::None, "a request was refused");
            arrival += SimTime::from_ns(increments.next_ns() / 4);
            ++i;
            continue;
        }
        replica.wake(replica.wake_at());
        ++count.wake_ups;
    }
    replica.finish(SimTime::never(), [](const serving::ServedRequest&) {});
    REGATTA_CHECK(sink.finished == requests, "requests were lost");
    count.steps = sink.steps;
    return count;
}

void step_loop(benchmark::State& state) {
    const std::unique_ptr<timing::StepTimeModel> timing = qwen3_14b_on_h100();
    constexpr std::int64_t kRequests = 1'000;
    Count total;
    for (auto _ : state) {
        const Count count = serve(*timing, kRequests);
        total.steps += count.steps;
        total.wake_ups += count.wake_ups;
    }
    state.SetItemsProcessed(state.iterations() * kRequests);
    state.counters["steps"] = benchmark::Counter(static_cast<double>(total.steps), benchmark::Counter::kIsRate);
    state.counters["wake_ups"] = benchmark::Counter(static_cast<double>(total.wake_ups), benchmark::Counter::kIsRate);
}
BENCHMARK(step_loop)->Name("step_loop.requests");

}  // namespace
}  // namespace regatta::bench

BENCHMARK_MAIN();
