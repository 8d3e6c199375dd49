// Pipelines of two stages, on schedules small enough to follow by hand: each stage takes 100 ns, whatever it computes;
// blocks have 4 tokens.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

class PipelineOfTwo : public testing::TestWithParam<Stepping> {
protected:
    Story run(std::int64_t kv_blocks, std::int64_t chunk_tokens, std::vector<Request> requests) {
        Parameters parameters;
        parameters.set("chunk_tokens", chunk_tokens);
        parameters.set("max_running", std::int64_t{8});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        const Subject subject{
            .limits = {.kv_blocks = kv_blocks, .block_tokens = 4, .max_context_tokens = 100, .pipeline_stages = 2},
            .scheduler = [&](const SchedulerLimits& given,
                             Stepping stepping) { return make_vllm_v1(given, parameters, stepping); },
            .timing =
                std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = 100, .stages = 2})};
        return tell(subject, GetParam(), {.requests = std::move(requests)});
    }
    static const Fate& fate_of(const Story& story, std::uint64_t id) {
        return story.fates.at(0).id == id ? story.fates.at(0) : story.fates.at(1);
    }
};

TEST_P(PipelineOfTwo, HasTwoBatchesUnderWay) {
    // Each prompt fills a batch. The second one enters the first stage when the first has left it.
    const Story story = run(100, 8, {request(0, 0, 8, 3), request(1, 0, 8, 3)});
    EXPECT_EQ(fate_of(story, 0).first_token_ns, 200);
    EXPECT_EQ(fate_of(story, 0).end_ns, 600);
    EXPECT_EQ(fate_of(story, 1).first_token_ns, 300);
    EXPECT_EQ(fate_of(story, 1).end_ns, 700);
    EXPECT_EQ(story.sums.steps, 6);
    EXPECT_EQ(story.sums.busy_ns, 600) << "each of two stages computes six batches of 100 ns";
}

TEST_P(PipelineOfTwo, OneWaitsForBlocksOfALaterOneInTheOtherStage) {
    // 7 blocks, of which each request needs all in the end. At 400 ns the first has 4 and wants 6, and the second, with
    // 2, is in flight: if the first gave way now, the second would have to in its turn, and so on.
    const Story story = run(7, 8, {request(0, 0, 24, 2), request(1, 0, 24, 2)});
    EXPECT_EQ(fate_of(story, 0).preemptions, 0U);
    EXPECT_EQ(fate_of(story, 0).first_token_ns, 700);  // from 500 ns on, when the second is back
    EXPECT_EQ(fate_of(story, 0).end_ns, 900);
    EXPECT_EQ(fate_of(story, 1).preemptions, 2U);
    EXPECT_EQ(fate_of(story, 1).first_token_ns, 1500);
    EXPECT_EQ(fate_of(story, 1).end_ns, 1700);
}

INSTANTIATE_TEST_SUITE_P(Both, PipelineOfTwo, testing::Values(Stepping::Lazy, Stepping::Stepwise),
                         [](const auto& one) { return one.param == Stepping::Lazy ? "Lazily" : "Stepwise"; });

}  // namespace
}  // namespace regatta::serving
