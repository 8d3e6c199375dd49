#include "scenario/traffic_survey.hpp"

#include <algorithm>
#include <utility>

#include "scenario/build_workload.hpp"
#include "workload/merged_source.hpp"

namespace regatta::scenario {
namespace {

std::vector<std::uint64_t>& operator+=(std::vector<std::uint64_t>& sums, const std::vector<std::uint64_t>& more) {
    sums.resize(std::max(sums.size(), more.size()), 0);
    for (std::size_t i = 0; i < more.size(); ++i)
        sums[i] += more[i];
    return sums;
}

void add_part(std::vector<double>& sums, const std::vector<std::uint64_t>& more, double share) {
    sums.resize(std::max(sums.size(), more.size()), 0);
    for (std::size_t i = 0; i < more.size(); ++i)
        sums[i] += share * static_cast<double>(more[i]);
}

}  // namespace

std::vector<std::uint64_t> TrafficSurvey::per_stretch() const {
    std::vector<std::uint64_t> sums;
    for (const workload::StreamSurvey& stream : streams)
        sums += stream.per_stretch();
    return sums;
}

double TrafficSurvey::stretch_s(std::size_t index) const {
    const SimTime rest = span - every * static_cast<std::int64_t>(index);
    return (rest * 2 >= every ? std::min(every, rest) : every).seconds();
}

TrafficSurvey survey_traffic(const Scenario& scenario, const Registries& registries, SimTime every,
                             const std::function<void(const Request&)>& visit) {
    TrafficSurvey survey{.every = every, .span = {}, .streams = {}, .pools = {}};
    for (std::size_t i = 0; i < scenario.streams.size(); ++i)
        survey.streams.emplace_back(every);
    const auto workload = make_workload(scenario, registries);
    workload::MergedSource::Parts gateways;
    for (std::uint32_t gateway = 0; gateway < scenario.gateways.count; ++gateway)
        gateways.push_back(workload->source_for(GatewayId(gateway)));
    workload::MergedSource all(std::move(gateways), nullptr);
    const std::vector<TimeSpan> closed = closed_spans(scenario);
    while (const auto request = all.next()) {
        // As a gateway does: a trace may go on after the scenario's duration.
        if (scenario.duration && request->arrival >= *scenario.duration) break;
        const auto has_come = [&](const TimeSpan& span) { return span.contains(request->arrival); };
        if (std::any_of(closed.begin(), closed.end(), has_come)) continue;
        survey.streams[request->stream.index()].add(*request);
        visit(*request);
    }
    SimTime last;
    std::vector<std::vector<double>> per_stretch(scenario.pools.size());
    survey.pools.resize(scenario.pools.size());
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        const workload::StreamSurvey& stream = survey.streams[i];
        last = std::max(last, stream.last_arrival());
        for (const std::uint16_t pool : scenario.streams[i].pools) {
            const double share = share_of(scenario, scenario.streams[i], pool);
            survey.pools[pool].mix += stream.mix().part(share);
            add_part(per_stretch[pool], stream.per_stretch(), share);
        }
    }
    survey.span = scenario.duration.value_or(last);
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        TrafficSurvey::PoolLoad& pool = survey.pools[i];
        if (pool.mix.requests == 0) continue;
        for (std::size_t k = 0; k < per_stretch[i].size(); ++k)
            pool.peak_per_s = std::max(pool.peak_per_s, per_stretch[i][k] / survey.stretch_s(k));
        pool.capacity = capacity_of(scenario.pools[i], pool.mix);
    }
    return survey;
}

}  // namespace regatta::scenario
