#include "workload/recorded_arrivals.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "files.hpp"

namespace regatta::workload {
namespace {

const char* const kDates =
    "app,arrival_time\na,1970-01-04 11:59:59\nb,1970-01-04 12:00:00\nc,1970-01-04 12:00:01.7\n"
    "d,1970-01-04 12:00:02.6\ne,1970-01-04 12:00:09\nf,1970-01-04 15:00:00\n";

std::vector<std::int64_t> gaps_ms(const RecordedArrivalsInput& input) {
    std::vector<std::int64_t> result;
    for (const SimTime gap : read_gaps(input))
        result.push_back(gap.ns() / 1'000'000);
    return result;
}

TEST(RecordedArrivals, AreTheGapsOfTheRowsBetweenTwoDates) {
    const TestFile file(kDates);
    const RecordedArrivalsInput input{.path = file.path(), .from = "1970-01-04 12:00:00", .to = "1970-01-04 15:00:00"};
    EXPECT_EQ(gaps_ms(input), (std::vector<std::int64_t>{900, 6400}));
}

TEST(RecordedArrivals, AreCutToWholeSecondsSinceTheFirstAndScaled) {
    const TestFile file(kDates);
    // 0.9 s and 7.3 s after the first: 0 s and 7 s.
    const RecordedArrivalsInput input{.path = file.path(),
                                      .from = "1970-01-04 12:00:00",
                                      .to = "1970-01-04 15:00:00",
                                      .time_scale = 0.5,
                                      .whole = SimTime::from_s(1)};
    EXPECT_EQ(gaps_ms(input), (std::vector<std::int64_t>{0, 3500}));
}

TEST(RecordedArrivals, MayStandInSeconds) {
    const TestFile file("t\n5\n5.25\n7\n");
    EXPECT_EQ(gaps_ms({.path = file.path(), .column = "t"}), (std::vector<std::int64_t>{250, 1750}));
    const RecordedArrivals process(read_gaps({.path = file.path(), .column = "t"}));
    EXPECT_EQ(process.count(), 2U);
    EXPECT_EQ(process.gap_s(1, 0.5), 1.75);
    EXPECT_THROW(static_cast<void>(process.gap_s(2, 0.5)), BugError);
}

TEST(RecordedArrivals, AreRefusedWithTheLine) {
    const auto problems = [](const char* text, const RecordedArrivalsInput& how) {
        const TestFile file(text);
        RecordedArrivalsInput input = how;
        input.path = file.path();
        return problems_with(file.path(), [&] { static_cast<void>(read_gaps(input)); });
    };
    EXPECT_EQ(problems("", {}), Problems{"FILE: the file is empty; expected a header with arrival_time"});
    EXPECT_EQ(problems("arrival\n1\n", {}), Problems{"FILE:1: no column \"arrival_time\"; the columns are arrival"});
    EXPECT_EQ(problems("arrival_time\n1\nsoon\n", {}),
              Problems{"FILE:3: arrival_time: expected a date or seconds, found \"soon\""});
    EXPECT_EQ(problems("arrival_time\n2\n1\n", {}),
              Problems{"FILE:3: arrival_time: \"1\" is before the line above; expected times in order"});
    EXPECT_EQ(problems("arrival_time\n2\n", {}),
              Problems{"FILE: fewer than two rows between from and to; no gap is between them"});
    EXPECT_EQ(problems("arrival_time\n2\n", {.path = "", .from = "noon"}),
              Problems{"FILE: expected a date such as 1970-01-04 12:00:00, or seconds, found \"noon\""});
}

}  // namespace
}  // namespace regatta::workload
