#include "app/workload_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/arguments.hpp"
#include "results/show.hpp"
#include "scenario/quantity.hpp"

namespace regatta::app {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;
using scenario::PoolCapacity;
using scenario::TrafficSurvey;
using workload::LengthCounts;
using workload::StreamSurvey;

constexpr double kQuantiles[] = {0.5, 0.9, 0.95, 0.99};
constexpr double kBarWidth = 50;

/// Divided, not multiplied by 1e-9: so many ns as make 240 s are 240, and not 240.00000000000003.
double seconds(SimTime time) {
    return static_cast<double>(time.ns()) / 1e9;
}

std::string count_text(std::uint64_t count) {
    return results::show_count(static_cast<std::int64_t>(count));
}

/// Columns as wide as their widest cell; the first to the left, the others to the right.
std::string aligned(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().size(), 0);
    for (const Row& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const Row& row : rows) {
        text += fmt::format("  {:<{}}", row.front(), widths.front());
        for (std::size_t i = 1; i < row.size(); ++i)
            text += fmt::format("   {:>{}}", row[i], widths[i]);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

double per_second(double count, SimTime span) {
    return span > SimTime() ? count / span.seconds() : 0;
}

/// The busiest stretch's rate; the last stretch may be a short one, and counts by its length.
double peak_per_s(const TrafficSurvey& survey, const std::vector<std::uint64_t>& per_stretch) {
    double peak = 0;
    for (std::size_t i = 0; i < per_stretch.size(); ++i)
        peak = std::max(peak, static_cast<double>(per_stretch[i]) / survey.stretch_s(i));
    return peak;
}

std::string rate_bars(const TrafficSurvey& survey) {
    const std::vector<std::uint64_t> counts = survey.per_stretch();
    const double peak = peak_per_s(survey, counts);
    std::vector<Row> rows{{"from", "requests/s"}};
    std::vector<std::string> bars{""};
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double rate = static_cast<double>(counts[i]) / survey.stretch_s(i);
        const SimTime from = survey.every * static_cast<std::int64_t>(i);
        rows.push_back({scenario::write_duration(from), results::show_number(rate)});
        bars.emplace_back(static_cast<std::size_t>(std::lround(peak > 0 ? kBarWidth * rate / peak : 0)), '#');
    }
    std::string text;
    std::size_t next = 0;
    const std::string table = aligned(rows);
    for (const std::string& bar : bars) {
        const std::size_t end = table.find('\n', next);
        text += table.substr(next, end - next) + (bar.empty() ? "" : "  " + bar) + "\n";
        next = end + 1;
    }
    return fmt::format("Rate, per {}\n{}", scenario::write_duration(survey.every), text);
}

Row length_row(const std::string& name, double sum, std::uint64_t requests, const LengthCounts& counts) {
    Row row{name, results::show_number(requests > 0 ? sum / static_cast<double>(requests) : 0)};
    for (const double quantile : kQuantiles)
        row.push_back(count_text(counts.quantile(quantile)));
    row.push_back(count_text(counts.most()));
    return row;
}

/// Their names.
std::vector<std::string> pools_of(const scenario::Scenario& scenario, const scenario::Stream& stream) {
    std::vector<std::string> names;
    for (const std::uint16_t pool : stream.pools)
        names.push_back(scenario.pools[pool].name);
    return names;
}

std::string stream_tables(const scenario::Scenario& scenario, const TrafficSurvey& survey) {
    std::vector<Row> streams{{"", "requests", "mean/s", "peak/s", "prompt tokens", "output tokens", "pool"}};
    std::vector<Row> lengths{{"", "mean", "p50", "p90", "p95", "p99", "most"}};
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        const scenario::Stream& stream = scenario.streams[i];
        const StreamSurvey& seen = survey.streams[i];
        const workload::RequestMix& mix = seen.mix();
        streams.push_back({stream.name, count_text(mix.requests),
                           results::show_number(per_second(static_cast<double>(mix.requests), survey.span)),
                           results::show_number(peak_per_s(survey, seen.per_stretch())),
                           results::show_large(mix.prompt_tokens), results::show_large(mix.output_tokens),
                           fmt::format("{}", fmt::join(pools_of(scenario, stream), ", "))});
        lengths.push_back(length_row(stream.name + " prompt", mix.prompt_tokens, mix.requests, seen.prompts()));
        lengths.push_back(length_row(stream.name + " output", mix.output_tokens, mix.requests, seen.outputs()));
    }
    return fmt::format("Streams\n{}\nLengths [tokens]\n{}", aligned(streams), aligned(lengths));
}

std::string load_table(const scenario::Scenario& scenario, const TrafficSurvey& survey) {
    std::vector<Row> rows{{"", "prompt tokens/s", "output tokens/s", "requests/s", "load", "load at peak"}};
    std::string notes;
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        const std::string& name = scenario.pools[i].name;
        const TrafficSurvey::PoolLoad& pool = survey.pools[i];
        if (!pool.capacity) {
            rows.push_back({name, "0", "0", "0", results::show_percent(0), results::show_percent(0)});
            continue;
        }
        const PoolCapacity& most = *pool.capacity;
        const double offered = per_second(static_cast<double>(pool.mix.requests), survey.span);
        rows.push_back({name + " offered", results::show_number(per_second(pool.mix.prompt_tokens, survey.span)),
                        results::show_number(per_second(pool.mix.output_tokens, survey.span)),
                        results::show_number(offered), results::show_percent(offered / most.requests_per_s),
                        results::show_percent(pool.peak_per_s / most.requests_per_s)});
        rows.push_back({name + " at most", results::show_number(most.prompt_tokens_per_s),
                        results::show_number(most.output_tokens_per_s), results::show_number(most.requests_per_s), "",
                        ""});
        notes += fmt::format("  {}: {} x {} decodes and {} prompt tokens in steps of {}, bound by {}\n", name,
                             scenario.pools[i].replicas(), most.decodes, most.prefill_tokens,
                             results::show_time(most.step_s * 1e9), most.bound);
    }
    return fmt::format("Load against what each pool can do at its best batch (see docs/model/offered-load.md)\n{}{}",
                       aligned(rows), notes);
}

Json lengths_json(double sum, std::uint64_t requests, const LengthCounts& counts) {
    return {{"mean", requests > 0 ? sum / static_cast<double>(requests) : 0},
            {"p50", counts.quantile(0.5)},
            {"p90", counts.quantile(0.9)},
            {"p95", counts.quantile(0.95)},
            {"p99", counts.quantile(0.99)},
            {"most", counts.most()}};
}

Json stream_json(const scenario::Scenario& scenario, const TrafficSurvey& survey, std::size_t index) {
    const scenario::Stream& stream = scenario.streams[index];
    const StreamSurvey& seen = survey.streams[index];
    const workload::RequestMix& mix = seen.mix();
    return {{"name", stream.name},
            {"pool", stream.pools.size() == 1 ? Json(scenario.pools[stream.pools.front()].name) : Json(nullptr)},
            {"pools", pools_of(scenario, stream)},
            {"tenant", stream.tenant},
            {"class", stream.traffic_class},
            {"priority", stream.priority},
            {"requests", mix.requests},
            {"requests_per_s", per_second(static_cast<double>(mix.requests), survey.span)},
            {"peak_requests_per_s", peak_per_s(survey, seen.per_stretch())},
            {"prompt_tokens", lengths_json(mix.prompt_tokens, mix.requests, seen.prompts())},
            {"output_tokens", lengths_json(mix.output_tokens, mix.requests, seen.outputs())},
            {"requests_per_stretch", seen.per_stretch()}};
}

Json pool_json(const scenario::Pool& pool, const TrafficSurvey::PoolLoad& load, SimTime span) {
    const double offered = per_second(static_cast<double>(load.mix.requests), span);
    Json json{{"name", pool.name},
              {"offered",
               {{"requests_per_s", offered},
                {"prompt_tokens_per_s", per_second(load.mix.prompt_tokens, span)},
                {"output_tokens_per_s", per_second(load.mix.output_tokens, span)}}}};
    if (!load.capacity) return json;
    const PoolCapacity& most = *load.capacity;
    json["capacity"] = {{"requests_per_s", most.requests_per_s},
                        {"prompt_tokens_per_s", most.prompt_tokens_per_s},
                        {"output_tokens_per_s", most.output_tokens_per_s},
                        {"replicas", pool.replicas()},
                        {"decodes_per_step", most.decodes},
                        {"prefill_tokens_per_step", most.prefill_tokens},
                        {"step_s", most.step_s},
                        {"bound", most.bound}};
    json["load_fraction"] = offered / most.requests_per_s;
    json["peak_load_fraction"] = load.peak_per_s / most.requests_per_s;
    return json;
}

}  // namespace

std::string workload_text(const scenario::Scenario& scenario, const TrafficSurvey& survey) {
    std::uint64_t requests = 0;
    double prompt_tokens = 0;
    double output_tokens = 0;
    for (const StreamSurvey& stream : survey.streams) {
        requests += stream.mix().requests;
        prompt_tokens += stream.mix().prompt_tokens;
        output_tokens += stream.mix().output_tokens;
    }
    return fmt::format("{}: {} requests in {}, {} prompt tokens, {} output tokens\n\n{}\n{}\n{}", scenario.name,
                       count_text(requests), results::show_time(static_cast<double>(survey.span.ns())),
                       results::show_large(prompt_tokens), results::show_large(output_tokens), rate_bars(survey),
                       stream_tables(scenario, survey), load_table(scenario, survey));
}

std::string workload_json(const scenario::Scenario& scenario, const TrafficSurvey& survey) {
    Json json{{"name", scenario.name}, {"span_s", seconds(survey.span)}, {"stretch_s", seconds(survey.every)}};
    json["streams"] = Json::array();
    for (std::size_t i = 0; i < scenario.streams.size(); ++i)
        json["streams"].push_back(stream_json(scenario, survey, i));
    json["pools"] = Json::array();
    for (std::size_t i = 0; i < scenario.pools.size(); ++i)
        json["pools"].push_back(pool_json(scenario.pools[i], survey.pools[i], survey.span));
    return json.dump(2) + "\n";
}

}  // namespace regatta::app
