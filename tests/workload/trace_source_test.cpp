#include <gtest/gtest.h>

#include "files.hpp"
#include "regatta/base/errors.hpp"
#include "requests.hpp"
#include "workload/workload.hpp"

namespace regatta::workload {
namespace {

constexpr std::uint64_t kRows = 1000;

// Row i arrives at i x 10 ms with i + 1 prompt tokens and 7 output tokens.
std::string thousand_rows() {
    std::string text = "arrival_s,input_tokens,output_tokens\n";
    for (std::uint64_t i = 0; i < kRows; ++i)
        text += fmt::format("{:.2f},{},7\n", static_cast<double>(i) / 100, i + 1);
    return text;
}

class TraceSources : public ::testing::Test {
protected:
    TraceInput input() const {
        TraceInput result;
        result.path = file_.path();
        return result;
    }
    Requests alone(std::uint32_t gateway, std::uint32_t gateways) const {
        Workload workload({input()}, gateways, 0);
        return drawn(*workload.source_for(GatewayId(gateway)));
    }

private:
    TestFile file_{thousand_rows()};
};

TEST_F(TraceSources, DealRowsOutInTurn) {
    const Requests requests = alone(1, 3);
    ASSERT_EQ(requests.size(), 333U);
    EXPECT_EQ(requests[0].id, RequestId(1));
    EXPECT_EQ(requests[0].arrival, SimTime::from_ms(10));
    EXPECT_EQ(requests[0].prompt_tokens, 2U);
    EXPECT_EQ(requests[0].output_tokens, 7U);
    EXPECT_EQ(requests[0].stream, StreamId(0));
    EXPECT_EQ(requests[332].id, RequestId(997));
}

TEST_F(TraceSources, GiveAGatewayTheSameRequestsWhicheverOthersAreServed) {
    Workload workload({input()}, 3, 0);
    auto sources = sources_of(workload, 3);
    const auto together = drawn_in_step(workload, sources);
    EXPECT_EQ(together[0], alone(0, 3));
    EXPECT_EQ(together[1], alone(1, 3));
    EXPECT_EQ(together[2], alone(2, 3));
    EXPECT_EQ(together[0].size() + together[1].size() + together[2].size(), kRows);
}

TEST_F(TraceSources, CountSelectedRowsButKeepTheRowsOwnNumbers) {
    TraceInput windowed = input();
    windowed.window_from = SimTime::from_ms(5010);
    Workload workload({windowed}, 2, 0);
    auto sources = sources_of(workload, 2);
    const auto first = sources[0]->next();
    const auto second = sources[1]->next();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->id, RequestId(501));
    EXPECT_EQ(first->arrival, SimTime());
    EXPECT_EQ(second->id, RequestId(502));
}

TEST_F(TraceSources, KeepNoMoreThanGatewaysAreApart) {
    Workload workload({input()}, 4, 0);
    auto sources = sources_of(workload, 4);
    std::uint64_t most_buffered = 0;
    (void)drawn_in_step(workload, sources, &most_buffered);
    EXPECT_LE(most_buffered, 4U);
    EXPECT_EQ(workload.buffered(), 0U);
}

TEST_F(TraceSources, KeepNothingForGatewaysServedElsewhere) {
    Workload workload({input()}, 4, 0);
    const auto source = workload.source_for(GatewayId(3));
    (void)drawn(*source);
    EXPECT_EQ(workload.buffered(), 0U);
}

TEST_F(TraceSources, SkipToAPosition) {
    const Requests whole = alone(1, 3);
    Workload workload({input()}, 3, 0);
    auto sources = sources_of(workload, 3);
    sources[1]->skip(100);
    EXPECT_EQ(sources[1]->position(), 100U);
    EXPECT_EQ(drawn(*sources[1]), Requests(whole.begin() + 100, whole.end()));
    EXPECT_EQ(sources[1]->position(), whole.size());
    EXPECT_EQ(drawn(*sources[0]), alone(0, 3));
}

TEST_F(TraceSources, PileNothingUpWhenAllSkip) {
    Workload workload({input()}, 4, 0);
    auto sources = sources_of(workload, 4);
    for (auto& source : sources)
        source->skip(200);
    (void)sources[3]->next();
    EXPECT_LE(workload.buffered(), 4U);
}

TEST_F(TraceSources, AreMadeBeforeOneDraws) {
    Workload workload({input()}, 2, 0);
    const auto source = workload.source_for(GatewayId(0));
    (void)source->next();
    EXPECT_THROW((void)workload.source_for(GatewayId(1)), BugError);
}

TEST_F(TraceSources, AreMadeOncePerGateway) {
    Workload workload({input()}, 2, 0);
    const auto source = workload.source_for(GatewayId(0));
    EXPECT_THROW((void)workload.source_for(GatewayId(0)), BugError);
}

}  // namespace
}  // namespace regatta::workload
