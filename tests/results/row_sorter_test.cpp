#include "results/row_sorter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "results/row_order.hpp"

namespace regatta::results {
namespace {

using serving::RequestRecord;

RequestRecord row(std::int64_t end_ns, std::uint64_t request_id) {
    RequestRecord record;
    record.end_ns = end_ns;
    record.request_id = request_id;
    return record;
}

std::vector<std::uint64_t> ids_sorted(RowSorter& sorter, const std::vector<RequestRecord>& rows,
                                      std::int64_t before_ns) {
    std::vector<std::uint64_t> ids;
    for (const RowSorter::Key& key : sorter.sort(rows, before_ns))
        ids.push_back(rows[key.row].request_id);
    return ids;
}

TEST(RowSorter, LeavesOutRowsThatEndLater) {
    RowSorter sorter;
    EXPECT_EQ(ids_sorted(sorter, {row(5, 1), row(7, 2), row(3, 3), row(6, 4)}, 6), (std::vector<std::uint64_t>{3, 1}));
    EXPECT_TRUE(ids_sorted(sorter, {row(5, 1)}, 5).empty());
}

TEST(RowSorter, OrdersRowsOfOneInstantByRequest) {
    RowSorter sorter;
    EXPECT_EQ(ids_sorted(sorter, {row(5, 9), row(4, 7), row(5, std::uint64_t{1} << 63), row(5, 8)}, 6),
              (std::vector<std::uint64_t>{7, 8, 9, std::uint64_t{1} << 63}));
}

TEST(RowSorter, OrdersTheEarliestAndTheLatestTimeThereAre) {
    RowSorter sorter;
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(ids_sorted(sorter, {row(most - 1, 1), row(-1, 2), row(least, 3), row(0, 4)}, most),
              (std::vector<std::uint64_t>{3, 2, 4, 1}));
}

RC_GTEST_PROP(RowSorter, AgreesWithTheOrderOfRows, ()) {
    // Ranges from ties only to all digits.
    const auto bits = *rc::gen::inRange(0, 63);
    const std::int64_t most = std::int64_t{1} << bits;
    const auto count = *rc::gen::element<std::size_t>(0, 1, 5, 255, 256, 1'000);
    const auto rows = *rc::gen::container<std::vector<RequestRecord>>(
        count, rc::gen::map(
                   rc::gen::pair(rc::gen::inRange<std::int64_t>(0, most), rc::gen::inRange<std::uint64_t>(0, 100)),
                   [](const std::pair<std::int64_t, std::uint64_t>& parts) { return row(parts.first, parts.second); }));
    const auto before_ns = *rc::gen::inRange<std::int64_t>(0, most);
    std::vector<RequestRecord> expected;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(expected),
                 [before_ns](const RequestRecord& record) { return record.end_ns < before_ns; });
    std::sort(expected.begin(), expected.end(), RowOrder());
    RowSorter sorter;
    const auto keys = sorter.sort(rows, before_ns);
    RC_ASSERT(keys.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        RC_ASSERT(rows[keys[i].row].end_ns == expected[i].end_ns);
        RC_ASSERT(rows[keys[i].row].request_id == expected[i].request_id);
    }
}

}  // namespace
}  // namespace regatta::results
