#include "scenario/build_workload.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

/// With the processes of the terms before, where they are the same: then gaps go on as they are.
workload::ArrivalTerms terms_of(const Stream& stream, const Scenario& scenario, const Registries& registries) {
    workload::ArrivalTerms terms{.whole = {},
                                 .share = {},
                                 .curve = {},
                                 .from = scenario.from,
                                 .until = scenario.duration.value_or(SimTime::never()),
                                 .limit = stream.limit};
    if (stream.recorded_arrivals) {
        const auto recorded =
            std::make_shared<workload::RecordedArrivals>(workload::read_gaps(*stream.recorded_arrivals));
        terms.whole = terms.share = recorded;
        terms.limit = std::min(terms.limit.value_or(UINT64_MAX), recorded->count());
        return terms;
    }
    const auto* arrivals = registries.arrivals.find(stream.arrivals.name);
    REGATTA_CHECK(arrivals != nullptr, "an unknown policy passed the checks");
    if (stream.curve) terms.curve = std::make_shared<const workload::RateCurve>(*stream.curve);
    // With a curve the process counts in requests that the curve expects.
    const double rate = stream.curve ? 1 : stream.rate_per_s;
    terms.whole = arrivals->make(rate, stream.arrivals.parameters);
    terms.share = arrivals->make(rate / scenario.gateways.count, stream.arrivals.parameters);
    return terms;
}

bool has_same_rate(const Stream& a, const Stream& b) {
    // Of a curve the mean depends on how long it is looked at.
    return a.arrivals == b.arrivals && a.curve == b.curve && (a.curve || a.rate_per_s == b.rate_per_s);
}

void add_arrivals(workload::SyntheticStream& made, std::size_t index, const Scenario& scenario,
                  const Registries& registries) {
    const std::vector<const Scenario*> stages = stages_of(scenario);
    made.arrivals = terms_of(stages.front()->streams[index], *stages.front(), registries);
    const workload::ArrivalTerms* last = &made.arrivals;
    for (std::size_t i = 1; i < stages.size(); ++i) {
        const Stream& stream = stages[i]->streams[index];
        const bool is_same = has_same_rate(stream, stages[i - 1]->streams[index]);
        workload::ArrivalTerms terms = is_same ? *last : terms_of(stream, *stages[i], registries);
        terms.from = stages[i]->from;
        terms.until = stages[i]->duration.value_or(SimTime::never());
        if (!stream.recorded_arrivals) terms.limit = stream.limit;
        if (is_same && terms.until == last->until && terms.limit == last->limit) continue;
        made.later.push_back(std::move(terms));
        last = &made.later.back();
    }
}

void add_lengths(workload::SyntheticStream& made, std::size_t index, const Scenario& scenario,
                 const Registries& registries) {
    const Stream& stream = scenario.streams[index];
    const auto distribution = [&](const PolicyChoice& choice) {
        const auto* entry = registries.lengths.find(choice.name);
        REGATTA_CHECK(entry != nullptr, "an unknown policy passed the checks");
        return entry->make(choice.parameters);
    };
    if (stream.recorded_lengths) {
        made.joint = workload::recorded_lengths(*stream.recorded_lengths, scenario.seed,
                                                StreamId(static_cast<std::uint16_t>(index)));
    } else if (!stream.total.name.empty()) {
        made.joint = workload::split_total(distribution(stream.total), stream.split);
    } else {
        made.prompt = distribution(stream.prompt);
        made.output = distribution(stream.output);
    }
}

workload::SyntheticStream made_up(std::size_t index, const Scenario& scenario, const Registries& registries) {
    workload::SyntheticStream made;
    made.correlation = scenario.streams[index].correlation;
    add_arrivals(made, index, scenario, registries);
    add_lengths(made, index, scenario, registries);
    return made;
}

}  // namespace

std::unique_ptr<workload::Workload> make_workload(const Scenario& scenario, const Registries& registries) {
    std::vector<workload::StreamTraffic> streams;
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        if (scenario.streams[i].trace)
            streams.emplace_back(*scenario.streams[i].trace);
        else
            streams.emplace_back(made_up(i, scenario, registries));
    }
    return std::make_unique<workload::Workload>(std::move(streams), scenario.gateways.count, scenario.seed);
}

}  // namespace regatta::scenario
