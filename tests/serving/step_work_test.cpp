#include "serving/step_work.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "recording_sink.hpp"
#include "timing/expert_count.hpp"

namespace regatta::serving {
namespace {

/// Token by token: what a step of equal decodes and some chunks attends to and moves.
struct ByTokens {
    std::int64_t attended = 0;
    std::int64_t moved = 0;

    /// A token that attends to `context` tokens, itself included.
    void add(std::int64_t context, std::int64_t window) { attended += std::min(context, window); }
};

ByTokens chunk_by_tokens(const timing::PrefillChunk& chunk, std::int64_t window) {
    ByTokens count;
    for (std::int64_t i = 0; i < chunk.tokens; ++i)
        count.add(chunk.context_tokens + i + 1, window);
    // Each of the chunk's own tokens is written; of the context is read what its first token still sees.
    count.moved = chunk.tokens + std::min(chunk.context_tokens, window - 1);
    return count;
}

constexpr std::int64_t kEverything = 1'000'000'000;

ReplicaRecord counted(const timing::BatchShape& shape, const llm::WorkFacts& facts, std::int64_t steps) {
    StepWork work;
    work.start(shape, facts);
    ReplicaRecord sums;
    work.add_to(sums, steps, shape.decodes, shape.decode_context_tokens, facts);
    sums.decode_tokens = steps * shape.decodes;
    work.finish(sums);
    return sums;
}

TEST(StepWork, CountsPrefillChunksTokenByToken) {
    for (const std::int64_t window : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}, std::int64_t{100}}) {
        const llm::WorkFacts facts{.window_tokens = window};
        for (const timing::PrefillChunk chunk :
             {timing::PrefillChunk{1, 0}, {5, 0}, {20, 0}, {3, 4}, {1, 6}, {10, 6}, {10, 7}, {50, 200}}) {
            SCOPED_TRACE(testing::Message()
                         << chunk.tokens << " after " << chunk.context_tokens << ", window " << window);
            const std::vector chunks = {chunk, timing::PrefillChunk{2, 1}};
            const ReplicaRecord sums = counted({.prefills = chunks, .samples = 1}, facts, 1);
            const auto expected = [&](std::int64_t most) {
                ByTokens both = chunk_by_tokens(chunks[0], most);
                const ByTokens second = chunk_by_tokens(chunks[1], most);
                both.attended += second.attended;
                both.moved += second.moved;
                return both;
            };
            EXPECT_EQ(sums.attended_tokens, expected(kEverything).attended);
            EXPECT_EQ(sums.moved_kv_tokens, expected(kEverything).moved);
            EXPECT_EQ(sums.window_attended_tokens, window == 0 ? 0 : expected(window).attended);
            EXPECT_EQ(sums.window_moved_kv_tokens, window == 0 ? 0 : expected(window).moved);
            EXPECT_EQ(sums.sequences, 2);
            EXPECT_EQ(sums.samples, 1);
        }
    }
}

TEST(StepWork, CountsDecodesStepByStep) {
    for (const std::int64_t window : {std::int64_t{0}, std::int64_t{10}, std::int64_t{52}, std::int64_t{1'000}}) {
        SCOPED_TRACE(window);
        const llm::WorkFacts facts{.window_tokens = window};
        const timing::BatchShape shape{.decodes = 3, .decode_context_tokens = 3 * 50, .prefills = {}, .samples = 3};
        std::int64_t attended = 0;
        std::int64_t in_window = 0;
        for (std::int64_t step = 0; step < 7; ++step) {
            attended += 3 * (50 + step);
            in_window += 3 * std::min(50 + step, window);
        }
        const ReplicaRecord sums = counted(shape, facts, 7);
        EXPECT_EQ(sums.attended_tokens, attended);
        EXPECT_EQ(sums.moved_kv_tokens, attended);
        EXPECT_EQ(sums.window_attended_tokens, in_window);
        EXPECT_EQ(sums.window_moved_kv_tokens, in_window);
        EXPECT_EQ(sums.sequences, 21);
        EXPECT_EQ(sums.samples, 21);
    }
}

/// Decodes of different lengths, whose mean passes the window between two steps.
TEST(StepWork, IsTheSameForARunAndForItsStepsOneByOne) {
    const llm::WorkFacts facts{.window_tokens = 40, .experts = 32, .experts_per_token = 4};
    timing::BatchShape shape{.decodes = 7, .decode_context_tokens = 263, .prefills = {}, .samples = 7};
    const ReplicaRecord at_once = counted(shape, facts, 12);
    ReplicaRecord one_by_one;
    StepWork work;
    for (int step = 0; step < 12; ++step) {
        work.start(shape, facts);
        work.add_to(one_by_one, 1, shape.decodes, shape.decode_context_tokens, facts);
        shape.decode_context_tokens += shape.decodes;
        one_by_one.decode_tokens += shape.decodes;
    }
    work.finish(one_by_one);
    EXPECT_EQ(fields(at_once), fields(one_by_one));
    EXPECT_LT(at_once.window_attended_tokens, at_once.attended_tokens);
}

TEST(StepWork, CountsExpertsAsExpected) {
    const llm::WorkFacts facts{.experts = 32, .experts_per_token = 4};
    const std::vector chunks = {timing::PrefillChunk{9, 0}};
    const ReplicaRecord sums =
        counted({.decodes = 2, .decode_context_tokens = 8, .prefills = chunks, .samples = 3}, facts, 1);
    EXPECT_NEAR(static_cast<double>(sums.experts_read_1024) / 1024, timing::expected_distinct_experts(32, 4, 11), 1e-3);
}

}  // namespace
}  // namespace regatta::serving
