// Made-up and recorded streams side by side.
#include "workload/merged_source.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "requests.hpp"
#include "workload/arrivals.hpp"
#include "workload/lengths.hpp"

namespace regatta::workload {
namespace {

class MergedSources : public ::testing::Test {
protected:
    [[nodiscard]] std::vector<StreamTraffic> streams() const {
        Parameters parameters;
        parameters.set("tokens", std::int64_t{7});
        SyntheticStream made_up;
        made_up.arrivals.whole = make_poisson(10, parameters);
        made_up.arrivals.share = make_poisson(5, parameters);
        made_up.prompt = made_up.output = make_fixed(parameters);
        made_up.arrivals.limit = 100;
        TraceInput trace;
        trace.path = file_.path();
        return {trace, made_up, trace, made_up};
    }
    [[nodiscard]] Requests of(std::uint32_t gateway, std::uint64_t skipped = 0) const {
        Workload workload(streams(), 2, 5);
        const auto source = workload.source_for(GatewayId(gateway));
        if (skipped > 0) source->skip(skipped);
        EXPECT_EQ(source->position(), skipped);
        Requests requests = drawn(*source);
        EXPECT_EQ(source->position(), skipped + requests.size());
        return requests;
    }

    TestFile file_{"arrival_s,input_tokens,output_tokens\n0,1,1\n1.5,2,1\n1.5,3,1\n4,4,1\n"};
};

TEST_F(MergedSources, AreInOrderOfArrivalAndId) {
    for (std::uint32_t gateway = 0; gateway < 2; ++gateway) {
        const Requests requests = of(gateway);
        EXPECT_EQ(requests.size(), 2U + 50 + 2 + 50);
        EXPECT_TRUE(is_in_order(requests));
    }
}

TEST_F(MergedSources, NumberRequestsByStream) {
    std::vector<std::uint64_t> recorded;
    for (const Request& request : of(1)) {
        EXPECT_EQ(request.id.value() >> kStreamIndexBits, request.stream.value());
        if (request.stream == StreamId(2)) recorded.push_back(request.id.value() - first_id(StreamId(2)));
    }
    EXPECT_EQ(recorded, (std::vector<std::uint64_t>{1, 3}));
}

TEST_F(MergedSources, GiveAStreamTheNumbersItsPlaceHasAmongAll) {
    // The third stream draws as it would if the others were made up, too.
    std::vector<StreamTraffic> alone = streams();
    alone[0] = alone[2] = alone[1];
    Workload workload(alone, 2, 5);
    Requests expected;
    for (const Request& request : drawn(*workload.source_for(GatewayId(0))))
        if (request.stream == StreamId(3)) expected.push_back(request);
    Requests found;
    for (const Request& request : of(0))
        if (request.stream == StreamId(3)) found.push_back(request);
    EXPECT_EQ(found, expected);
}

TEST_F(MergedSources, SkipToAPosition) {
    const Requests whole = of(0);
    EXPECT_EQ(of(0, 37), Requests(whole.begin() + 37, whole.end()));
    EXPECT_EQ(of(0, whole.size()), Requests());
}

}  // namespace
}  // namespace regatta::workload
