// The rules of vLLM v1 on schedules small enough to follow by hand. A step takes 1000 ns, 10 ns per token computed and
// 1 ns per token of context: decodes attend to all that is in the cache, their own token included, chunks of a prompt
// to what came before them.

#include "serving/vllm_v1.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

std::shared_ptr<const timing::StepTimeModel> round_times() {
    return std::make_shared<timing::LinearStepTime>(
        timing::LinearStepTime::Options{.step_ns = 1000, .token_ns = 10, .context_token_ns = 1});
}

Parameters options(std::int64_t chunk_tokens, std::int64_t max_running) {
    Parameters parameters;
    parameters.set("chunk_tokens", chunk_tokens);
    parameters.set("max_running", max_running);
    parameters.set("order", std::string("fcfs"));
    parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
    return parameters;
}

/// Lazily and step by step.
class VllmV1Rules : public testing::TestWithParam<Stepping> {
protected:
    /// What became of the requests of `script`, and nothing else.
    Story run(const SchedulerLimits& limits, const VllmV1Options& chosen, const Script& script) {
        const Parameters parameters = options(chosen.chunk_tokens, chosen.max_running);
        const Subject subject{.limits = limits,
                              .scheduler = [&](const SchedulerLimits& given,
                                               Stepping stepping) { return make_vllm_v1(given, parameters, stepping); },
                              .timing = round_times()};
        return tell(subject, GetParam(), script);
    }
};

constexpr SchedulerLimits kRoomy{.kv_blocks = 1000, .block_tokens = 4, .max_context_tokens = 1000};

TEST_P(VllmV1Rules, ARequestAloneGetsItsFirstTokenWithItsPromptAndOneMoreEachStep) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 8}, {.requests = {request(0, 100, 5, 3)}});
    // Prompt: 1000 + 5 * 10. Decodes attend to 6 and 7 tokens: 1000 + 10 + 6, 1000 + 10 + 7.
    const Fate expected{.id = 0,
                        .state = EndState::Finished,
                        .end_ns = 100 + 1050 + 1016 + 1017,
                        .received_ns = 100,
                        .scheduled_ns = 100,
                        .first_token_ns = 100 + 1050,
                        .generated = 3};
    EXPECT_EQ(story.fates.at(0), expected);
    EXPECT_EQ(story.gaps.count(), 2);
    EXPECT_EQ(story.gaps.sum_ns(), (WideSum{.low = 1016 + 1017}));
}

TEST_P(VllmV1Rules, SumsAreThoseOfTheSteps) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 8}, {.requests = {request(0, 100, 5, 3)}});
    const ReplicaRecord expected{.replica = 7,
                                 .node = 3,
                                 .pool = 1,
                                 .gpus = 2,
                                 .steps = 3,
                                 .busy_ns = 1050 + 1016 + 1017,
                                 .prefill_tokens = 5,
                                 .decode_tokens = 2,
                                 .finished = 1,
                                 .preemptions = 0,
                                 .kv_blocks = 1000,
                                 .kv_blocks_peak = 2,
                                 .sequences = 3,
                                 .samples = 3,
                                 .attended_tokens = 1 + 2 + 3 + 4 + 5 + 6 + 7,
                                 .moved_kv_tokens = 5 + 6 + 7};
    EXPECT_EQ(fields(story.sums), fields(expected));
}

TEST_P(VllmV1Rules, AnAnswerOfOneTokenEndsWithItsFirst) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 8}, {.requests = {request(0, 0, 8, 1)}});
    EXPECT_EQ(story.fates.at(0).first_token_ns, 1080);
    EXPECT_EQ(story.fates.at(0).end_ns, 1080);
    EXPECT_EQ(story.sums.kv_blocks_peak, 2);
    EXPECT_EQ(story.gaps.count(), 0);
}

TEST_P(VllmV1Rules, APromptOverTheBudgetIsComputedInChunks) {
    const Story story = run(kRoomy, {.chunk_tokens = 4, .max_running = 4}, {.requests = {request(0, 0, 10, 1)}});
    // 4 tokens, 4 after 4, 2 after 8: the first token comes with the last chunk.
    EXPECT_EQ(story.fates.at(0).first_token_ns, 1040 + 1044 + 1028);
    EXPECT_EQ(story.sums.steps, 3);
    EXPECT_EQ(story.sums.prefill_tokens, 10);
}

TEST_P(VllmV1Rules, RequestsOfOneInstantShareTheFirstBatch) {
    const Story story =
        run(kRoomy, {.chunk_tokens = 64, .max_running = 8}, {.requests = {request(0, 9, 5, 1), request(1, 9, 7, 1)}});
    EXPECT_EQ(story.fates.at(0).end_ns, 9 + 1120);
    EXPECT_EQ(story.fates.at(1).end_ns, 9 + 1120);
}

TEST_P(VllmV1Rules, RunningRequestsTakeTheirTokensFromTheBudgetFirst) {
    const Story story =
        run(kRoomy, {.chunk_tokens = 8, .max_running = 8}, {.requests = {request(0, 0, 4, 5), request(1, 10, 20, 1)}});
    // Prompt of 0; then its decodes on 5, 6, 7 tokens, each leaving 7 tokens of the budget to 1: chunks of 7, 7, 6.
    const std::int64_t first = 1040;
    const std::int64_t end_of_1 = first + 1085 + (1080 + 6 + 7) + (1070 + 7 + 14);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, first);
    EXPECT_EQ(story.fates.at(1).first_token_ns, end_of_1);
    EXPECT_EQ(story.fates.at(0).end_ns, end_of_1 + 1018);
}

TEST_P(VllmV1Rules, AnArrivalDuringAStepJoinsAtItsEnd) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 8},
                            {.requests = {request(0, 0, 1, 9), request(1, 1500, 1, 1)}});
    // Ends of steps: 1010, then 1010 + 1012 = 2022.
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 2022);
    EXPECT_EQ(story.fates.at(1).end_ns, 2022 + 1023);
}

TEST_P(VllmV1Rules, AnArrivalAtTheEndOfAStepWaitsForTheNext) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 8},
                            {.requests = {request(0, 0, 1, 9), request(1, 2022, 1, 1)}});
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 2022 + 1013);
}

TEST_P(VllmV1Rules, NoMoreThanMaxRunningRun) {
    const Story story = run(kRoomy, {.chunk_tokens = 64, .max_running = 2},
                            {.requests = {request(0, 0, 1, 2), request(1, 0, 1, 3), request(2, 0, 1, 1)},
                             .samples = {SimTime::from_ns(1500)}});
    // Two prompts of a token; two decodes on 2 tokens each; then 0 has left and 2 joins the third token of 1.
    const std::int64_t second = 1020 + 1024;
    EXPECT_EQ(story.fates.at(2).scheduled_ns, second);
    EXPECT_EQ(story.fates.at(2).end_ns, second + 1023);
    EXPECT_EQ(fields(story.samples.at(0).state), fields(ReplicaSample{1, 2, 2, 1, 2}));
}

TEST_P(VllmV1Rules, FirstComeIsFirstServedEvenIfALaterOneWouldFit) {
    // Request 0 holds 1 of 3 blocks and soon 2; 1 wants 3; 2 would fit, but is behind it.
    const SchedulerLimits limits{.kv_blocks = 3, .block_tokens = 4, .max_context_tokens = 100};
    const Story story = run(limits, {.chunk_tokens = 64, .max_running = 8},
                            {.requests = {request(0, 0, 3, 3), request(1, 5, 12, 1), request(2, 6, 1, 1)}});
    const std::int64_t end_of_0 = 1030 + 1014 + 1015;
    EXPECT_EQ(story.fates.at(0).end_ns, end_of_0);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, end_of_0);
    EXPECT_EQ(story.fates.at(2).scheduled_ns, end_of_0 + 1120);
    EXPECT_EQ(story.sums.preemptions, 0);
}

TEST_P(VllmV1Rules, BlocksAreFreeWhenTheirRequestEnds) {
    const SchedulerLimits limits{.kv_blocks = 2, .block_tokens = 4, .max_context_tokens = 100};
    const Story story = run(limits, {.chunk_tokens = 64, .max_running = 8},
                            {.requests = {request(0, 0, 8, 1), request(1, 0, 8, 1)},
                             .samples = {SimTime::from_ns(1080), SimTime::from_ns(2160), SimTime::from_ns(2161)}});
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 1080);
    EXPECT_EQ(story.fates.at(1).end_ns, 2160);
    EXPECT_EQ(story.samples.at(0).state.kv_blocks_used, 2);
    EXPECT_EQ(story.samples.at(1).state.kv_blocks_used, 2);
    EXPECT_EQ(story.samples.size(), 2u) << "nothing happens after 2160 ns";
}

TEST_P(VllmV1Rules, WhenBlocksRunOutTheLastAdmittedIsRecomputed) {
    // Both prompts fill a block; each needs another for its second token, and there is one.
    const SchedulerLimits limits{.kv_blocks = 3, .block_tokens = 4, .max_context_tokens = 100};
    const Story story =
        run(limits, {.chunk_tokens = 64, .max_running = 2}, {.requests = {request(0, 0, 4, 5), request(1, 0, 4, 4)}});
    const std::int64_t first = 1080;
    const std::int64_t end_of_0 = first + 1015 + 1016 + 1017 + 1018;
    // Prompt and the first token of the answer again, 5 tokens; then decodes on 6 and 7.
    const std::int64_t resumed = end_of_0 + 1050;
    const Fate expected_0{.id = 0,
                          .state = EndState::Finished,
                          .end_ns = end_of_0,
                          .received_ns = 0,
                          .scheduled_ns = 0,
                          .first_token_ns = first,
                          .generated = 5};
    const Fate expected_1{.id = 1,
                          .state = EndState::Finished,
                          .end_ns = resumed + 1016 + 1017,
                          .received_ns = 0,
                          .scheduled_ns = 0,
                          .first_token_ns = first,
                          .generated = 4,
                          .preemptions = 1,
                          .preempted_ns = end_of_0 - first};
    EXPECT_EQ(story.fates.at(0), expected_0);
    EXPECT_EQ(story.fates.at(1), expected_1);
    EXPECT_EQ(story.sums.preemptions, 1);
    EXPECT_EQ(story.sums.prefill_tokens, 4 + 4 + 5);
    EXPECT_EQ(story.gaps.count(), 4 + 3);
    EXPECT_EQ(story.gaps.sum_ns(),
              (WideSum{.low = static_cast<std::uint64_t>(end_of_0 - first + expected_1.end_ns - first)}));
}

TEST_P(VllmV1Rules, ThePreemptedGoesBeforeThoseWhoWaited) {
    // As above, with a third that would fit into the block left over, but is behind the preempted one.
    const SchedulerLimits limits{.kv_blocks = 3, .block_tokens = 4, .max_context_tokens = 100};
    const Story story = run(limits, {.chunk_tokens = 64, .max_running = 2},
                            {.requests = {request(0, 0, 4, 5), request(1, 0, 4, 4), request(2, 500, 1, 1)}});
    const std::int64_t end_of_0 = 1080 + 1015 + 1016 + 1017 + 1018;
    EXPECT_EQ(story.fates.at(2).scheduled_ns, end_of_0);
    EXPECT_EQ(story.fates.at(2).first_token_ns, end_of_0 + 1060);
    EXPECT_EQ(story.fates.at(1).end_ns, end_of_0 + 1060 + 1016 + 1017);
}

TEST_P(VllmV1Rules, NothingIsAdmittedInTheStepOfAPreemption) {
    // Four blocks. Chunks of 4 tokens: 0 has its prompt in step 1; 1 its own in chunks of 3, 3, 1 beside the decodes of
    // 0 on 5, 6, 7 tokens; step 5 is decodes on 8 and 8. In step 6 request 0 wants a third block: 1 loses its two, of
    // which one is left. A chunk of 1 would fit, but has to wait until step 7, when 0 has ended.
    const SchedulerLimits limits{.kv_blocks = 4, .block_tokens = 4, .max_context_tokens = 100};
    const Story story =
        run(limits, {.chunk_tokens = 4, .max_running = 2}, {.requests = {request(0, 0, 4, 6), request(1, 0, 7, 6)}});
    const std::int64_t first_of_1 = 1040 + 1045 + 1049 + 1033;
    const std::int64_t preempted = first_of_1 + 1036;
    EXPECT_EQ(story.fates.at(1).first_token_ns, first_of_1);
    EXPECT_EQ(story.fates.at(0).end_ns, preempted + 1019);
    // All nine tokens again in chunks of 4, 4, 1, then decodes on 10, 11, 12.
    EXPECT_EQ(story.fates.at(1).end_ns, preempted + 1019 + (1040 + 1044 + 1018) + (1020 + 1021 + 1022));
    EXPECT_EQ(story.fates.at(1).preemptions, 1u);
    EXPECT_EQ(story.sums.kv_blocks_peak, 4);
}

TEST_P(VllmV1Rules, AHalfComputedPromptLosesItsBlocksBeforeADecodeDoes) {
    // Three blocks. 0 has one, 1 is in the middle of its prompt with two when 0 wants its second.
    const SchedulerLimits limits{.kv_blocks = 3, .block_tokens = 4, .max_context_tokens = 100};
    const Story story =
        run(limits, {.chunk_tokens = 5, .max_running = 5}, {.requests = {request(0, 0, 3, 4), request(1, 0, 12, 1)}});
    // Step 1: 3 tokens of 0 and 2 of 1. Step 2: a decode on 4, 4 tokens of 1 after 2. Step 3: the decode on 5 takes
    // blocks from 1. Step 4: a decode on 6, the last of 0, and 1 from the start with 4 tokens; then 5 after 4, 3 after
    // 9.
    const std::int64_t preempted = 1050 + (1050 + 4 + 2);
    const std::int64_t end_of_0 = preempted + 1015 + (1050 + 6);
    EXPECT_EQ(story.fates.at(0).end_ns, end_of_0);
    EXPECT_EQ(story.fates.at(0).preemptions, 0u);
    EXPECT_EQ(story.fates.at(1).preemptions, 1u);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 0);
    EXPECT_EQ(story.fates.at(1).end_ns, end_of_0 + (1050 + 4) + (1030 + 9));
    EXPECT_EQ(story.sums.prefill_tokens, 3 + 6 + 12);
}

TEST_P(VllmV1Rules, ARequestThatCouldNeverBeServedIsRefused) {
    // The last token of an answer needs no room in the cache: 12 tokens fit into three blocks of 4.
    const SchedulerLimits limits{.kv_blocks = 3, .block_tokens = 4, .max_context_tokens = 100};
    const Story story = run(limits, {.chunk_tokens = 64, .max_running = 8},
                            {.requests = {request(0, 0, 10, 3), request(1, 20'000, 10, 4), request(2, 20'000, 13, 1)}});
    EXPECT_EQ(story.fates.at(0).state, EndState::Finished);
    EXPECT_EQ(story.fates.at(1).state, EndState::Rejected);
    EXPECT_EQ(story.fates.at(2).state, EndState::Rejected);
    EXPECT_EQ(story.fates.at(1).end_ns, 20'000);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, kNoTime);
}

TEST_P(VllmV1Rules, ARequestLongerThanTheContextIsRefused) {
    const SchedulerLimits limits{.kv_blocks = 1000, .block_tokens = 4, .max_context_tokens = 20};
    const Story story =
        run(limits, {.chunk_tokens = 64, .max_running = 8}, {.requests = {request(0, 0, 18, 2), request(1, 0, 18, 3)}});
    EXPECT_EQ(story.fates.at(0).state, EndState::Finished);
    EXPECT_EQ(story.fates.at(1).state, EndState::Rejected);
}

INSTANTIATE_TEST_SUITE_P(Steppings, VllmV1Rules, testing::Values(Stepping::Lazy, Stepping::Stepwise),
                         [](const auto& instance) { return instance.param == Stepping::Lazy ? "Lazy" : "Stepwise"; });

TEST(VllmV1, SaysThatTheBudgetMustCoverARunningBatch) {
    try {
        (void)make_vllm_v1({.kv_blocks = 10}, options(100, 256), Stepping::Lazy);
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), (std::vector<std::string>{"chunk_tokens: 100 is less than max_running; expected at "
                                                              "least 256"}));
    }
}

TEST(VllmV1, GoesThroughALongAnswerInOneRunOfSteps) {
    const Parameters parameters = options(64, 8);
    const Subject subject{.limits = {.kv_blocks = 100'000, .block_tokens = 16, .max_context_tokens = 1'000'000},
                          .scheduler = [&](const SchedulerLimits& given,
                                           Stepping stepping) { return make_vllm_v1(given, parameters, stepping); },
                          .timing = round_times()};
    const Story story = tell(subject, Stepping::Lazy, {.requests = {request(0, 0, 10, 100'000)}});
    EXPECT_EQ(story.sums.steps, 100'000);
    EXPECT_EQ(story.wake_ups.size(), 2u) << "the soonest end there could be, the end";
    // Contexts 11, ..., 100'009.
    EXPECT_EQ(story.fates.at(0).end_ns, 1100 + 99'999 * 1010 + std::int64_t{99'999} * (11 + 100'009) / 2);
}

}  // namespace
}  // namespace regatta::serving
