#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "regatta/base/parameters.hpp"
#include "regatta/base/time.hpp"

namespace regatta::scenario {

/// Quantities as people write them: a plain decimal number and a unit, "50us", "1.5GiB", "400Gbps", "3/min".
/// What is wrong comes back as a whole sentence: `expected ..., found "..."[; hint]`.
template <class T>
using Read = tl::expected<T, std::string>;

/// ns us ms s min h d; exact, and never finer than a nanosecond.
[[nodiscard]] Read<SimTime> read_duration(std::string_view text);
/// B KB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024); exact where it is a whole number of bytes, else
/// to the nearest one.
[[nodiscard]] Read<std::int64_t> read_bytes(std::string_view text);
/// B/s KB/s ... TiB/s, and bits: bps Kbps Mbps Gbps Tbps [bytes per second].
[[nodiscard]] Read<double> read_bandwidth(std::string_view text);
/// /s /min /h /d [per second].
[[nodiscard]] Read<double> read_rate(std::string_view text);
/// GFLOPS TFLOPS PFLOPS, and TOPS POPS for whole numbers [operations per second].
[[nodiscard]] Read<double> read_flops(std::string_view text);
/// W kW [watts].
[[nodiscard]] Read<double> read_power(std::string_view text);
/// USD/h [US dollars per hour].
[[nodiscard]] Read<double> read_price(std::string_view text);
/// g/kWh kg/kWh, of CO2 equivalent [grams per kilowatt-hour].
[[nodiscard]] Read<double> read_intensity(std::string_view text);

/// The units of quantities of the kind; none of those without.
[[nodiscard]] std::vector<std::string_view> units_of(ParameterKind kind);

/// Plain decimal digits; no leading zeros, no hexadecimal, no exponent.
[[nodiscard]] Read<std::int64_t> read_whole_number(std::string_view text);
/// Decimal, finite.
[[nodiscard]] Read<double> read_number(std::string_view text);

/// The shortest text that reads back as the same value.
[[nodiscard]] std::string write_duration(SimTime value);
[[nodiscard]] std::string write_bytes(std::int64_t value);
[[nodiscard]] std::string write_bandwidth(double bytes_per_s);
[[nodiscard]] std::string write_rate(double per_s);
[[nodiscard]] std::string write_power(double watts);
[[nodiscard]] std::string write_price(double usd_per_h);
[[nodiscard]] std::string write_intensity(double g_per_kwh);
[[nodiscard]] std::string write_number(double value);

}  // namespace regatta::scenario
