#include "results/vidur_plots.hpp"

#include <algorithm>

#include "results/text_file.hpp"

namespace regatta::results::vidur {
namespace {

constexpr std::int64_t kQuantiles = 100;  // steps from 0 to 1

/// Rank of quantile `step`, in whole numbers, so that no rounding moves it.
std::int64_t rank_of(std::int64_t step, std::int64_t count) {
    return step * (count - 1) / kQuantiles;
}

/// `value(rank)` is the value of that rank, counted from 0.
template <class Value>
void write_ranks(const std::string& path, const std::string& metric, std::int64_t count, const Value& value) {
    if (count == 0) return;
    TextFile file(path);
    file.put("cdf,{}\n", metric);
    for (std::int64_t step = 0; step <= kQuantiles; ++step)
        file.put("{},{}\n", static_cast<double>(step) / static_cast<double>(kQuantiles), value(rank_of(step, count)));
    file.close();
}

}  // namespace

void write_cdf(const std::string& directory, const std::string& metric, std::vector<RequestValue> values) {
    if (values.empty()) return;
    std::stable_sort(values.begin(), values.end(),
                     [](const RequestValue& a, const RequestValue& b) { return a.value < b.value; });
    TextFile file(directory + "/" + metric + ".csv");
    file.put("Request Id,{},cdf\n", metric);
    for (std::size_t i = 0; i < values.size(); ++i)
        file.put("{},{},{}\n", values[i].request_id, values[i].value,
                 static_cast<double>(i + 1) / static_cast<double>(values.size()));
    file.close();
}

void write_quantiles(const std::string& directory, const std::string& file, const std::string& metric,
                     std::vector<double> values) {
    std::sort(values.begin(), values.end());
    write_ranks(directory + "/" + file + ".csv", metric, static_cast<std::int64_t>(values.size()),
                [&](std::int64_t rank) { return values[static_cast<std::size_t>(rank)]; });
}

void write_quantiles(const std::string& directory, const std::string& metric, const LatencySketch& durations) {
    const auto count = static_cast<double>(durations.count());
    write_ranks(directory + "/" + metric + ".csv", metric, durations.count(), [&](std::int64_t rank) {
        // In the middle between two ranks, for the sketch counts from 1 and rounds up.
        const double fraction = (static_cast<double>(rank) + 0.5) / count;
        return static_cast<double>(durations.quantile_ns(fraction)) / kSecond;
    });
}

void write_time_series(const std::string& directory, const std::string& metric, std::vector<Count> counts) {
    if (counts.empty()) return;
    std::stable_sort(counts.begin(), counts.end(),
                     [](const Count& a, const Count& b) { return a.time_ns < b.time_ns; });
    TextFile file(directory + "/" + metric + "_time_series.csv");
    file.put("Time (sec),{}\n", metric);
    std::int64_t sum = 0;
    for (const Count& count : counts) {
        sum += count.count;
        file.put("{},{}\n", static_cast<double>(count.time_ns) / kSecond, sum);
    }
    file.close();
}

}  // namespace regatta::results::vidur
