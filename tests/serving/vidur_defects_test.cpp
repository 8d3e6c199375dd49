// Where Vidur is wrong (microsoft/vidur 7d47513) and a user of ours could notice: what is right by default, and Vidur's
// way under `compat: vidur`. Which test covers which defect, by its number in the list that the guide "Coming from
// Vidur" follows:
//   2 lor counts only those who wait      Lor.CountsOutstandingRequestsAndAsVidurThoseThatWait (tests/routing),
//                                         RouterTarget.TellsLorToCountAsVidurOnlyUnderCompat (tests/scenario)
//   6 victims part-way through a prompt   here
//   7 FasterTransformer loses blocks      here
//   8 batches beyond the tables           ProfileTimes.GoOnStraightBeyondTheTables (tests/timing)
//   9 vllm and prompts that are too long  here
//  14 a file of lengths is too short      RecordedLengths.GoInTheOrderOfTheFileAndBeginAgain (tests/workload)
//  15 stale predictions                   ProfileStepTime.TakesFromTheCacheOnlyWhatIsWholeAndItsOwn,
//                                         ProfileCache.FindsWhatItKeptByTheWholeKey,
//                                         ProfileTraining.HasAKeyOfAllThatItFollowsFrom (tests/timing)
//  16 forests without a seed              ProfileForest.IsTheSameForestFromTheSameSamples,
//                                         ProfileStepTime.IsTheSameWhoeverTrainsIt (tests/timing)
//  17 Poisson gaps are cut                Poisson.HasExponentialGaps,
//                                         TruncatedPoisson.HasTheMeanOfGapsCutAtThree (tests/workload)
//  18 prompts of no token                 Cutting.TakesFromThePromptAndLeavesItOneToken (tests/workload)
//  19 memory of embeddings and LM head    MemoryPlan.CountsEmbeddingsAndHeadWhereVidurDoesNot and its neighbours
//
// Schedules are small enough to follow by hand: a step takes 100 ns, whatever it computes; blocks have 4 tokens.

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "serving/paged_batching.hpp"
#include "serving/reserving.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

enum class Compat { None, Vidur };

Subject subject_of(SchedulerFactory make, Parameters parameters, SchedulerLimits limits, Compat compat) {
    limits.block_tokens = 4;
    limits.is_like_vidur = compat == Compat::Vidur;
    parameters.set("max_running", std::int64_t{8});
    parameters.set("watermark", 0.0);
    return {
        .limits = limits,
        .scheduler = [=](const SchedulerLimits& given, Stepping stepping) { return make(given, parameters, stepping); },
        .timing = std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = 100})};
}

class VidurDefects : public testing::TestWithParam<Stepping> {
protected:
    Story sarathi(std::vector<Request> requests, Compat compat) {
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{8});
        return tell(subject_of(make_sarathi, parameters, {.kv_blocks = 8, .max_context_tokens = 100}, compat),
                    GetParam(), {.requests = std::move(requests)});
    }
    Story vllm(std::vector<Request> requests, Compat compat) {
        Parameters parameters;
        parameters.set("max_batch_tokens", std::int64_t{16});
        return tell(subject_of(make_vllm_v0, parameters, {.kv_blocks = 10, .max_context_tokens = 100}, compat),
                    GetParam(), {.requests = std::move(requests)});
    }
    /// Memory has room for two requests.
    Story faster_transformer(std::vector<Request> requests, std::vector<SimTime> samples, Compat compat) {
        return tell(subject_of(make_faster_transformer, {}, {.kv_blocks = 8, .max_context_tokens = 16}, compat),
                    GetParam(), {.requests = std::move(requests), .samples = std::move(samples)});
    }
    static const Fate& fate_of(const Story& story, std::uint64_t id) {
        for (const Fate& fate : story.fates)
            if (fate.id == id) return fate;
        throw std::out_of_range("no such request");
    }
};

/// The second request is let in with 6 of 8 blocks, has 11 of its 24 prompt tokens when the decode of the first wants a
/// block at 200 ns, and comes back in at once with the 7 tokens that the decode leaves of the step.
const std::vector<Request> kVictimInItsPrompt = {request(0, 0, 4, 3), request(1, 0, 24, 2)};

TEST_P(VidurDefects, APreemptedPromptStaysAPrompt) {
    const Story story = sarathi(kVictimInItsPrompt, Compat::None);
    const Fate expected{.id = 1,
                        .state = EndState::Finished,
                        .end_ns = 700,
                        .received_ns = 0,
                        .scheduled_ns = 0,
                        .first_token_ns = 600,  // 7, 15, 23, 24 tokens
                        .generated = 2,
                        .preemptions = 1};
    EXPECT_EQ(fate_of(story, 1), expected);
    EXPECT_EQ(fate_of(story, 0).end_ns, 300);
    EXPECT_EQ(story.sums.prefill_tokens, 4 + 11 + 24);
    EXPECT_EQ(story.sums.decode_tokens, 2 + 1);
}

TEST_P(VidurDefects, InVidurWhatWasComputedOfAPreemptedPromptIsAllOfIt) {
    const Story story = sarathi(kVictimInItsPrompt, Compat::Vidur);
    const Fate expected{.id = 1,
                        .state = EndState::Finished,
                        .end_ns = 1800,  // 14 of the 15 tokens to 26 one by one
                        .received_ns = 0,
                        .scheduled_ns = 0,
                        .first_token_ns = 400,  // 7, 11 tokens
                        .generated = 2,
                        .preemptions = 1};
    EXPECT_EQ(fate_of(story, 1), expected);
    EXPECT_EQ(fate_of(story, 0).end_ns, 300);
    EXPECT_EQ(story.sums.prefill_tokens, 4 + 11 + 11);
    EXPECT_EQ(story.sums.decode_tokens, 2 + 14);
}

/// Of the first two, one has a shorter answer. The last one comes when all is done.
const std::vector<Request> kUnequalAnswers = {request(0, 0, 4, 1), request(1, 0, 4, 3), request(2, 0, 4, 1),
                                              request(3, 0, 4, 1), request(4, 1000, 4, 1)};

TEST_P(VidurDefects, ABatchGivesAllItsBlocksBackWhateverTheLengthsOfItsAnswers) {
    const Story story =
        faster_transformer(kUnequalAnswers, {SimTime::from_ns(250), SimTime::from_ns(900)}, Compat::None);
    EXPECT_EQ(fate_of(story, 0).end_ns, 100);
    EXPECT_EQ(fate_of(story, 1).end_ns, 300);
    EXPECT_EQ(fate_of(story, 2).end_ns, 400);
    EXPECT_EQ(fate_of(story, 3).end_ns, 400);
    EXPECT_EQ(story.samples.at(0).state.kv_blocks_used, 8) << "those of an answer that is complete stay with its batch";
    EXPECT_EQ(story.samples.at(1).state.kv_blocks_used, 0);
}

TEST_P(VidurDefects, InVidurTheBlocksOfShorterAnswersAreLost) {
    const Story story =
        faster_transformer(kUnequalAnswers, {SimTime::from_ns(250), SimTime::from_ns(900)}, Compat::Vidur);
    EXPECT_EQ(fate_of(story, 1).end_ns, 300);
    EXPECT_EQ(fate_of(story, 2).end_ns, 400);
    EXPECT_EQ(fate_of(story, 3).end_ns, 500) << "there is room for one at a time";
    EXPECT_EQ(story.samples.at(1).state.kv_blocks_used, 4);
}

TEST_P(VidurDefects, APromptAboveTheTokensOfABatchIsRejected) {
    const Story story = vllm({request(0, 0, 17, 1), request(1, 0, 16, 1)}, Compat::None);
    EXPECT_EQ(fate_of(story, 0).state, EndState::Rejected);
    EXPECT_EQ(fate_of(story, 0).reason, EndReason::TooLong);
    EXPECT_EQ(fate_of(story, 1).state, EndState::Finished);
    EXPECT_EQ(fate_of(story, 1).end_ns, 100);
}

TEST_P(VidurDefects, InVidurAPromptAboveTheTokensOfABatchWaitsAndAllBehindIt) {
    const Story story = vllm({request(0, 0, 17, 1), request(1, 0, 16, 1)}, Compat::Vidur);
    for (const std::uint64_t id : {0U, 1U}) {
        EXPECT_EQ(fate_of(story, id).state, EndState::Unfinished);
        EXPECT_EQ(fate_of(story, id).scheduled_ns, kNoTime);
    }
    EXPECT_EQ(story.sums.steps, 0);
}

/// The second request runs out of blocks with 23 tokens: more than the 16 of a batch.
const std::vector<Request> kOutgrown = {request(0, 0, 4, 30), request(1, 0, 14, 20)};

TEST_P(VidurDefects, OneThatOutgrewTheTokensOfABatchGetsBackIn) {
    const Story story = vllm(kOutgrown, Compat::None);
    EXPECT_EQ(fate_of(story, 0).state, EndState::Finished);
    EXPECT_EQ(fate_of(story, 1).state, EndState::Finished);
    EXPECT_EQ(fate_of(story, 1).generated, 20);
    EXPECT_GE(fate_of(story, 1).preemptions, 1U);
}

TEST_P(VidurDefects, InVidurOneThatOutgrewTheTokensOfABatchWaits) {
    const Story story = vllm(kOutgrown, Compat::Vidur);
    EXPECT_EQ(fate_of(story, 0).state, EndState::Finished);
    EXPECT_EQ(fate_of(story, 1).state, EndState::Unfinished);
    EXPECT_EQ(fate_of(story, 1).generated, 9);
    EXPECT_EQ(fate_of(story, 1).preemptions, 1U);
}

INSTANTIATE_TEST_SUITE_P(Both, VidurDefects, testing::Values(Stepping::Lazy, Stepping::Stepwise),
                         [](const auto& one) { return one.param == Stepping::Lazy ? "Lazily" : "Stepwise"; });

}  // namespace
}  // namespace regatta::serving
