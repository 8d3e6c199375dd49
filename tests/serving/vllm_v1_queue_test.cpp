// Orders of the queue, limits by class and the longest wait on schedules small enough to follow by hand. A step takes
// 100 ns, whatever it computes.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "serving/vllm_v1.hpp"
#include "timing/linear.hpp"

namespace regatta::serving {
namespace {

const std::vector<std::string> kClasses = {"chat", "batch"};
/// Stream 0 is urgent chat, stream 1 batch.
constexpr std::array<StreamTerms, 2> kStreams = {
    {{.priority = -1, .service_class = 0}, {.priority = 7, .service_class = 1}}};

struct Chosen {
    std::string order = "fcfs";
    std::int64_t max_running = 8;
    std::int64_t kv_blocks = 1000;
    SimTime max_waiting = SimTime::never();
    std::vector<std::pair<std::string, std::int64_t>> class_limits = {};
};

SchedulerLimits limits_for(const Chosen& chosen) {
    return {.kv_blocks = chosen.kv_blocks,
            .block_tokens = 4,
            .max_context_tokens = 1000,
            .streams = kStreams,
            .classes = kClasses};
}

Parameters parameters_for(const Chosen& chosen) {
    Parameters parameters;
    parameters.set("chunk_tokens", std::int64_t{64});
    parameters.set("max_running", chosen.max_running);
    parameters.set("order", chosen.order);
    parameters.set("class_limits", chosen.class_limits);
    if (!chosen.max_waiting.is_never()) parameters.set("max_waiting", chosen.max_waiting);
    return parameters;
}

Request of_stream(std::uint16_t stream, Request request) {
    request.stream = StreamId(stream);
    return request;
}

class VllmV1Queue : public testing::TestWithParam<Stepping> {
protected:
    Story run(const Chosen& chosen, std::vector<Request> requests) {
        const Parameters parameters = parameters_for(chosen);
        const Subject subject{
            .limits = limits_for(chosen),
            .scheduler = [&](const SchedulerLimits& given,
                             Stepping stepping) { return make_vllm_v1(given, parameters, stepping); },
            .timing = std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = 100})};
        return tell(subject, GetParam(), {.requests = std::move(requests)});
    }
};

TEST_P(VllmV1Queue, ByPriorityTheSmallerNumberGoesFirst) {
    const Story story = run(
        {.order = "priority", .max_running = 1},
        {of_stream(1, request(0, 0, 1, 2)), of_stream(1, request(1, 10, 1, 1)), of_stream(0, request(2, 20, 1, 1))});
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 200);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 300);
}

TEST_P(VllmV1Queue, OfOnePriorityTheEarlierAtTheGatewayGoesFirst) {
    Request late = of_stream(1, request(1, 10, 1, 1));
    Request early = of_stream(1, request(2, 10, 1, 1));
    late.id = RequestId(2);
    early.id = RequestId(1);
    const Story story = run({.order = "priority", .max_running = 1}, {of_stream(1, request(0, 0, 1, 2)), late, early});
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 200) << "the same arrival: the smaller id";
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 300);
}

TEST_P(VllmV1Queue, ByPriorityTheLeastUrgentGivesWayAlthoughItWasAdmittedFirst) {
    // Request 1 is admitted at 100 ns. At 200 ns each needs a second block for its fifth token, and there is one.
    const std::vector<Request> requests = {of_stream(1, request(0, 0, 3, 3)), of_stream(0, request(1, 50, 4, 3))};
    const Story by_priority = run({.order = "priority", .kv_blocks = 3}, requests);
    EXPECT_EQ(by_priority.fates.at(0).preemptions, 1u);
    EXPECT_EQ(by_priority.fates.at(1).preemptions, 0u);
    EXPECT_EQ(by_priority.fates.at(1).end_ns, 400);
    // Its prompt and two tokens again, which fit when request 1 has ended, and the last one with them.
    EXPECT_EQ(by_priority.fates.at(0).end_ns, 500);
    const Story by_arrival = run({.kv_blocks = 3}, requests);
    EXPECT_EQ(by_arrival.fates.at(0).preemptions, 0u);
    EXPECT_EQ(by_arrival.fates.at(0).end_ns, 300);
    EXPECT_EQ(by_arrival.fates.at(1).preemptions, 1u);
    EXPECT_EQ(by_arrival.fates.at(1).end_ns, 500);
}

TEST_P(VllmV1Queue, AVictimThatHadItsBlockOfTheStepGivesItBack) {
    // As above: request 0, admitted first, has taken the last block when request 1 wants one, and gives both of its. So
    // request 1 has a third one for its ninth token, at 600 ns.
    const Story story = run({.order = "priority", .kv_blocks = 3},
                            {of_stream(1, request(0, 0, 3, 4)), of_stream(0, request(1, 50, 4, 6))});
    EXPECT_EQ(story.fates.at(0).preemptions, 1u);
    EXPECT_EQ(story.fates.at(1).preemptions, 0u);
    EXPECT_EQ(story.fates.at(1).end_ns, 700);
    EXPECT_EQ(story.fates.at(0).end_ns, 900);
    EXPECT_EQ(story.sums.kv_blocks_peak, 3);
}

TEST_P(VllmV1Queue, TheShortestPromptGoesFirstWhateverItsAnswer) {
    const Story story = run({.order = "shortest_first", .max_running = 1},
                            {request(0, 0, 1, 2), request(1, 10, 9, 1), request(2, 20, 3, 5)});
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 200);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 700);
}

TEST_P(VllmV1Queue, OthersPassAClassAtItsLimit) {
    const Story story =
        run({.class_limits = {{"batch", 1}}}, {of_stream(1, request(0, 0, 1, 3)), of_stream(1, request(1, 0, 1, 1)),
                                               of_stream(0, request(2, 0, 1, 1)), of_stream(0, request(3, 150, 1, 1))});
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 0);
    EXPECT_EQ(story.fates.at(3).scheduled_ns, 200);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 300) << "when the other one of its class has ended";
}

TEST_P(VllmV1Queue, WhoHasWaitedTooLongEndsAtThatInstant) {
    const Story story = run({.max_running = 1, .max_waiting = SimTime::from_ns(120)},
                            {request(0, 0, 1, 9), request(1, 10, 1, 1), request(2, 855, 1, 1)});
    const Fate given_up{
        .id = 1, .state = EndState::TimedOut, .reason = EndReason::WaitedTooLong, .end_ns = 130, .received_ns = 10};
    EXPECT_EQ(story.fates.at(1), given_up);
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 900) << "in time";
    EXPECT_EQ(story.fates.at(2).state, EndState::Finished);
}

TEST_P(VllmV1Queue, ABatchFormedAtTheDeadlineStillTakesIt) {
    const Story story =
        run({.max_running = 1, .max_waiting = SimTime::from_ns(190)}, {request(0, 0, 1, 2), request(1, 10, 1, 1)});
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 200);
    EXPECT_EQ(story.fates.at(1).state, EndState::Finished);
}

TEST_P(VllmV1Queue, WhoeverWaitedBehindOneThatGaveUpJoinsTheNextBatch) {
    // Request 0 has one block of three for its first four tokens; 1 wants three blocks, 2 one.
    const Story story = run({.kv_blocks = 3, .max_waiting = SimTime::from_ns(120)},
                            {request(0, 0, 1, 8), request(1, 10, 12, 1), request(2, 20, 1, 1)});
    EXPECT_EQ(story.fates.at(1).end_ns, 130);
    EXPECT_EQ(story.fates.at(1).state, EndState::TimedOut);
    EXPECT_EQ(story.fates.at(2).state, EndState::TimedOut) << "its own time is up before the step ends";
    const Story later = run({.kv_blocks = 3, .max_waiting = SimTime::from_ns(120)},
                            {request(0, 0, 1, 8), request(1, 10, 12, 1), request(2, 90, 1, 1)});
    EXPECT_EQ(later.fates.at(2).scheduled_ns, 200);
}

TEST_P(VllmV1Queue, ThePreemptedWaitAsLongAsItTakes) {
    const Story story =
        run({.kv_blocks = 3, .max_waiting = SimTime::from_ns(50)}, {request(0, 0, 4, 5), request(1, 0, 4, 4)});
    EXPECT_EQ(story.fates.at(1).preemptions, 1u);
    EXPECT_EQ(story.fates.at(1).state, EndState::Finished);
}

INSTANTIATE_TEST_SUITE_P(Steppings, VllmV1Queue, testing::Values(Stepping::Lazy, Stepping::Stepwise),
                         [](const auto& instance) { return instance.param == Stepping::Lazy ? "Lazy" : "Stepwise"; });

TEST(VllmV1QueueOptions, SayWhichClassesThereAre) {
    const Chosen chosen{.class_limits = {{"bach", 3}}};
    try {
        (void)make_vllm_v1(limits_for(chosen), parameters_for(chosen), Stepping::Lazy);
        FAIL() << "accepted";
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(),
                  (std::vector<std::string>{"class_limits: no stream has the class \"bach\"; allowed: "
                                            "chat, batch; did you mean \"batch\"?"}));
    }
}

}  // namespace
}  // namespace regatta::serving
