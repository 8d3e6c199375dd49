// Clients that give up, on schedules small enough to follow by hand. A step takes 100 ns, whatever it computes; the way
// between gateway and replica takes 30 ns, so that what arrives at 0 ns is in steps that end at 130, 230, 330 ns, ...

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

constexpr std::int64_t kWayNs = 30;

struct Chosen {
    std::int64_t timeout_ns = 0;  ///< of stream 0; clients of stream 1 wait for ever
    std::int64_t max_running = 8;
    std::int64_t chunk_tokens = 64;
    std::int64_t kv_blocks = 1000;
    std::int64_t max_waiting_ns = 0;  ///< 0: none
    std::int64_t way_ns = kWayNs;     ///< of the requests
};

Story tell_of(const Chosen& chosen, std::vector<Request> requests, Stepping stepping) {
    Parameters parameters;
    parameters.set("chunk_tokens", chosen.chunk_tokens);
    parameters.set("max_running", chosen.max_running);
    parameters.set("order", std::string("fcfs"));
    parameters.set("class_limits", std::vector<std::pair<std::string, std::int64_t>>());
    if (chosen.max_waiting_ns > 0) parameters.set("max_waiting", SimTime::from_ns(chosen.max_waiting_ns));
    const std::vector<StreamTerms> streams = {
        {.timeout = chosen.timeout_ns > 0 ? SimTime::from_ns(chosen.timeout_ns) : SimTime::never()}, {}};
    const Subject subject{
        .limits = {.kv_blocks = chosen.kv_blocks,
                   .block_tokens = 4,
                   .max_context_tokens = 1000,
                   .streams = streams,
                   .gateway_latency = SimTime::from_ns(kWayNs)},
        .scheduler = [&](const SchedulerLimits& given,
                         Stepping given_stepping) { return make_vllm_v1(given, parameters, given_stepping); },
        .timing = std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{.step_ns = 100})};
    return tell(subject, stepping, {.requests = std::move(requests), .way = SimTime::from_ns(chosen.way_ns)});
}

Request patient(Request request) {
    request.stream = StreamId(1);
    return request;
}

class ClientTimeOut : public testing::TestWithParam<Stepping> {
protected:
    Story run(const Chosen& chosen, std::vector<Request> requests) {
        return tell_of(chosen, std::move(requests), GetParam());
    }
};

TEST_P(ClientTimeOut, EndsARunningRequestAtTheFirstStepEndAfterTheWordHasCome) {
    const Story story = run({.timeout_ns = 250}, {request(0, 0, 5, 9)});
    const Fate expected{.id = 0,
                        .state = EndState::TimedOut,
                        .reason = EndReason::ClientGone,
                        .end_ns = 330,  // the word comes at 280
                        .received_ns = 30,
                        .scheduled_ns = 30,
                        .first_token_ns = 130,
                        .generated = 3};
    EXPECT_EQ(story.fates.at(0), expected);
    EXPECT_EQ(story.sums.finished, 0);
    EXPECT_EQ(story.sums.steps, 3);
    EXPECT_EQ(story.gaps.count(), 2);
}

TEST_P(ClientTimeOut, AStepEndsAfterTheWordOfTheSameNanosecond) {
    EXPECT_EQ(run({.timeout_ns = 200}, {request(0, 0, 5, 9)}).fates.at(0).end_ns, 230);
    EXPECT_EQ(run({.timeout_ns = 201}, {request(0, 0, 5, 9)}).fates.at(0).end_ns, 330);
}

TEST_P(ClientTimeOut, AnAnswerThatIsCompleteInTimeIsFinished) {
    const Fate in_time = run({.timeout_ns = 230}, {request(0, 0, 5, 2)}).fates.at(0);
    EXPECT_EQ(in_time.state, EndState::Finished);
    EXPECT_EQ(in_time.end_ns, 230);
}

TEST_P(ClientTimeOut, AnAnswerThatIsCompleteTooLateIsNot) {
    // The client is gone at 229 ns, and the replica, which does not know it before 259 ns, completes the answer.
    const Story story = run({.timeout_ns = 229}, {request(0, 0, 5, 2)});
    EXPECT_EQ(story.fates.at(0).state, EndState::TimedOut);
    EXPECT_EQ(story.fates.at(0).reason, EndReason::ClientGone);
    EXPECT_EQ(story.fates.at(0).end_ns, 230);
    EXPECT_EQ(story.fates.at(0).generated, 2);
    EXPECT_EQ(story.sums.finished, 0);
}

TEST_P(ClientTimeOut, ASingleTokenMayBeTooLate) {
    const Fate late = run({.timeout_ns = 129}, {request(0, 0, 5, 1)}).fates.at(0);
    EXPECT_EQ(late.state, EndState::TimedOut);
    EXPECT_EQ(late.generated, 1);
}

TEST_P(ClientTimeOut, EndsAWaitingRequestAtAStepEnd) {
    const Story story = run({.timeout_ns = 150, .max_running = 1}, {patient(request(0, 0, 5, 9)), request(1, 0, 5, 1)});
    const Fate expected{.id = 1,
                        .state = EndState::TimedOut,
                        .reason = EndReason::ClientGone,
                        .end_ns = 230,  // the word comes at 180
                        .received_ns = 30};
    EXPECT_EQ(story.fates.at(1), expected);
    EXPECT_EQ(story.fates.at(0).end_ns, 930);
}

TEST_P(ClientTimeOut, EndsARequestThatCameDuringALongRunOfSteps) {
    const Story story =
        run({.timeout_ns = 100, .max_running = 1}, {patient(request(0, 0, 5, 9)), request(1, 310, 5, 1)});
    EXPECT_EQ(story.fates.at(1).received_ns, 340);
    EXPECT_EQ(story.fates.at(1).end_ns, 530) << "the word comes at 440";
    EXPECT_EQ(story.fates.at(0).end_ns, 930);
}

TEST_P(ClientTimeOut, ALaterAnswerEndsWhereItWouldHaveWithoutTheOneGivenUp) {
    // The answer given up would have been complete at 730 ns: its end must not be taken for one of those that stay.
    const Story story = run({.timeout_ns = 150}, {request(0, 0, 5, 7), patient(request(1, 0, 5, 20))});
    EXPECT_EQ(story.fates.at(0).end_ns, 230);
    EXPECT_EQ(story.fates.at(1).end_ns, 2030);
    EXPECT_EQ(story.fates.at(1).generated, 20);
}

TEST_P(ClientTimeOut, LeavesTheOthersInTheirOrderWhereverItWaited) {
    // Of 1 to 6, which wait, the first, one in the middle and the last leave at 230 ns; 7 comes after that.
    const Story story = run(
        {.timeout_ns = 150, .max_running = 1},
        {patient(request(0, 0, 5, 3)), request(1, 0, 5, 1), patient(request(2, 0, 5, 1)), patient(request(3, 0, 5, 1)),
         request(4, 0, 5, 1), patient(request(5, 0, 5, 1)), request(6, 0, 5, 1), patient(request(7, 210, 5, 1))});
    for (const std::size_t gone : {1U, 4U, 6U})
        EXPECT_EQ(story.fates.at(gone).end_ns, 230) << gone;
    EXPECT_EQ(story.fates.at(2).scheduled_ns, 330);
    EXPECT_EQ(story.fates.at(3).scheduled_ns, 430);
    EXPECT_EQ(story.fates.at(5).scheduled_ns, 530);
    EXPECT_EQ(story.fates.at(7).scheduled_ns, 630);
}

TEST_P(ClientTimeOut, MayEmptyTheQueue) {
    const Story story = run({.timeout_ns = 150, .max_running = 1},
                            {patient(request(0, 0, 5, 4)), request(1, 0, 5, 1), request(2, 0, 5, 1),
                             patient(request(3, 210, 5, 1)), patient(request(4, 220, 5, 1))});
    EXPECT_EQ(story.fates.at(1).end_ns, 230);
    EXPECT_EQ(story.fates.at(2).end_ns, 230);
    EXPECT_EQ(story.fates.at(3).scheduled_ns, 430);
    EXPECT_EQ(story.fates.at(4).scheduled_ns, 530);
}

TEST_P(ClientTimeOut, WhoeverWaitsForItsBlocksGetsThemAtOnce) {
    const Story story = run({.timeout_ns = 250, .kv_blocks = 2}, {request(0, 0, 5, 3), patient(request(1, 0, 5, 1))});
    EXPECT_EQ(story.fates.at(0).end_ns, 330);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, 330);
}

TEST_P(ClientTimeOut, OthersOfTheBatchGoOn) {
    const Story story =
        run({.timeout_ns = 250}, {patient(request(0, 0, 5, 6)), request(1, 0, 5, 9), patient(request(2, 0, 5, 5))});
    EXPECT_EQ(story.fates.at(0).end_ns, 630);
    EXPECT_EQ(story.fates.at(1).end_ns, 330);
    EXPECT_EQ(story.fates.at(2).end_ns, 530);
    EXPECT_EQ(story.gaps.count(), 5 + 2 + 4);
}

TEST_P(ClientTimeOut, EndsAHalfComputedPrompt) {
    const Story story = run({.timeout_ns = 150, .max_running = 4, .chunk_tokens = 4},
                            {request(0, 0, 40, 9), patient(request(1, 0, 2, 1))});
    EXPECT_EQ(story.fates.at(0).end_ns, 230);
    EXPECT_EQ(story.fates.at(0).scheduled_ns, 30);
    EXPECT_EQ(story.fates.at(0).first_token_ns, kNoTime);
    EXPECT_EQ(story.sums.prefill_tokens, 4 + 4 + 2);
    EXPECT_EQ(story.fates.at(1).end_ns, 330);
}

TEST_P(ClientTimeOut, EndsAPreemptedRequest) {
    // Request 1 loses its block at 130 ns, with a token out, and waits for request 0.
    const Story story = run({.timeout_ns = 250, .kv_blocks = 3}, {patient(request(0, 0, 4, 8)), request(1, 0, 8, 4)});
    EXPECT_EQ(story.fates.at(1).preemptions, 1u);
    EXPECT_EQ(story.fates.at(1).end_ns, 330);
    EXPECT_EQ(story.fates.at(1).generated, 1);
    EXPECT_EQ(story.fates.at(0).end_ns, 830);
}

TEST_P(ClientTimeOut, WhatTheGatewayKeptForTooLongEndsWithItsFirstStep) {
    const Story story = run({.timeout_ns = 100, .way_ns = 700}, {request(0, 0, 5, 9)});
    EXPECT_EQ(story.fates.at(0).scheduled_ns, 700);
    EXPECT_EQ(story.fates.at(0).end_ns, 800);
}

TEST_P(ClientTimeOut, OrWithTheStepThatIsUnderWay) {
    const Story story = run({.timeout_ns = 100, .way_ns = 700}, {patient(request(0, 0, 5, 9)), request(1, 310, 5, 1)});
    EXPECT_EQ(story.fates.at(1).received_ns, 1010) << "600 ns after its client has gone";
    EXPECT_EQ(story.fates.at(1).end_ns, 1100);
    EXPECT_EQ(story.fates.at(1).scheduled_ns, kNoTime);
}

TEST_P(ClientTimeOut, WhoeverLosesPatienceFirstSaysWhy) {
    const std::vector<Request> requests = {patient(request(0, 0, 5, 9)), request(1, 0, 5, 1)};
    const auto fate = [&](std::int64_t timeout_ns, std::int64_t max_waiting_ns) {
        return run({.timeout_ns = timeout_ns, .max_running = 1, .max_waiting_ns = max_waiting_ns}, requests)
            .fates.at(1);
    };
    EXPECT_EQ(fate(150, 120).end_ns, 150);
    EXPECT_EQ(fate(150, 120).reason, EndReason::WaitedTooLong);
    EXPECT_EQ(fate(150, 201).end_ns, 230);
    EXPECT_EQ(fate(150, 201).reason, EndReason::ClientGone);
    EXPECT_EQ(fate(150, 200).reason, EndReason::ClientGone) << "both at 230 ns: the end of a step comes first";
}

TEST_P(ClientTimeOut, StreamsWithoutTimeoutsWait) {
    EXPECT_EQ(run({.timeout_ns = 1}, {patient(request(0, 0, 5, 50))}).fates.at(0).state, EndState::Finished);
}

INSTANTIATE_TEST_SUITE_P(Steppings, ClientTimeOut, testing::Values(Stepping::Lazy, Stepping::Stepwise),
                         [](const auto& instance) { return instance.param == Stepping::Lazy ? "Lazy" : "Stepwise"; });

TEST(ClientTimeOutLazily, PatienceThatNobodyLosesWakesNobody) {
    std::vector<Request> requests;
    for (std::uint64_t i = 0; i < 20; ++i)
        requests.push_back(request(i, static_cast<std::int64_t>(i) * 777, 5, 40));
    const Story story = tell_of({.timeout_ns = 50'000}, requests, Stepping::Lazy);
    EXPECT_EQ(story.wake_ups, tell_of({}, requests, Stepping::Lazy).wake_ups);
    EXPECT_EQ(story.sums.finished, 20);
}

TEST(ClientTimeOutLazily, WakesAtTheStepEndAndNotBefore) {
    const Story story = tell_of({.timeout_ns = 250}, {request(0, 0, 5, 900)}, Stepping::Lazy);
    // Before the first batch is formed nobody knows more than when the word comes.
    EXPECT_EQ(story.wake_ups, (std::vector<SimTime>{SimTime::from_ns(280), SimTime::from_ns(330)}));
}

}  // namespace
}  // namespace regatta::serving
