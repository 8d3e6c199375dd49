#include "routing/report_index.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

TEST(ReportIndex, OrdersReplicasByLevelAndThenByNumber) {
    ReportIndex index;
    index.build(std::vector<std::uint32_t>{7, 2, 7, 2, 9});
    std::vector<std::uint32_t> order;
    for (std::uint32_t place = 0; place < index.replicas(); ++place)
        order.push_back(index.replica_at(place));
    EXPECT_EQ(order, (std::vector<std::uint32_t>{1, 3, 0, 2, 4}));
    ASSERT_EQ(index.levels().size(), 3U);
    EXPECT_EQ(index.levels()[1].load, 7U);
    EXPECT_EQ(index.levels()[1].first_place, 2U);
    EXPECT_EQ(index.levels()[1].end_place, 4U);
}

TEST(ReportIndex, FindsThePlaceToGoOnFromWithinALevel) {
    ReportIndex index;
    index.build(std::vector<std::uint32_t>{7, 2, 7, 2, 9});
    const ReportIndex::Level lowest = index.levels()[0];
    EXPECT_EQ(index.place_from(lowest, 0), 0U);
    EXPECT_EQ(index.place_from(lowest, 2), 1U);
    EXPECT_EQ(index.place_from(lowest, 4), lowest.end_place);
}

TEST(ReportIndex, RefusesAReplicaOfAnotherLevel) {
    ReportIndex index;
    index.build(std::vector<std::uint32_t>{7, 2});
    EXPECT_THROW((void)index.place_of(0, 2), BugError);
    EXPECT_THROW((void)index.place_of(1, 3), BugError);
    EXPECT_THROW((void)index.place_of(0, 8), BugError);
}

RC_GTEST_PROP(ReportIndex, AgreesWithASort, ()) {
    ReportIndex index;
    for (int round = 0; round < 3; ++round) {
        const auto below = *rc::gen::element<std::uint32_t>(1, 3, 2'048, 2'049, 5'000'000, UINT32_MAX);
        const auto count = *rc::gen::inRange<std::size_t>(1, 300);
        const auto outstanding =
            *rc::gen::container<std::vector<std::uint32_t>>(count, rc::gen::inRange<std::uint32_t>(0, below));
        index.build(outstanding);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> expected;
        for (std::uint32_t replica = 0; replica < count; ++replica)
            expected.emplace_back(outstanding[replica], replica);
        std::sort(expected.begin(), expected.end());
        RC_ASSERT(index.replicas() == expected.size());
        for (std::uint32_t place = 0; place < count; ++place) {
            RC_ASSERT(index.replica_at(place) == expected[place].second);
            RC_ASSERT(index.place_of(expected[place].second, expected[place].first) == place);
        }
    }
}

}  // namespace
}  // namespace regatta::routing
