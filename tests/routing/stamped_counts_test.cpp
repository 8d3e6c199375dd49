#include "routing/stamped_counts.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace regatta::routing {
namespace {

TEST(StampedCounts, AreZeroAtFirst) {
    const StampedCounts counts;
    EXPECT_EQ(counts.of(0), 0U);
    EXPECT_EQ(counts.of(UINT32_MAX), 0U);
}

TEST(StampedCounts, AreZeroAfterClearWhateverWasCounted) {
    StampedCounts counts;
    for (std::uint32_t key = 0; key < 1'000; ++key)
        counts[key] = key + 1;
    counts.clear();
    for (std::uint32_t key = 0; key < 1'000; ++key) {
        SCOPED_TRACE(key);
        EXPECT_EQ(counts.of(key), 0U);
    }
}

RC_GTEST_PROP(StampedCounts, AgreeWithAMap, ()) {
    // Few keys, so that they come again, and among them some far apart.
    const auto key = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 100), rc::gen::arbitrary<std::uint32_t>());
    StampedCounts counts;
    for (int round = 0; round < 3; ++round) {
        std::map<std::uint32_t, std::uint32_t> expected;
        for (const std::uint32_t counted : *rc::gen::container<std::vector<std::uint32_t>>(key)) {
            ++counts[counted];
            ++expected[counted];
        }
        for (const auto& [counted, count] : expected)
            RC_ASSERT(counts.of(counted) == count);
        for (const std::uint32_t other : *rc::gen::container<std::vector<std::uint32_t>>(key))
            RC_ASSERT(counts.of(other) == (expected.contains(other) ? expected[other] : 0));
        counts.clear();
    }
}

}  // namespace
}  // namespace regatta::routing
