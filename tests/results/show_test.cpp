#include "results/show.hpp"

#include <gtest/gtest.h>

namespace regatta::results {
namespace {

TEST(Show, ScaledNumbersWaitForTheirUnit) {
    EXPECT_EQ(show_scaled(0), "0 ");
    EXPECT_EQ(show_scaled(0.0632), "63.2 m");
    EXPECT_EQ(show_scaled(41), "41.0 ");
    EXPECT_EQ(show_scaled(999.6), "1.00 k");
    EXPECT_EQ(show_scaled(3.456e6), "3.46 M");
}

TEST(Show, TimesWithThreeDigitsAndTheirUnit) {
    EXPECT_EQ(show_time(0), "0 ns");
    EXPECT_EQ(show_time(999.4), "999 ns");
    EXPECT_EQ(show_time(999.6), "1.00 us");
    EXPECT_EQ(show_time(9'994), "9.99 us");
    EXPECT_EQ(show_time(9'996), "10.0 us");
    EXPECT_EQ(show_time(214.4e6), "214 ms");
    EXPECT_EQ(show_time(999.6e6), "1.00 s");
    EXPECT_EQ(show_time(99.94e9), "99.9 s");
}

TEST(Show, LongTimesInMinutesAndHours) {
    EXPECT_EQ(show_time(99.96e9), "1 min 40 s");
    EXPECT_EQ(show_time(605e9), "10 min 05 s");
    EXPECT_EQ(show_time(35'999e9), "599 min 59 s");
    EXPECT_EQ(show_time(36'060e9), "10 h 01 min");
}

TEST(Show, CountsInGroupsOfThree) {
    EXPECT_EQ(show_count(0), "0");
    EXPECT_EQ(show_count(999), "999");
    EXPECT_EQ(show_count(1'000), "1,000");
    EXPECT_EQ(show_count(-1'234'567), "-1,234,567");
}

TEST(Show, NumbersAndLargeNumbers) {
    EXPECT_EQ(show_number(0.5), "0.50");
    EXPECT_EQ(show_number(18.43), "18.4");
    EXPECT_EQ(show_number(9'430.4), "9,430");
    EXPECT_EQ(show_large(9'999), "9,999");
    EXPECT_EQ(show_large(61'220), "61.2 k");
    EXPECT_EQ(show_large(18'100'000), "18.1 M");
    EXPECT_EQ(show_large(999'600'000), "1.00 G");
}

TEST(Show, BytesInDecimalUnits) {
    EXPECT_EQ(show_bytes(0), "0 B");
    EXPECT_EQ(show_bytes(999.4), "999 B");
    EXPECT_EQ(show_bytes(999.6), "1.00 kB");
    EXPECT_EQ(show_bytes(12'345), "12.3 kB");
    EXPECT_EQ(show_bytes(1.2e9), "1.20 GB");
}

TEST(Show, LessThanAllIsNeverAHundredPercent) {
    EXPECT_EQ(show_percent(1), "100.0 %");
    EXPECT_EQ(show_percent(0.99999), "99.9 %");
    EXPECT_EQ(show_percent(0.984), "98.4 %");
    EXPECT_EQ(show_percent(0), "0.0 %");
}

}  // namespace
}  // namespace regatta::results
