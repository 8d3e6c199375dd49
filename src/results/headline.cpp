#include "results/headline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "regatta/base/errors.hpp"
#include "results/show.hpp"

namespace regatta::results {
namespace {

constexpr double kNsPerS = 1e9;

template <LatencyFigures RequestFigures::*figures, auto LatencyFigures::*ns>
std::optional<double> latency_s(const Summary& summary) {
    const LatencyFigures& of = summary.all.*figures;
    if (of.count == 0) return std::nullopt;
    // As the summary's JSON has it, to the last bit.
    return static_cast<double>(of.*ns) * 1e-9;
}

template <auto PoolFigures::*figure>
std::optional<double> fleet(const Summary& summary) {
    return summary.fleet.*figure;
}

template <auto RequestFigures::*figure>
std::optional<double> all(const Summary& summary) {
    return summary.all.*figure;
}

template <auto PoolFigures::*group, auto figure>
std::optional<double> fleet_of(const Summary& summary) {
    const auto& of = summary.fleet.*group;
    if (!of) return std::nullopt;
    return (*of).*figure;
}

template <std::int64_t LatencyFigures::*ns>
std::optional<double> step_s(const Summary& summary) {
    if (summary.fleet.step_time.count == 0) return std::nullopt;
    return static_cast<double>(summary.fleet.step_time.*ns) * 1e-9;
}

template <std::int64_t RequestFigures::*count>
std::optional<double> counted(const Summary& summary) {
    return static_cast<double>(summary.all.*count);
}

constexpr auto kTtft = &RequestFigures::ttft;
constexpr auto kTpot = &RequestFigures::tpot;
constexpr auto kEndToEnd = &RequestFigures::end_to_end;
constexpr auto kMean = &LatencyFigures::mean_ns;
constexpr auto kP50 = &LatencyFigures::p50_ns;
constexpr auto kP90 = &LatencyFigures::p90_ns;
constexpr auto kP99 = &LatencyFigures::p99_ns;

constexpr std::array kHeadlines = {
    Headline{"requests.finished", "finished", "", counted<&RequestFigures::finished>},
    Headline{"throughput.requests_per_s", "throughput", "requests/s", all<&RequestFigures::requests_per_s>},
    Headline{"throughput.output_tokens_per_s", "output tokens", "tokens/s", all<&RequestFigures::output_tokens_per_s>},
    Headline{"goodput.requests_per_s", "goodput", "requests/s", all<&RequestFigures::goodput_requests_per_s>},
    Headline{"goodput.fraction", "goodput share", "fraction", all<&RequestFigures::goodput_fraction>},
    Headline{"ttft.mean_s", "TTFT mean", "s", latency_s<kTtft, kMean>},
    Headline{"ttft.p50_s", "TTFT p50", "s", latency_s<kTtft, kP50>},
    Headline{"ttft.p90_s", "TTFT p90", "s", latency_s<kTtft, kP90>},
    Headline{"ttft.p99_s", "TTFT p99", "s", latency_s<kTtft, kP99>},
    Headline{"tpot.mean_s", "TPOT mean", "s", latency_s<kTpot, kMean>},
    Headline{"tpot.p50_s", "TPOT p50", "s", latency_s<kTpot, kP50>},
    Headline{"tpot.p90_s", "TPOT p90", "s", latency_s<kTpot, kP90>},
    Headline{"tpot.p99_s", "TPOT p99", "s", latency_s<kTpot, kP99>},
    Headline{"end_to_end.mean_s", "end to end mean", "s", latency_s<kEndToEnd, kMean>},
    Headline{"end_to_end.p50_s", "end to end p50", "s", latency_s<kEndToEnd, kP50>},
    Headline{"end_to_end.p90_s", "end to end p90", "s", latency_s<kEndToEnd, kP90>},
    Headline{"end_to_end.p99_s", "end to end p99", "s", latency_s<kEndToEnd, kP99>},
    Headline{"queueing.mean_s", "queueing mean", "s", latency_s<&RequestFigures::queueing, kMean>},
    Headline{"fleet.gpu_busy_fraction", "GPU busy", "fraction", fleet<&PoolFigures::gpu_busy_fraction>},
    Headline{"fleet.flops_utilisation", "MFU", "fraction", fleet<&PoolFigures::flops_utilisation>},
    Headline{"fleet.bandwidth_utilisation", "MBU", "fraction", fleet<&PoolFigures::bandwidth_utilisation>},
    Headline{"fleet.kv_peak_fraction", "KV cache peak", "fraction", fleet<&PoolFigures::kv_peak_fraction>},
    Headline{"fleet.step_time.p50_s", "step time p50", "s", step_s<kP50>},
    Headline{"fleet.step_time.p99_s", "step time p99", "s", step_s<kP99>},
    Headline{"requests.preemptions", "preemptions", "", counted<&RequestFigures::preemptions>},
    Headline{"fleet.energy.j_per_request", "energy per request", "J",
             fleet_of<&PoolFigures::energy, &EnergyFigures::j_per_request>},
    Headline{"fleet.cost.usd_per_million_output_tokens", "cost per M output tokens", "USD",
             fleet_of<&PoolFigures::cost, &CostFigures::usd_per_million_output_tokens>},
    Headline{"fleet.carbon.g_per_request", "emissions per request", "gCO2",
             fleet_of<&PoolFigures::carbon, &CarbonFigures::g_per_request>}};

}  // namespace

std::span<const Headline> headlines() {
    return kHeadlines;
}

const Headline& headline(std::string_view id) {
    const auto* const found =
        std::find_if(kHeadlines.begin(), kHeadlines.end(), [id](const Headline& known) { return known.id == id; });
    REGATTA_CHECK(found != kHeadlines.end(), fmt::format("no headline figure {}", id));
    return *found;
}

std::string show_figure(double value, std::string_view unit) {
    // Differences may be negative; the sign goes before what is shown of the size.
    const std::string sign = value < 0 ? "-" : "";
    const double size = std::abs(value);
    if (unit == "s") return sign + show_time(size * kNsPerS);
    if (unit == "fraction") return sign + show_percent(size);
    if (size == 0) return "0";
    // Cents and fractions of a gram.
    if (size < 0.1) return sign + fmt::format("{:.3g}", size);
    return sign + (size < 999.5 ? show_number(size) : show_large(size));
}

}  // namespace regatta::results
