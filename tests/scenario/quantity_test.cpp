#include "scenario/quantity.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regatta::scenario {
namespace {

std::int64_t ns(std::string_view text) {
    return read_duration(text).value_or(SimTime::from_ns(-1)).ns();
}

template <class T>
std::string error_of(const Read<T>& read) {
    return read ? "it was read" : read.error();
}

TEST(Quantity, ReadsDurationsExactly) {
    EXPECT_EQ(ns("1ns"), 1);
    EXPECT_EQ(ns("50us"), 50'000);
    EXPECT_EQ(ns("0.1s"), 100'000'000);
    EXPECT_EQ(ns("1.5 ms"), 1'500'000);
    EXPECT_EQ(ns("10min"), 600'000'000'000);
    EXPECT_EQ(ns("2h"), 7'200'000'000'000);
    EXPECT_EQ(ns("365d"), 31'536'000'000'000'000);
    EXPECT_EQ(ns("123.456789d"), 10'666'666'569'600'000);
    EXPECT_EQ(ns("0s"), 0);
}

TEST(Quantity, ReadsMemoryInPowersOf1000And1024) {
    EXPECT_EQ(*read_bytes("80GiB"), std::int64_t{80} << 30);
    EXPECT_EQ(*read_bytes("80GB"), 80'000'000'000);
    EXPECT_EQ(*read_bytes("1.5KiB"), 1536);
    EXPECT_EQ(*read_bytes("79.6GiB"), 85'469'849'190);
    EXPECT_EQ(*read_bytes("7B"), 7);
}

TEST(Quantity, ReadsBandwidthInBytesAndBits) {
    EXPECT_EQ(*read_bandwidth("3.35TB/s"), 3.35e12);
    EXPECT_EQ(*read_bandwidth("400Gbps"), 50e9);
    EXPECT_EQ(*read_bandwidth("1GiB/s"), 1073741824.0);
    EXPECT_EQ(*read_bandwidth("8bps"), 1.0);
}

TEST(Quantity, ReadsRatesPerSecond) {
    EXPECT_EQ(*read_rate("40/s"), 40.0);
    EXPECT_EQ(*read_rate("3/min"), 0.05);
    EXPECT_EQ(*read_rate("7200/h"), 2.0);
    EXPECT_EQ(*read_rate("1e3/s"), 1000.0);
}

TEST(Quantity, ReadsArithmeticRates) {
    EXPECT_EQ(*read_flops("989.4TFLOPS"), 989.4e12);
    EXPECT_EQ(*read_flops("1.979PFLOPS"), 1.979e15);
    EXPECT_EQ(*read_flops("1979TOPS"), 1979e12);
    EXPECT_EQ(*read_power("700W"), 700);
    EXPECT_EQ(*read_power("0.7kW"), 700);
    EXPECT_EQ(*read_price("2.5USD/h"), 2.5);
    EXPECT_EQ(*read_intensity("473g/kWh"), 473);
    EXPECT_EQ(*read_intensity("0.5kg/kWh"), 500);
}

TEST(Quantity, RefusesDurationsWithoutAUnit) {
    const std::string expected = "expected a duration with a unit (ns, us, ms, s, min, h, d), found ";
    EXPECT_EQ(error_of(read_duration("50")), expected + "\"50\"");
    EXPECT_EQ(error_of(read_duration("0")), expected + "\"0\"");
    EXPECT_EQ(error_of(read_duration("soon")), expected + "\"soon\"");
    EXPECT_EQ(error_of(read_duration("")), expected + "\"\"");
    EXPECT_EQ(error_of(read_duration("1e3ms")), expected + "\"1e3ms\"");
    EXPECT_EQ(error_of(read_duration("1,5s")), expected + "\"1,5s\"");
    EXPECT_EQ(error_of(read_duration("010s")), expected + "\"010s\"");
    EXPECT_EQ(error_of(read_duration("1:30")), expected + "\"1:30\"");
}

TEST(Quantity, SuggestsTheUnitThatWasMeant) {
    const std::string expected = "expected a duration with a unit (ns, us, ms, s, min, h, d), found ";
    EXPECT_EQ(error_of(read_duration("50US")), expected + "\"50US\"; did you mean \"50us\"?");
    EXPECT_EQ(error_of(read_duration("10m")), expected + "\"10m\"; did you mean \"10min\"?");
    EXPECT_EQ(error_of(read_duration("10 seconds")), expected + "\"10 seconds\"; did you mean \"10s\"?");
    EXPECT_EQ(
        error_of(read_bytes("80gb")),
        "expected an amount of memory with a unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), found \"80gb\"; did you "
        "mean \"80GB\"?");
    EXPECT_EQ(error_of(read_rate("40rps")),
              "expected a rate with a unit (/s, /min, /h, /d), found \"40rps\"; did you mean \"40/s\"?");
    EXPECT_EQ(
        error_of(read_bandwidth("400Gb/s")),
        "expected a bandwidth with a unit (B/s, KB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s, TiB/s, bps, Kbps, Mbps, "
        "Gbps, Tbps), found \"400Gb/s\"; did you mean \"400Gbps\"?");
    EXPECT_EQ(error_of(read_power("700w")),
              "expected a power with a unit (W, kW), found \"700w\"; did you mean \"700W\"?");
    EXPECT_EQ(error_of(read_price("2.5$/h")),
              "expected a price with a unit (USD/h), found \"2.5$/h\"; did you mean \"2.5USD/h\"?");
    EXPECT_EQ(error_of(read_intensity("473gCO2/kWh")),
              "expected a carbon intensity with a unit (g/kWh, kg/kWh), found \"473gCO2/kWh\"; did you mean "
              "\"473g/kWh\"?");
    EXPECT_EQ(error_of(read_flops("989")),
              "expected an arithmetic rate with a unit (GFLOPS, TFLOPS, PFLOPS, TOPS, POPS), found \"989\"");
}

TEST(Quantity, RefusesWhatTimeAndMemoryCannotHold) {
    EXPECT_EQ(error_of(read_duration("1.5ns")), "expected a duration of whole nanoseconds, found \"1.5ns\"");
    EXPECT_EQ(error_of(read_duration("30000d")), "expected a duration below 73 years, found \"30000d\"");
    EXPECT_EQ(error_of(read_duration("99999999999999999999s")),
              "expected a duration below 73 years, found \"99999999999999999999s\"");
    EXPECT_EQ(error_of(read_bytes("0.5B")), "expected a whole number of bytes below 8 million TiB, found \"0.5B\"");
    EXPECT_EQ(error_of(read_bytes("9000000TiB")),
              "expected a whole number of bytes below 8 million TiB, found \"9000000TiB\"");
    EXPECT_EQ(error_of(read_rate("1e999/s")), "expected a number that a computer can hold, found \"1e999/s\"");
}

TEST(Quantity, TakesWholeNumbersInPlainDecimalOnly) {
    EXPECT_EQ(*read_whole_number("9007199254740993"), 9'007'199'254'740'993);
    EXPECT_EQ(*read_whole_number("-3"), -3);
    EXPECT_EQ(error_of(read_whole_number("010")),
              "expected a whole number, found \"010\"; write it without the leading zero");
    EXPECT_EQ(error_of(read_whole_number("0x10")),
              "expected a whole number, found \"0x10\"; write it in decimal digits");
    EXPECT_EQ(error_of(read_whole_number("0o17")),
              "expected a whole number, found \"0o17\"; write it in decimal digits");
    EXPECT_EQ(error_of(read_whole_number("1e3")), "expected a whole number, found \"1e3\"");
    EXPECT_EQ(error_of(read_whole_number("3.7")), "expected a whole number, found \"3.7\"");
    EXPECT_EQ(error_of(read_whole_number("1_000")), "expected a whole number, found \"1_000\"");
    EXPECT_EQ(error_of(read_whole_number("+5")), "expected a whole number, found \"+5\"");
    EXPECT_EQ(error_of(read_whole_number("")), "expected a whole number, found \"\"");
    EXPECT_EQ(error_of(read_whole_number("9223372036854775808")),
              "expected a whole number, found \"9223372036854775808\"; at most 9223372036854775807");
}

TEST(Quantity, RefusesNumbersThatAreNotFiniteDecimals) {
    EXPECT_EQ(*read_number("-0.25"), -0.25);
    EXPECT_EQ(*read_number("1e-3"), 0.001);
    EXPECT_EQ(error_of(read_number(".nan")), "expected a number, found \".nan\"");
    EXPECT_EQ(error_of(read_number(".inf")), "expected a number, found \".inf\"");
    EXPECT_EQ(error_of(read_number("nan")), "expected a number, found \"nan\"");
    EXPECT_EQ(error_of(read_number("0x1p3")), "expected a number, found \"0x1p3\"");
    EXPECT_EQ(error_of(read_number("1e999")), "expected a number that a computer can hold, found \"1e999\"");
}

TEST(Quantity, WritesTheLargestUnitThatIsExact) {
    EXPECT_EQ(write_duration(SimTime::from_s(600)), "10min");
    EXPECT_EQ(write_duration(SimTime::from_ms(1500)), "1500ms");
    EXPECT_EQ(write_duration(SimTime()), "0s");
    EXPECT_EQ(write_bytes(std::int64_t{80} << 30), "80GiB");
    EXPECT_EQ(write_bytes(80'000'000'000), "80GB");
    EXPECT_EQ(write_bandwidth(3.35e12), "3.35TB/s");
    EXPECT_EQ(write_rate(40), "40/s");
    EXPECT_EQ(write_rate(1.0 / 86'400), "1/d");
}

RC_GTEST_PROP(QuantityProperty, WhatIsWrittenReadsBackTheSame, ()) {
    const auto time = SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60));
    RC_ASSERT(*read_duration(write_duration(time)) == time);
    const auto bytes = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 62);
    RC_ASSERT(*read_bytes(write_bytes(bytes)) == bytes);
    const double number = *rc::gen::positive<double>();
    RC_ASSERT(*read_number(write_number(number)) == number);
    RC_ASSERT(*read_rate(write_rate(number)) == number);
    RC_ASSERT(*read_bandwidth(write_bandwidth(number)) == number);
}

}  // namespace
}  // namespace regatta::scenario
