#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regatta/base/sketch.hpp"

/// The CSV files that Vidur writes into plots/, under its names and with its columns (without pandas' index).
namespace regatta::results::vidur {

constexpr double kSecond = 1e9;       ///< in nanoseconds
constexpr double kMillisecond = 1e6;  ///< likewise

struct RequestValue {
    std::uint64_t request_id = 0;
    double value = 0;
};
/// DIRECTORY/METRIC.csv, every value with its rank (equal ones in the order given) over their number. No file without
/// values; likewise below.
void write_cdf(const std::string& directory, const std::string& metric, std::vector<RequestValue> values);

/// DIRECTORY/FILE.csv with the 101 quantiles q = 0, 0.01 ... 1: the value of rank floor(q * (n - 1)), counted from 0.
void write_quantiles(const std::string& directory, const std::string& file, const std::string& metric,
                     std::vector<double> values);
/// The same of durations, in seconds, to the middle of their bucket.
void write_quantiles(const std::string& directory, const std::string& metric, const LatencySketch& durations);

struct Count {
    std::int64_t time_ns = 0;
    std::int64_t count = 0;
};
/// DIRECTORY/METRIC_time_series.csv: how many there had been by each instant.
void write_time_series(const std::string& directory, const std::string& metric, std::vector<Count> counts);

}  // namespace regatta::results::vidur
