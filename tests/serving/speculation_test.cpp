#include "serving/speculation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "regatta/serving/registry.hpp"
#include "replica_driver.hpp"
#include "timing/linear.hpp"
#include "timing/speculative.hpp"

namespace regatta::serving {
namespace {

Speculation constant(double chance, std::int64_t tokens) {
    return {.tokens = tokens, .reach = reach_of_chances({chance}, tokens), .seed = 7};
}

TEST(Speculation, BringsTheGeometricSumOfTokens) {
    // Leviathan et al., arXiv:2211.17192, equation 1: (1 - a^(k + 1)) / (1 - a).
    for (const double chance : {0.0, 0.3, 0.7, 0.9})
        for (const std::int64_t tokens : {1, 3, 8}) {
            const double expected = (1 - std::pow(chance, static_cast<double>(tokens + 1))) / (1 - chance);
            EXPECT_NEAR(constant(chance, tokens).tokens_per_step(), expected, 1e-12);
        }
    EXPECT_DOUBLE_EQ(constant(1, 4).tokens_per_step(), 5);
}

TEST(Speculation, DrawsWhatItExpects) {
    const Speculation speculation{.tokens = 3, .reach = reach_of_chances({0.9, 0.5, 0.2}, 3), .seed = 3};
    std::vector<int> counts(4, 0);
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i)
        ++counts[static_cast<std::size_t>(speculation.accepted(RequestId(17), i))];
    const std::vector<double> expected = {0.1, 0.45, 0.36, 0.09};
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double deviation = std::sqrt(expected[i] * (1 - expected[i]) / kDraws);
        EXPECT_NEAR(counts[i] / double{kDraws}, expected[i], 4 * deviation) << i << " right";
    }
}

TEST(Speculation, TakesHowOftenSoManyAreRight) {
    const std::vector<double> reach = reach_of_counts({1, 2, 0, 1});
    EXPECT_EQ(reach, (std::vector<double>{0.75, 0.25, 0.25}));
}

TEST(Speculation, AnswersTheSameWhoeverAsks) {
    const Speculation one = constant(0.5, 4);
    const Speculation other = constant(0.5, 4);
    bool differs_between_requests = false;
    for (std::int64_t i = 0; i < 100; ++i) {
        EXPECT_EQ(one.accepted(RequestId(5), i), other.accepted(RequestId(5), i));
        differs_between_requests |= one.accepted(RequestId(5), i) != one.accepted(RequestId(6), i);
    }
    EXPECT_TRUE(differs_between_requests);
}

/// Every scheduler, one long answer at a time, steps of 1 us, and proposing takes another.
class SpeculatingReplica : public testing::TestWithParam<std::string> {
protected:
    Story run(const Speculation* speculation, std::vector<Request> requests) const {
        const SchedulerRegistry registry = built_in_schedulers();
        const SchedulerRegistry::Entry& entry = *registry.find(GetParam());
        Parameters parameters;
        for (const Parameter& parameter : entry.parameters) {
            if (parameter.kind == ParameterKind::Count) parameters.set(parameter.key, std::int64_t{512});
            if (parameter.key == "max_running") parameters.set(parameter.key, std::int64_t{16});
            if (parameter.kind == ParameterKind::Fraction) parameters.set(parameter.key, 0.0);
            if (parameter.kind == ParameterKind::Word) parameters.set(parameter.key, parameter.choices.front());
            if (parameter.kind == ParameterKind::Counts)
                parameters.set(parameter.key, std::vector<std::pair<std::string, std::int64_t>>());
        }
        const auto linear = std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = 1000});
        Subject subject{
            .limits = {.kv_blocks = 4096, .block_tokens = 4, .max_context_tokens = 8192, .speculation = speculation},
            .scheduler = [&](const SchedulerLimits& limits,
                             Stepping stepping) { return entry.make(limits, parameters, stepping); },
            .timing = linear};
        if (speculation != nullptr)
            subject.timing = std::make_shared<timing::SpeculativeStepTime>(
                linear, timing::SpeculativeStepTime::Proposer{.tokens = speculation->tokens,
                                                              .step_fine = 1000 * timing::kFinePerNs});
        return tell(subject, Stepping::Lazy, {.requests = std::move(requests)});
    }
};

TEST_P(SpeculatingReplica, HasTheTimePerTokenOfTheClosedForm) {
    const Speculation speculation = constant(0.6, 3);
    constexpr std::int64_t kAnswer = 8001;
    const Story story = run(&speculation, {request(1, 0, 10, kAnswer)});
    ASSERT_EQ(story.fates.size(), 1U);
    const Fate& fate = story.fates.front();
    EXPECT_EQ(fate.generated, kAnswer);
    // Each step takes 2 us and brings (1 - 0.6^4) / (1 - 0.6) = 2.176 tokens on average; a step's count deviates by
    // 1.19 from it, and there are about 3,676 steps.
    const double tpot_ns = static_cast<double>(fate.end_ns - fate.first_token_ns) / (kAnswer - 1);
    EXPECT_NEAR(tpot_ns, 2000 / 2.176, 2000 / 2.176 * 4 * 1.19 / 2.176 / std::sqrt(3676.0));
    // The step of the prompt has no proposals; each other one checks three.
    EXPECT_EQ(fate.first_token_ns, 1000);
    EXPECT_EQ(story.sums.decode_tokens, kAnswer - 1);
    EXPECT_EQ(story.sums.sequences, story.sums.steps);
    EXPECT_EQ(story.gaps.count(), kAnswer - 1);
}

TEST_P(SpeculatingReplica, TakesAllOrNothing) {
    const Speculation all = constant(1, 3);
    const Speculation none = constant(0, 3);
    // 1 token with the prompt, then 4 a step: 2 steps for 8, 3 for 9.
    EXPECT_EQ(run(&all, {request(1, 0, 10, 9)}).fates.front().end_ns, 1000 + 2 * 2000);
    EXPECT_EQ(run(&all, {request(1, 0, 10, 10)}).fates.front().end_ns, 1000 + 3 * 2000);
    EXPECT_EQ(run(&none, {request(1, 0, 10, 9)}).fates.front().end_ns, 1000 + 8 * 2000);
    EXPECT_EQ(run(nullptr, {request(1, 0, 10, 9)}).fates.front().end_ns, 9 * 1000);
}

TEST_P(SpeculatingReplica, KeepsBlocksForWhatIsProposed) {
    const Speculation none = constant(0, 7);
    if (GetParam() == "orca" || GetParam() == "faster_transformer") {
        // They reserve what the longest sequence takes: 8,192 tokens, or 8,199.
        EXPECT_EQ(run(nullptr, {request(1, 0, 10, 4)}).sums.kv_blocks_peak, 2048);
        EXPECT_EQ(run(&none, {request(1, 0, 10, 4)}).sums.kv_blocks_peak, 2050);
        return;
    }
    // 4 tokens a block: 10 and 1 tokens take 3 blocks; the last step has 12 computed before it and checks 1 + 7 more.
    EXPECT_EQ(run(nullptr, {request(1, 0, 10, 4)}).sums.kv_blocks_peak, 4);
    EXPECT_EQ(run(&none, {request(1, 0, 10, 4)}).sums.kv_blocks_peak, 5);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, SpeculatingReplica,
                         testing::Values("vllm_v1", "vllm", "sarathi", "orca", "faster_transformer"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace regatta::serving
