#include "scenario/build_workload.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

void add_arrivals(workload::SyntheticStream& made, const Stream& stream, const Scenario& scenario,
                  const Registries& registries) {
    if (stream.recorded_arrivals) {
        const auto recorded =
            std::make_shared<workload::RecordedArrivals>(workload::read_gaps(*stream.recorded_arrivals));
        made.whole = made.share = recorded;
        made.limit = std::min(made.limit.value_or(UINT64_MAX), recorded->count());
        return;
    }
    const auto* arrivals = registries.arrivals.find(stream.arrivals.name);
    REGATTA_CHECK(arrivals != nullptr, "an unknown policy passed the checks");
    // With a curve the process counts in requests that the curve expects.
    const double rate = stream.curve ? 1 : stream.rate_per_s;
    made.whole = arrivals->make(rate, stream.arrivals.parameters);
    made.share = arrivals->make(rate / scenario.gateways.count, stream.arrivals.parameters);
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
    const Stream& stream = scenario.streams[index];
    workload::SyntheticStream made;
    if (stream.curve) made.curve = std::make_shared<const workload::RateCurve>(*stream.curve);
    made.correlation = stream.correlation;
    made.until = scenario.duration.value_or(SimTime::never());
    made.limit = stream.limit;
    add_arrivals(made, stream, scenario, registries);
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
