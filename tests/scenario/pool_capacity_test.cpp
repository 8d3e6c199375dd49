#include "scenario/pool_capacity.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "loading.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "scenario/traffic_survey.hpp"

namespace regatta::scenario {
namespace {

using testing::load_text;

/// A pool of two replicas whose steps take what the formula says: `timing` in the linear model.
Scenario with_timing(const std::string& timing, const std::string& more = "") {
    return load_text(
        fmt::format("duration: 100s\nfleet:\n  pools:\n"
                    "    - name: p\n      model: small-llm\n      node: {{gpu: big-gpu, gpus: 2}}\n"
                    "      timing: {{policy: linear, {}}}\n{}"
                    "workload:\n  streams:\n    - arrivals: {{process: constant, rate: 10/s}}\n"
                    "      lengths: {{prompt: {{fixed: 100}}, output: {{fixed: 11}}}}\n",
                    timing, more));
}

workload::RequestMix mix_of(std::uint32_t prompt, std::uint32_t output, int count = 1) {
    workload::RequestMix mix;
    Request request;
    request.prompt_tokens = prompt;
    request.output_tokens = output;
    for (int i = 0; i < count; ++i)
        mix.add(request);
    return mix;
}

TEST(PoolCapacity, IsTheLargestBatchOverItsTimeWhenStepsCostTheSame) {
    const Scenario scenario = with_timing("step_us: 10000, token_us: 0, context_token_ns: 0");
    // 100 prompt tokens and 10 decodes per request: 2048 tokens are 18.6 requests per step of 10 ms.
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(100, 11));
    EXPECT_EQ(capacity.bound, "chunk_tokens");
    EXPECT_NEAR(capacity.requests_per_s, 2 * 2048 / 110.0 / 0.01, 1e-6);
    EXPECT_NEAR(capacity.prompt_tokens_per_s, 100 * capacity.requests_per_s, 1e-6);
    EXPECT_NEAR(capacity.output_tokens_per_s, 11 * capacity.requests_per_s, 1e-6);
    EXPECT_EQ(capacity.decodes, 186);
    EXPECT_EQ(capacity.prefill_tokens, 1862);
}

TEST(PoolCapacity, IsBoundByTheSequencesOfAStepWhereAnswersAreLong) {
    const Scenario scenario = with_timing("step_us: 10000, token_us: 0, context_token_ns: 0");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(10, 1000));
    EXPECT_EQ(capacity.bound, "max_running");
    EXPECT_NEAR(capacity.requests_per_s, 2 * 256 / 1000.0 / 0.01, 1e-6);
}

TEST(PoolCapacity, IsBoundByTheCacheWhereContextsAreLong) {
    const Scenario scenario =
        with_timing("step_us: 10000, token_us: 0, context_token_ns: 0", "      kv_blocks: 1000\n");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(4000, 101));
    EXPECT_EQ(capacity.bound, "KV cache");
    const double kept = 100 * (4000 + 50.5 + 8) + 4000 + 8;
    EXPECT_NEAR(capacity.requests_per_s, 2 * 16'000 / kept / 0.01, 1e-6);
}

TEST(PoolCapacity, CountsTheContextThatDecodesAndPromptsAttendTo) {
    // Only context costs: 1 us per token of it. Decodes of a request: 10 x (100 + 5.5) tokens. Its prompt, as one chunk
    // without context before it, costs nothing here.
    const Scenario scenario = with_timing("step_us: 0, token_us: 0, context_token_ns: 1000");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(100, 11, 7));
    EXPECT_NEAR(capacity.requests_per_s, 2 / (1055 * 1e-6), 0.05 * 2 / (1055 * 1e-6));
}

TEST(PoolCapacity, CountsProposedTokensAndWhatTheySpare) {
    const auto with_proposals = [](const std::string& acceptance) {
        return with_timing("step_us: 10000, token_us: 0, context_token_ns: 0",
                           "      speculation: {method: ngram, tokens: 3, acceptance: " + acceptance + "}\n");
    };
    // 10 decodes, each of which checks three proposals in vain, or 2.5 in which all are right.
    EXPECT_NEAR(capacity_of(with_proposals("0").pools[0], mix_of(100, 11)).requests_per_s, 2 * 2048 / 140.0 / 0.01,
                1e-6);
    EXPECT_NEAR(capacity_of(with_proposals("1").pools[0], mix_of(100, 11)).requests_per_s, 2 * 2048 / 110.0 / 0.01,
                1e-6);
    const PoolCapacity long_answers = capacity_of(with_proposals("1").pools[0], mix_of(10, 1001));
    EXPECT_EQ(long_answers.bound, "max_running");
    EXPECT_NEAR(long_answers.requests_per_s, 2 * 256 / 251.0 / 0.01, 1e-6);
}

TEST(PoolCapacity, ServesRequestsOfOneTokenByPromptsAlone) {
    const Scenario scenario = with_timing("step_us: 0, token_us: 10, context_token_ns: 0");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(100, 1));
    EXPECT_EQ(capacity.decodes, 0);
    EXPECT_NEAR(capacity.requests_per_s, 2 / (100 * 10e-6), 1);
}

constexpr const char* kPipeline = "      parallel: {pp: 2}\n";

/// Stages that take what was typed [ns], whatever they compute.
class TypedStages final : public timing::StepTimeModel {
public:
    TypedStages(std::int64_t inner_ns, std::int64_t last_ns) : inner_ns_(inner_ns), last_ns_(last_ns) {}
    [[nodiscard]] timing::StepLine line(const timing::BatchShape& /*shape*/) const override {
        return {.base_fine = (inner_ns_ + last_ns_) * timing::kFinePerNs};
    }
    [[nodiscard]] timing::StepLine stage_line(const timing::BatchShape& /*shape*/, bool is_last) const override {
        return {.base_fine = (is_last ? last_ns_ : inner_ns_) * timing::kFinePerNs};
    }

private:
    std::int64_t inner_ns_;
    std::int64_t last_ns_;
};

TEST(PoolCapacity, OfAPipelineIsSetByItsSlowestStage) {
    Scenario scenario = with_timing("step_us: 10000, token_us: 0, context_token_ns: 0", kPipeline);
    for (const auto& [inner_ns, last_ns] : {std::pair(5'000'000, 4'000'000), std::pair(4'000'000, 5'000'000)}) {
        scenario.pools[0].step_time = std::make_shared<TypedStages>(inner_ns, last_ns);
        // Two GPUs are one replica. Every 5 ms one of its two batches ends, each as full as one of a whole replica.
        const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(1000, 2));
        EXPECT_EQ(capacity.bound, "chunk_tokens");
        EXPECT_NEAR(capacity.requests_per_s, 2048 / 1001.0 / 0.005, 1e-6);
        EXPECT_DOUBLE_EQ(capacity.step_s, 0.005);
    }
}

TEST(PoolCapacity, OfAPipelineGivesEachBatchItsShareOfWhatRuns) {
    const Scenario scenario = with_timing("step_us: 5000, token_us: 0, context_token_ns: 0", kPipeline);
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(10, 1000));
    EXPECT_EQ(capacity.bound, "max_running");
    EXPECT_NEAR(capacity.requests_per_s, 256 / 2 / 1000.0 / 0.005, 1e-6);
}

TEST(PoolCapacity, OfAPipelineGivesEachBatchItsShareOfTheCache) {
    const Scenario scenario = with_timing("step_us: 5000, token_us: 0, context_token_ns: 0",
                                          std::string(kPipeline) + "      kv_blocks: 1000\n");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(4000, 101));
    EXPECT_EQ(capacity.bound, "KV cache");
    const double kept = 100 * (4000 + 50.5 + 8) + 4000 + 8;
    EXPECT_NEAR(capacity.requests_per_s, 16'000 / kept / 2 / 0.005, 1e-6);
}

TEST(PoolCapacity, OrcaCountsSequencesByTheBatchOfAPipeline) {
    const Scenario scenario = with_timing("step_us: 5000, token_us: 0, context_token_ns: 0",
                                          std::string(kPipeline) + "      scheduler: {policy: orca, max_running: 8}\n");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(100, 11));
    EXPECT_EQ(capacity.bound, "max_running");
    EXPECT_NEAR(capacity.requests_per_s, 8 / 11.0 / 0.005, 1e-6);
}

TEST(PoolCapacity, CountsTheLongestSequenceWhereItsRoomIsReserved) {
    const Scenario scenario = with_timing("step_us: 10000, token_us: 0, context_token_ns: 0",
                                          "      scheduler: {policy: orca, max_running: 64}\n"
                                          "      kv_blocks: 1000\n      max_context_tokens: 1600\n");
    const PoolCapacity capacity = capacity_of(scenario.pools[0], mix_of(100, 11));
    EXPECT_EQ(capacity.bound, "KV cache");
    EXPECT_NEAR(capacity.requests_per_s, 2 * (1000 / 100) / 11.0 / 0.01, 1e-6);
}

TEST(TrafficSurvey, ComparesWhatIsOfferedWithWhatCanBeCarried) {
    const Scenario scenario = with_timing("step_us: 10000, token_us: 0, context_token_ns: 0");
    std::size_t seen = 0;
    const TrafficSurvey survey =
        survey_traffic(scenario, Registries{}, SimTime::from_s(30), [&](const Request&) { ++seen; });
    EXPECT_EQ(seen, 999U);  // one every 100 ms from 100 ms on, and none at 100 s
    EXPECT_EQ(survey.span, SimTime::from_s(100));
    EXPECT_EQ(survey.per_stretch(), (std::vector<std::uint64_t>{299, 300, 300, 100}));
    // The last stretch has 10 s, less than half of one: no rate is told from it.
    EXPECT_DOUBLE_EQ(survey.stretch_s(2), 30);
    EXPECT_DOUBLE_EQ(survey.stretch_s(3), 30);
    EXPECT_DOUBLE_EQ(survey.pools[0].peak_per_s, 10);
    ASSERT_TRUE(survey.pools[0].capacity);
    EXPECT_EQ(survey.pools[0].mix.requests, 999U);
}

}  // namespace
}  // namespace regatta::scenario
