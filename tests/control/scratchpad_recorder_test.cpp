#include "control/scratchpad_recorder.hpp"

#include <gtest/gtest.h>

#include "control/scratchpad_nodes.hpp"
#include "recording_sink.hpp"
#include "scratchpad_fixture.hpp"

namespace regatta::control {
namespace {

using serving::EndState;

class ScratchpadRecorderTest : public ScratchpadDriver {
protected:
    ScratchpadRecorderTest() {
        fleet_.nodes = {{.id = 7, .gpus = {0}, .model = 0, .loading_s = 0}};
        recording_.steps_of = 1;
        recording_.series_every = SimTime::from_s(1);
        recording_.parts = [](std::uint16_t, bool is_prefill, std::int64_t, std::int64_t) {
            timing::StepParts parts;
            parts.other = is_prefill ? 1 : 0.5;
            return parts;
        };
    }

    void record(SimTime end) {
        ScratchpadRecorder recorder(recording_, {100, 100}, sink_);
        const double until_s = recording_.until.is_never() ? kForever : recording_.until.seconds();
        static_cast<void>(run_scratchpad_nodes(fleet_, requests_, draws_, recorder, until_s));
        recorder.tell_ended(requests_);
        for (SimTime at; at <= end; at += SimTime::from_s(1))
            recorder.sample(at);
        arrived_ = recorder.finish(requests_, end);
    }

    ScratchpadRecording recording_;
    serving::RecordingSink sink_;
    std::int64_t arrived_ = 0;
};

TEST_F(ScratchpadRecorderTest, ARequestIsRecordedInWholeNanoseconds) {
    arrive(0.1234567891, 0, 2, 40);
    record(SimTime::from_s(3));
    ASSERT_EQ(sink_.requests.size(), 1U);
    const serving::RequestRecord& request = sink_.requests[0];
    EXPECT_EQ(request.request_id, 0U);
    EXPECT_EQ(request.arrival_ns, 123'456'789);
    EXPECT_EQ(request.received_ns, 123'456'789);
    EXPECT_EQ(request.scheduled_ns, 123'456'789);
    EXPECT_EQ(request.first_token_ns, 1'123'456'789);
    EXPECT_EQ(request.end_ns, 2'123'456'789);
    EXPECT_EQ(request.output_tokens, 2U);
    EXPECT_EQ(request.state, EndState::Finished);
    EXPECT_EQ(arrived_, 1);
}

TEST_F(ScratchpadRecorderTest, AReplicaCountsWhatItDid) {
    arrive(0, 0, 2, 40);
    record(SimTime::from_s(3));
    ASSERT_EQ(sink_.replicas.size(), 1U);
    const serving::ReplicaRecord& replica = sink_.replicas[0];
    EXPECT_EQ(replica.node, 7U);
    EXPECT_EQ(replica.steps, 3);
    EXPECT_EQ(replica.busy_ns, 2'000'000'000);
    EXPECT_EQ(replica.prefill_tokens, 40);
    EXPECT_EQ(replica.decode_tokens, 2);
    EXPECT_EQ(replica.samples, 2);
    EXPECT_EQ(replica.sequences, 3);
    EXPECT_EQ(replica.attended_tokens, 40 * 41 / 2 + 41 + 42);
    EXPECT_EQ(replica.moved_kv_tokens, 40 + 41 + 42);
    EXPECT_EQ(replica.kv_blocks_peak, 3);
    EXPECT_EQ(replica.finished, 1);
    EXPECT_EQ(sink_.gaps[PoolId(0)].count(), 2);
}

TEST_F(ScratchpadRecorderTest, StepsTellWhatTheyComputed) {
    arrive(0, 0, 2, 40);
    record(SimTime::from_s(3));
    ASSERT_EQ(sink_.steps.size(), 3U);
    EXPECT_EQ(sink_.steps[0].prefill_tokens, 40U);
    EXPECT_EQ(sink_.steps[0].samples, 0U);
    EXPECT_EQ(sink_.steps[1].decodes, 1U);
    EXPECT_EQ(sink_.steps[2].decode_context_tokens, 42);
    EXPECT_EQ(sink_.steps[2].other_ns, sink_.steps[2].end_ns - sink_.steps[2].start_ns);
}

TEST_F(ScratchpadRecorderTest, SamplesShowTheStateBeforeTheirInstant) {
    arrive(0.5, 0, 4, 40);   // prefill to 1.5, decodes to 3.5
    arrive(0.75, 0, 1, 40);  // waits till then
    record(SimTime::from_s(5));
    std::vector<serving::ReplicaSample> at(6);
    for (const auto& sample : sink_.samples)
        at.at(static_cast<std::size_t>(sample.at.ns() / 1'000'000'000)) = sample.state;
    EXPECT_EQ(fields(at[0]), std::tuple(0, 0, 0, 0, 0));
    EXPECT_EQ(fields(at[1]), std::tuple(1, 1, 3, 1, 40));
    EXPECT_EQ(fields(at[2]), std::tuple(1, 1, 3, 1, 41));  // the first decode began at 1.5 and ends now
    EXPECT_EQ(fields(at[3]), std::tuple(1, 1, 3, 1, 43));
    EXPECT_EQ(fields(at[4]), std::tuple(0, 1, 3, 1, 40));
    EXPECT_EQ(fields(at[5]), std::tuple(0, 1, 3, 1, 41));
    EXPECT_EQ(at[0].replicas, 0);  // it comes at 0
    EXPECT_EQ(at[3].replicas, 1);
}

TEST_F(ScratchpadRecorderTest, WhatRunsAtTheEndIsUnfinished) {
    recording_.until = SimTime::from_ms(2'250);
    arrive(0, 0, 10, 40);
    arrive(0.5, 0, 1, 40);
    record(recording_.until);
    ASSERT_EQ(sink_.requests.size(), 2U);
    EXPECT_EQ(sink_.requests[0].state, EndState::Unfinished);
    EXPECT_EQ(sink_.requests[0].output_tokens, 2U);  // at 1.5 and 2.0
    EXPECT_EQ(sink_.requests[0].end_ns, 2'250'000'000);
    EXPECT_EQ(sink_.requests[1].scheduled_ns, serving::kNoTime);
    EXPECT_EQ(sink_.replicas[0].steps, 3);
    EXPECT_EQ(arrived_, 2);
}

TEST_F(ScratchpadRecorderTest, WhatIsLostHasFailed) {
    arrive(0.5);
    requests_[0].is_lost = true;
    requests_[0].end_s = 0.75;
    ScratchpadRecorder recorder({}, {100}, sink_);
    recorder.tell_ended(requests_);
    ASSERT_EQ(sink_.requests.size(), 1U);
    EXPECT_EQ(sink_.requests[0].state, EndState::Failed);
    EXPECT_EQ(sink_.requests[0].pool, serving::kNoPool);
    EXPECT_EQ(sink_.requests[0].received_ns, serving::kNoTime);
}

}  // namespace
}  // namespace regatta::control
