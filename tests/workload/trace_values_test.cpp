#include "workload/trace_values.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regatta::workload {
namespace {

TEST(ParseSeconds, IsExactToTheNanosecond) {
    EXPECT_EQ(parse_seconds_ns("4.3146"), 4'314'600'000);
    EXPECT_EQ(parse_seconds_ns("0"), 0);
    EXPECT_EQ(parse_seconds_ns("17"), 17'000'000'000);
    EXPECT_EQ(parse_seconds_ns("17."), 17'000'000'000);
    EXPECT_EQ(parse_seconds_ns(".5"), 500'000'000);
    EXPECT_EQ(parse_seconds_ns("+1.25"), 1'250'000'000);
    EXPECT_EQ(parse_seconds_ns("0.000000001"), 1);
    // No double holds this.
    EXPECT_EQ(parse_seconds_ns("1999999999.123456789"), 1'999'999'999'123'456'789);
}

TEST(ParseSeconds, RoundsBeyondTheNinthDecimal) {
    EXPECT_EQ(parse_seconds_ns("0.0000000014"), 1);
    EXPECT_EQ(parse_seconds_ns("0.0000000015"), 2);
    EXPECT_EQ(parse_seconds_ns("0.00000000149999999999999999999999999"), 1);
    EXPECT_EQ(parse_seconds_ns("0.30000000000000004441"), 300'000'000);
    EXPECT_EQ(parse_seconds_ns("0.9999999999"), 1'000'000'000);
}

TEST(ParseSeconds, ReadsExponentsAsPandasWritesThem) {
    EXPECT_EQ(parse_seconds_ns("5.2e-05"), 52'000);
    EXPECT_EQ(parse_seconds_ns("1E3"), 1'000'000'000'000);
    EXPECT_EQ(parse_seconds_ns("1.5e+2"), 150'000'000'000);
    EXPECT_EQ(parse_seconds_ns("5e-10"), 1);
    EXPECT_EQ(parse_seconds_ns("4e-10"), 0);
    EXPECT_EQ(parse_seconds_ns("9e-11"), 0);
    EXPECT_EQ(parse_seconds_ns("1e-2000000000"), 0);
    EXPECT_EQ(parse_seconds_ns("0e2000000000"), 0);
}

TEST(ParseSeconds, RefusesWhatIsNoTime) {
    for (const char* text : {"", ".", "-1", "-0", "abc", "1.2.3", "1,5", "1 s", "0x10", "nan", "inf", "e5", "1e",
                             "1e5.0", "--1", "+-1", "1e99999999999"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse_seconds_ns(text), std::nullopt);
    }
}

TEST(ParseSeconds, RefusesMoreThanItsRange) {
    EXPECT_EQ(parse_seconds_ns("2000000000"), 2'000'000'000'000'000'000);
    EXPECT_EQ(parse_seconds_ns("2000000000.0000000001"), 2'000'000'000'000'000'000);
    EXPECT_EQ(parse_seconds_ns("2000000000.000000001"), std::nullopt);
    EXPECT_EQ(parse_seconds_ns("99999999999999999999999"), std::nullopt);
    EXPECT_EQ(parse_seconds_ns("1e2000000000"), std::nullopt);
}

RC_GTEST_PROP(ParseSeconds, InvertsPrinting, ()) {
    const auto ns = *rc::gen::inRange<std::int64_t>(0, kMostTraceSeconds * 1'000'000'000);
    RC_ASSERT(parse_seconds_ns(fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000)) == ns);
}

TEST(ParseTimestamp, ReadsThoseOfAzure2023) {
    EXPECT_EQ(parse_timestamp_ns("2023-11-16 18:15:46.6805900"), 1'700'158'546'680'590'000);
}

TEST(ParseTimestamp, ReadsThoseOfAzure2024) {
    EXPECT_EQ(parse_timestamp_ns("2024-05-10 00:00:00.009930+00:00"), 1'715'299'200'009'930'000);
}

TEST(ParseTimestamp, TakesOffsetsIntoAccount) {
    const auto noon = parse_timestamp_ns("2024-05-10T12:00:00Z");
    EXPECT_EQ(noon, 1'715'342'400'000'000'000);
    EXPECT_EQ(parse_timestamp_ns("2024-05-10T14:00:00+02:00"), noon);
    EXPECT_EQ(parse_timestamp_ns("2024-05-10T06:30:00-05:30"), noon);
    EXPECT_EQ(parse_timestamp_ns("2024-05-10 12:00:00"), noon);
}

TEST(ParseTimestamp, KnowsLeapDays) {
    EXPECT_EQ(parse_timestamp_ns("2024-02-29 00:00:00"), 1'709'164'800'000'000'000);
    EXPECT_EQ(parse_timestamp_ns("2023-02-29 00:00:00"), std::nullopt);
}

TEST(ParseTimestamp, RefusesWhatIsNoTimestamp) {
    for (const char* text :
         {"", "2023-11-16", "2023-11-16 18:15", "2023-11-16 18:15:4", "2023-11-16 18:15:146", "2023-13-16 18:15:46",
          "2023-11-32 18:15:46", "2023-11-16 24:15:46", "2023-11-16 18:60:46", "2023-11-16 18:15:62",
          "2023-11-16 18:15:46 x", "2023-11-16 18:15:46+0", "16.11.2023 18:15:46", "2023-11-16 18:15:46.1.2", "12.5"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse_timestamp_ns(text), std::nullopt);
    }
}

TEST(ParseTokens, ReadsWholeNumbersFromOne) {
    EXPECT_EQ(parse_tokens("1"), 1U);
    EXPECT_EQ(parse_tokens("14050"), 14050U);
    EXPECT_EQ(parse_tokens("100000000"), 100'000'000U);
}

TEST(ParseTokens, RefusesEverythingElse) {
    for (const char* text : {"", "0", "-3", "1.5", "1e3", "12 ", "100000001", "99999999999999999999", "twelve", "+1"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse_tokens(text), std::nullopt);
    }
}

}  // namespace
}  // namespace regatta::workload
