#include <cctype>
#include <nlohmann/json.hpp>

#include "results/end_names.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kJsonFormat = 1;

double to_s(double ns) {
    return ns * 1e-9;
}
double to_s(std::int64_t ns) {
    return to_s(static_cast<double>(ns));
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json latency(const LatencyFigures& figures) {
    Json json = {{"count", figures.count}};
    const bool has_any = figures.count > 0;
    const auto put = [&json, has_any](const char* key, auto ns) {
        json[key] = has_any ? Json(to_s(ns)) : Json(nullptr);
    };
    put("mean_s", figures.mean_ns);
    put("p50_s", figures.p50_ns);
    put("p90_s", figures.p90_ns);
    put("p95_s", figures.p95_ns);
    put("p99_s", figures.p99_ns);
    return json;
}

Json latency(const LatencyFigures& figures, const TargetFigures& target) {
    Json json = latency(figures);
    json["target_s"] = target.target ? Json(target.target->seconds()) : Json(nullptr);
    json["met_fraction"] = or_null(target.met_fraction);
    return json;
}

/// What is said of one stream and of all.
void put_requests(Json& json, const RequestFigures& figures) {
    json["ttft"] = latency(figures.ttft, figures.ttft_target);
    json["tpot"] = latency(figures.tpot, figures.tpot_target);
    json["end_to_end"] = latency(figures.end_to_end);
    json["normalised_latency"] = latency(figures.normalised);
    json["queueing"] = latency(figures.queueing);
    json["stages"] = {{"network", latency(figures.network)},
                      {"waiting", latency(figures.waiting)},
                      {"prefill", latency(figures.prefill)},
                      {"decode", latency(figures.decode)},
                      {"preempted", latency(figures.preempted)}};
    json["throughput"] = {{"requests_per_s", figures.requests_per_s},
                          {"prompt_tokens_per_s", figures.prompt_tokens_per_s},
                          {"output_tokens_per_s", figures.output_tokens_per_s}};
    json["goodput"] = figures.goodput_fraction ? Json{{"requests_per_s", or_null(figures.goodput_requests_per_s)},
                                                      {"fraction", or_null(figures.goodput_fraction)}}
                                               : Json(nullptr);
}

/// By key; what was served has none.
Json reasons(const RequestFigures& figures) {
    Json json = Json::object();
    for (std::size_t reason = 1; reason < figures.by_reason.size(); ++reason)
        if (const std::string name = reason_name(static_cast<serving::EndReason>(reason)); !name.empty())
            json[name] = figures.by_reason[reason];
    return json;
}

Json counts(const RequestFigures& figures) {
    return {{"finished", figures.finished},      {"rejected", figures.rejected},   {"failed", figures.failed},
            {"unfinished", figures.unfinished},  {"timed_out", figures.timed_out}, {"reasons", reasons(figures)},
            {"preemptions", figures.preemptions}};
}

Json energy(const std::optional<EnergyFigures>& figures) {
    if (!figures) return nullptr;
    return {{"total_j", figures->total_j},
            {"mean_w", figures->mean_w},
            {"j_per_request", or_null(figures->j_per_request)},
            {"j_per_million_output_tokens", or_null(figures->j_per_million_output_tokens)},
            {"j_per_million_tokens", or_null(figures->j_per_million_tokens)}};
}

Json cost(const std::optional<CostFigures>& figures) {
    if (!figures) return nullptr;
    return {{"total_usd", figures->total_usd},
            {"usd_per_request", or_null(figures->usd_per_request)},
            {"usd_per_million_output_tokens", or_null(figures->usd_per_million_output_tokens)}};
}

Json carbon(const std::optional<CarbonFigures>& figures) {
    if (!figures) return nullptr;
    return {{"total_g", figures->total_g}, {"g_per_request", or_null(figures->g_per_request)}};
}

Json pool(const PoolFigures& figures) {
    return {{"replicas", figures.replicas},
            {"gpus", figures.gpus},
            {"steps", figures.steps},
            {"preemptions", figures.preemptions},
            {"gpu_busy_fraction", figures.gpu_busy_fraction},
            {"kv_mean_fraction", or_null(figures.kv_mean_fraction)},
            {"kv_peak_fraction", figures.kv_peak_fraction},
            {"flops_utilisation", or_null(figures.flops_utilisation)},
            {"bandwidth_utilisation", or_null(figures.bandwidth_utilisation)},
            {"batch_size",
             {{"mean", figures.batch.mean},
              {"p50", figures.batch.p50},
              {"p90", figures.batch.p90},
              {"p99", figures.batch.p99},
              {"max", figures.batch.most}}},
            {"tokens_per_step", figures.tokens_per_step},
            {"inter_token_gap", latency(figures.inter_token_gap)},
            {"step_time", latency(figures.step_time)},
            {"energy", energy(figures.energy)},
            {"cost", cost(figures.cost)},
            {"carbon", carbon(figures.carbon)}};
}

Json over_ranks(const RunFacts& facts) {
    Json ranks = Json::array();
    for (const RankFacts& rank : facts.ranks)
        ranks.push_back({{"rank", rank.rank},
                         {"windows", rank.windows},
                         {"events", rank.events},
                         {"busy_s", rank.busy_s},
                         {"waiting_s", rank.waiting_s},
                         {"exchanging_s", rank.exchanging_s},
                         {"writing_s", rank.writing_s},
                         {"messages", rank.messages_sent},
                         {"bytes", rank.bytes_sent},
                         {"peak_memory_bytes", rank.peak_memory_bytes}});
    return ranks;
}

Json run_object(const Summary& summary, const RunFacts& facts) {
    const RunFigures run = run_figures(summary, facts);
    Json json = {{"ranks", run.ranks},
                 {"wall_s", run.wall_s},
                 {"loop_s", run.loop_s},
                 {"busy_fraction", run.busy.mean},
                 {"waiting_fraction", run.waiting.mean},
                 {"exchanging_fraction", run.exchanging.mean},
                 {"writing_fraction", run.writing.mean},
                 {"windows", run.windows},
                 {"mean_window_s", to_s(run.mean_window_ns)},
                 {"least_slack_s", run.least_slack_ns ? Json(to_s(*run.least_slack_ns)) : Json(nullptr)},
                 {"events", run.events},
                 {"events_per_window", run.events_per_window},
                 {"messages", run.messages},
                 {"bytes", run.bytes},
                 {"reductions", run.reductions},
                 {"steps_per_s", run.steps_per_s},
                 {"peak_memory_bytes", run.peak_memory_bytes}};
    json["ended_by"] = Json::array();
    for (const WindowEnd& end : run.ended_by)
        json["ended_by"].push_back(
            {{"link", end.link}, {"latency_s", to_s(end.latency_ns)}, {"windows_fraction", end.windows_fraction}});
    json["of_ranks"] = over_ranks(facts);
    return json;
}

/// By kind, those that there were; null of a fleet that did not change.
Json changes_object(const ChangeSums& changes) {
    if (changes.is_empty()) return nullptr;
    Json json = Json::object();
    for (std::size_t kind = 0; kind < changes.by_kind.size(); ++kind) {
        const ChangeSums::OfKind& sums = changes.by_kind[kind];
        if (sums.count == 0) continue;
        std::string name = event_name(static_cast<serving::FleetEvent>(kind));
        for (char& letter : name)
            letter = letter == ' ' || letter == '-'
                         ? '_'
                         : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        json[name] = {{"count", sums.count}, {"amount", sums.amount}, {"duration_s", to_s(sums.duration_ns)}};
    }
    return json;
}

template <class Figures>
Json named(const Figures& figures, const Json& json) {
    Json result = {{"name", figures.name}};
    result.update(json);
    return result;
}

}  // namespace

std::string to_json(const Summary& summary, const SummaryContext& context) {
    Json json = {{"format", kJsonFormat},
                 {"name", summary.name},
                 {"digest", context.digest.to_hex()},
                 {"left_out", summary.left_out},
                 {"stopped_at_s", summary.stopped_at ? Json(summary.stopped_at->seconds()) : Json()},
                 {"measure_from_s", summary.measure_from.seconds()},
                 {"end_s", summary.end.seconds()}};
    json["requests"] = {{"arrived", summary.arrived}};
    json["requests"].update(counts(summary.all));
    put_requests(json, summary.all);
    json["fleet"] = pool(summary.fleet);
    // Beside the other latencies, where people look for it.
    json["inter_token_gap"] = latency(summary.fleet.inter_token_gap);
    json["streams"] = Json::array();
    for (const RequestFigures& figures : summary.streams) {
        Json stream = named(figures, {{"requests", counts(figures)}});
        put_requests(stream, figures);
        json["streams"].push_back(std::move(stream));
    }
    json["classes"] = Json::array();
    for (const RequestFigures& figures : summary.classes) {
        Json of_class = named(figures, {{"requests", counts(figures)}});
        put_requests(of_class, figures);
        json["classes"].push_back(std::move(of_class));
    }
    json["pools"] = Json::array();
    for (const PoolFigures& figures : summary.pools)
        json["pools"].push_back(named(figures, pool(figures)));
    json["changes"] = changes_object(summary.changes);
    if (!context.facts.ranks.empty()) json["run"] = run_object(summary, context.facts);
    // A name that is no UTF-8 must not keep anybody from the figures.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace regatta::results
