#include "routing/stamped_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace regatta::routing {
namespace {

TEST(StampedTable, IsZeroAtFirst) {
    const StampedTable table;
    EXPECT_EQ(table.of(0), 0U);
    EXPECT_EQ(table.of(UINT32_MAX), 0U);
}

TEST(StampedTable, IsZeroAfterClearWhateverWasThere) {
    StampedTable table;
    for (std::uint32_t key = 0; key < 1'000; ++key)
        table[key] = key + 1;
    table.clear();
    for (std::uint32_t key = 0; key < 1'000; ++key) {
        SCOPED_TRACE(key);
        EXPECT_EQ(table.of(key), 0U);
    }
}

RC_GTEST_PROP(StampedTable, AgreesWithAMap, ()) {
    // Few keys, so that they come again, and among them some far apart.
    const auto key = rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 100), rc::gen::arbitrary<std::uint32_t>());
    StampedTable table;
    for (int round = 0; round < 3; ++round) {
        std::map<std::uint32_t, std::uint32_t> expected;
        for (const std::uint32_t counted : *rc::gen::container<std::vector<std::uint32_t>>(key)) {
            ++table[counted];
            ++expected[counted];
        }
        for (const auto& [counted, count] : expected)
            RC_ASSERT(table.of(counted) == count);
        for (const std::uint32_t other : *rc::gen::container<std::vector<std::uint32_t>>(key))
            RC_ASSERT(table.of(other) == (expected.contains(other) ? expected[other] : 0));
        table.clear();
    }
}

}  // namespace
}  // namespace regatta::routing
