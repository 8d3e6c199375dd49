#include "serving/scratchpad_engine.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace regatta::serving {
namespace {

using Kind = ScratchpadIteration::Kind;

/// A prompt takes 1 s a token, a decode 10 s and 0.01 s for each token of context, times the batch.
class PlainTimes final : public ScratchpadTimes {
public:
    [[nodiscard]] double prefill_s(std::int64_t prompt_tokens) const override {
        return static_cast<double>(prompt_tokens);
    }
    [[nodiscard]] double decode_s(std::int64_t context_tokens, std::int64_t sequences) const override {
        return (10 + 0.01 * static_cast<double>(context_tokens)) * static_cast<double>(sequences);
    }
};

class ScratchpadEngineRules : public ::testing::Test {
protected:
    ScratchpadRequest& request(std::int64_t prompt, std::int64_t output, double arrival_s = 0) {
        requests_.push_back(
            {.line = requests_.size(), .arrival_s = arrival_s, .prompt_tokens = prompt, .output_tokens = output});
        return requests_.back();
    }

    PlainTimes times_;
    std::deque<ScratchpadRequest> requests_;  ///< stay where they are
};

TEST_F(ScratchpadEngineRules, PromptsAreComputedOneByOneAndBeforeDecodes) {
    ScratchpadEngine engine(times_, 100);
    ScratchpadRequest& first = request(3, 5);
    ScratchpadRequest& second = request(4, 5);
    engine.add(first);
    engine.add(second);
    const ScratchpadIteration one = engine.step(10);
    EXPECT_EQ(one.kind, Kind::Prefill);
    EXPECT_EQ(one.end_s, 13);
    EXPECT_EQ(first.prefill_end_s, 13);
    EXPECT_EQ(first.generated, 0);  // it gives no token
    const ScratchpadIteration two = engine.step(13);
    EXPECT_EQ(two.kind, Kind::Prefill);
    EXPECT_EQ(second.prefill_end_s, 17);
    EXPECT_EQ(engine.step(17).kind, Kind::Decode);
}

TEST_F(ScratchpadEngineRules, NothingStartsBeforeItArrives) {
    ScratchpadEngine engine(times_, 100);
    engine.add(request(3, 5, 20));
    EXPECT_EQ(engine.step(10).end_s, 23);
}

TEST_F(ScratchpadEngineRules, ABatchIsPricedAsIfAllWereAsLongAsTheLongest) {
    ScratchpadEngine engine(times_, 100);
    engine.add(request(100, 9));
    engine.add(request(300, 9));
    static_cast<void>(engine.step(0));
    static_cast<void>(engine.step(1000));
    const ScratchpadIteration first = engine.step(2000);
    EXPECT_DOUBLE_EQ(first.end_s, 2000 + 2 * (10 + 3.0));
    EXPECT_EQ(first.priced_tokens, 300);
    EXPECT_DOUBLE_EQ(engine.step(3000).end_s, 3000 + 2 * (10 + 3.01));  // one token longer
}

TEST_F(ScratchpadEngineRules, WhatFinishesLeavesWhenItsLastIterationBegins) {
    ScratchpadEngine engine(times_, 100);
    ScratchpadRequest& only = request(16, 2);
    engine.add(only);
    static_cast<void>(engine.step(0));
    static_cast<void>(engine.step(100));
    const ScratchpadIteration last = engine.step(200);
    EXPECT_EQ(last.used_blocks, 1);
    EXPECT_EQ(last.blocks_after, 0);
    ASSERT_EQ(last.finished.size(), 1U);
    EXPECT_EQ(only.end_s, last.end_s);
    EXPECT_GT(only.end_s, 200);
    EXPECT_EQ(engine.running(), 0U);
    EXPECT_TRUE(engine.is_at_rest());
}

TEST_F(ScratchpadEngineRules, AnAnswerOfOneTokenIsDecodedAfterItIsComplete) {
    ScratchpadEngine engine(times_, 100);
    ScratchpadRequest& only = request(40, 1);
    engine.add(only);
    const ScratchpadIteration prefill = engine.step(0);
    EXPECT_EQ(prefill.used_blocks, 3);
    EXPECT_EQ(prefill.blocks_after, 0);
    EXPECT_EQ(engine.running(), 1U);
    const ScratchpadIteration decode = engine.step(40);
    EXPECT_EQ(decode.used_blocks, 3);  // taken anew
    EXPECT_EQ(only.end_s, decode.end_s);
    EXPECT_EQ(engine.used_blocks(), 0);
}

TEST_F(ScratchpadEngineRules, OnlyTheFirstThatFitsIsTakenNotTheHead) {
    ScratchpadEngine engine(times_, 10);
    ScratchpadRequest& large = request(16 * 10, 5);  // 10 > 0.95 x 10
    ScratchpadRequest& small = request(16 * 9, 5);
    engine.add(large);
    engine.add(small);
    const ScratchpadIteration taken = engine.step(0);
    ASSERT_EQ(taken.participants.size(), 1U);
    EXPECT_EQ(taken.participants[0], &small);
    EXPECT_EQ(engine.used_blocks(), 9);
}

TEST_F(ScratchpadEngineRules, TheWatermarkIsMetExactly) {
    ScratchpadEngine engine(times_, 20);
    engine.add(request(16 * 19, 5));  // 0.95 x 20 - 0 >= 19
    EXPECT_EQ(engine.step(0).kind, Kind::Prefill);
    ScratchpadEngine smaller(times_, 19);
    smaller.add(request(16 * 19, 5));
    EXPECT_EQ(smaller.step(0).kind, Kind::None);
}

TEST_F(ScratchpadEngineRules, BlocksGrowByWhatIsGeneratedWithoutThePrompt) {
    ScratchpadEngine engine(times_, 100);
    ScratchpadRequest& only = request(16, 100);
    engine.add(only);
    static_cast<void>(engine.step(0));
    for (int token = 1; token <= 17; ++token)
        EXPECT_EQ(engine.step(100.0 * token).used_blocks, 1) << token;
    EXPECT_EQ(engine.step(5000).used_blocks, 2);  // 17 generated before it
}

TEST_F(ScratchpadEngineRules, WhereNothingWaitingFitsNothingIsDecodedEither) {
    ScratchpadEngine engine(times_, 10);
    engine.add(request(16 * 5, 5));
    static_cast<void>(engine.step(0));
    engine.add(request(16 * 5, 5));
    EXPECT_FALSE(engine.is_at_rest());
    EXPECT_EQ(engine.step(100).kind, Kind::None);
    EXPECT_TRUE(engine.is_at_rest());
    engine.add(request(16, 5));  // fits, and so all goes on
    EXPECT_FALSE(engine.is_at_rest());
    EXPECT_EQ(engine.step(200).kind, Kind::Prefill);
}

TEST_F(ScratchpadEngineRules, WithoutAFreeBlockADecodeIsSkippedAndCountsAllTheSame) {
    ScratchpadEngine engine(times_, 3);
    ScratchpadRequest& first = request(1, 100);
    ScratchpadRequest& second = request(1, 100);
    engine.add(first);
    engine.add(second);
    static_cast<void>(engine.step(0));
    static_cast<void>(engine.step(10));
    ScratchpadIteration decode;
    for (int token = 1; token <= 17; ++token)
        decode = engine.step(100.0 * token);
    EXPECT_EQ(decode.participants.size(), 2U);
    decode = engine.step(9000);  // the first takes the third block
    EXPECT_EQ(decode.participants.size(), 1U);
    EXPECT_EQ(decode.priced_sequences, 2);
    EXPECT_EQ(second.generated, 17);
    EXPECT_EQ(engine.step(10000).kind, Kind::None);  // that simulator dies here
    EXPECT_TRUE(engine.is_at_rest());
}

TEST_F(ScratchpadEngineRules, WithoutBlocksNothingEverFits) {
    ScratchpadEngine engine(times_, 0);
    engine.add(request(1, 1));
    EXPECT_EQ(engine.step(0).kind, Kind::None);
    EXPECT_EQ(engine.waiting(), 1U);
}

TEST_F(ScratchpadEngineRules, GivingUpTellsWhatWasThere) {
    ScratchpadEngine engine(times_, 100);
    ScratchpadRequest& running = request(3, 5);
    ScratchpadRequest& waiting = request(3, 5);
    engine.add(running);
    static_cast<void>(engine.step(0));
    engine.add(waiting);
    EXPECT_EQ(engine.give_up(), (std::vector<ScratchpadRequest*>{&running, &waiting}));
    EXPECT_EQ(engine.used_blocks(), 0);
    EXPECT_TRUE(engine.is_at_rest());
}

}  // namespace
}  // namespace regatta::serving
