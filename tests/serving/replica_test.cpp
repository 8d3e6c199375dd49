#include "serving/replica.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

/// One request at a time decodes in steps of `step_ns`, whatever they compute.
class AReplica : public testing::Test {
protected:
    static std::unique_ptr<ReplicaScheduler> scheduler() {
        Parameters parameters;
        parameters.set("chunk_tokens", std::int64_t{64});
        parameters.set("max_running", std::int64_t{8});
        parameters.set("order", std::string("fcfs"));
        parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
        return make_vllm_v1({.kv_blocks = 100, .block_tokens = 4, .max_context_tokens = 1000}, parameters,
                            Stepping::Lazy);
    }
    Replica replica(double step_ns) {
        timing_ = std::make_unique<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = step_ns});
        return Replica({.id = ReplicaId(5), .node = NodeId(2), .pool = PoolId(0), .kv_blocks = 100}, scheduler(),
                       Replica::Surroundings{*timing_, sink_, outcome_});
    }
    /// Unfinished ones at `end`.
    std::vector<ServedRequest> finish(Replica& replica, SimTime end) {
        std::vector<ServedRequest> unfinished;
        replica.finish(end, [&](const ServedRequest& served) { unfinished.push_back(served); });
        return unfinished;
    }

    std::unique_ptr<timing::StepTimeModel> timing_;
    RecordingSink sink_;
    StepOutcome outcome_;
};

TEST_F(AReplica, WithoutRequestsPlansNothing) {
    Replica idle = replica(100);
    EXPECT_TRUE(idle.wake_at().is_never());
    EXPECT_EQ(idle.outstanding(), 0);
    EXPECT_EQ(fields(idle.sample(ns(50))), fields(ReplicaSample{}));
    EXPECT_TRUE(finish(idle, ns(60)).empty());
    EXPECT_EQ(sink_.replicas.at(0).busy_ns, 0);
}

TEST_F(AReplica, StartsAtTheInstantOfTheFirstRequest) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 7, 1, 3), ns(7)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(307)) << "three tokens, at least three steps";
    EXPECT_EQ(fields(served.sample(ns(8))), fields(ReplicaSample{0, 1, 1, 1}));
    EXPECT_EQ(served.wake_at(), ns(307));
    EXPECT_EQ(served.wake(ns(307)).size(), 1u);
}

TEST_F(AReplica, TakesAllRequestsOfTheInstantIntoItsFirstBatch) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 7, 1, 3), ns(7)), EndReason::None);
    ASSERT_EQ(served.receive(request(1, 7, 1, 3), ns(7)), EndReason::None);
    EXPECT_EQ(fields(served.sample(ns(8))), fields(ReplicaSample{0, 2, 2, 1}));
    EXPECT_EQ(served.wake(ns(307)).size(), 2u);
}

TEST_F(AReplica, IsNotWokenBeforeSomethingEnds) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 21), ns(0)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(2100)) << "a prompt and twenty decode steps";
    const std::span<const ServedRequest> finished = served.wake(ns(2100));
    ASSERT_EQ(finished.size(), 1u);
    EXPECT_EQ(finished[0].generated, 21);
    EXPECT_TRUE(served.wake_at().is_never());
}

TEST_F(AReplica, CutsARunAtTheEndOfTheStepInWhichARequestCame) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 21), ns(0)), EndReason::None);
    ASSERT_EQ(served.receive(request(1, 450, 1, 1), ns(450)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(600)) << "the step in progress ends at 500, the next one brings its only token";
    ASSERT_EQ(served.receive(request(2, 460, 1, 1), ns(460)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(600));
    EXPECT_EQ(served.wake(ns(600)).size(), 2u);
}

TEST_F(AReplica, SleepsThroughAPromptThatOnlyDelaysTheNextCompletion) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 21), ns(0)), EndReason::None);
    ASSERT_EQ(served.receive(request(1, 450, 1, 50), ns(450)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(2100));
    EXPECT_EQ(served.wake(ns(2100)).size(), 1u);
    EXPECT_EQ(served.wake_at(), ns(5500)) << "its prompt from 500 to 600, then 49 decode steps";
}

TEST_F(AReplica, RefusesToBeWokenTooLate) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 3), ns(0)), EndReason::None);
    EXPECT_THROW(served.wake(ns(301)), BugError);
}

TEST_F(AReplica, FindsTheStepInWhichARequestCameAlsoInALongRun) {
    // Each step is 100 ns and 3 ns for each of its context tokens: step n of the decode sees 1 + n tokens.
    timing_ = std::make_unique<timing::LinearStepTime>(
        timing::LinearStepTime::Options{.step_ns = 100, .context_token_ns = 3});
    const std::int64_t first = 100;
    const auto end_of = [&](std::int64_t step) { return first + 100 * step + 3 * (step * (step + 3) / 2); };
    for (const std::int64_t step : {1, 2, 17, 150, 240}) {
        for (const std::int64_t late : {0, -1}) {
            Replica served({.id = ReplicaId(5), .node = NodeId(2), .pool = PoolId(0), .kv_blocks = 100}, scheduler(),
                           Replica::Surroundings{*timing_, sink_, outcome_});
            ASSERT_EQ(served.receive(request(0, 0, 1, 251), ns(0)), EndReason::None);
            (void)served.sample(ns(first + 1));
            ASSERT_EQ(served.wake_at(), ns(end_of(250)));
            ASSERT_EQ(served.receive(request(1, 0, 1, 1), ns(end_of(step) + late)), EndReason::None);
            // Its only token comes with the step after the one in progress, which takes 100 ns at least.
            EXPECT_EQ(served.wake_at(), ns(end_of(late == 0 ? step + 1 : step) + 100));
        }
    }
}

TEST_F(AReplica, CarriesFractionsOfANanosecondFromStepToStep) {
    Replica served = replica(100.25);
    ASSERT_EQ(served.receive(request(0, 0, 1, 4), ns(0)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(401)) << "four steps of 100.25 ns";
    EXPECT_EQ(fields(served.sample(ns(101))), fields(ReplicaSample{0, 1, 1, 1}));
    served.wake(ns(401));
    EXPECT_EQ(sink_.gaps[PoolId(0)].sum_ns(), (WideSum{.low = 300})) << "from 101 to 401";
    // 401 ns belong to the steps; the next request starts on a whole nanosecond again.
    ASSERT_EQ(served.receive(request(1, 500, 1, 1), ns(500)), EndReason::None);
    EXPECT_EQ(served.wake_at(), ns(601)) << "a boundary happens at its nanosecond rounded up";
}

TEST_F(AReplica, IsSampledBeforeWhatHappensAtTheInstant) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 4, 9), ns(0)), EndReason::None);
    // The step from 100 to 200 ns puts token 5 into a second block; that from 500 to 600 ns token 9 into a third.
    EXPECT_EQ(served.sample(ns(101)).kv_blocks_used, 2);
    EXPECT_EQ(served.sample(ns(500)).kv_blocks_used, 2);
    EXPECT_EQ(served.sample(ns(501)).kv_blocks_used, 3);
    EXPECT_EQ(fields(served.sample(ns(900))), fields(ReplicaSample{0, 1, 3, 1, 11}));
}

TEST_F(AReplica, TellsWhatIsUnfinishedAtTheEnd) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 50), ns(0)), EndReason::None);
    ASSERT_EQ(served.receive(request(1, 1050, 1, 1), ns(1050)), EndReason::None);
    const std::vector<ServedRequest> unfinished = finish(served, ns(1075));
    ASSERT_EQ(unfinished.size(), 2u);
    EXPECT_EQ(unfinished[0].generated, 10) << "the step that ends at 1000 ns is the last one";
    EXPECT_TRUE(unfinished[1].scheduled.is_never());
    EXPECT_EQ(sink_.replicas.at(0).steps, 10);
    EXPECT_EQ(sink_.replicas.at(0).busy_ns, 1075) << "the step in progress counts as far as it came";
}

TEST_F(AReplica, DoesNotCountAStepThatEndsWithTheRun) {
    Replica served = replica(100);
    ASSERT_EQ(served.receive(request(0, 0, 1, 50), ns(0)), EndReason::None);
    const std::vector<ServedRequest> unfinished = finish(served, ns(1000));
    EXPECT_EQ(unfinished.at(0).generated, 9);
    EXPECT_EQ(sink_.replicas.at(0).steps, 9);
}

}  // namespace
}  // namespace regatta::serving
