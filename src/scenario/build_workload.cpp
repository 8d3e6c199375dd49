#include "scenario/build_workload.hpp"

#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

workload::SyntheticStream made_up(const Stream& stream, const Scenario& scenario, const Registries& registries) {
    const auto* arrivals = registries.arrivals.find(stream.arrivals.name);
    const auto* prompt = registries.lengths.find(stream.prompt.name);
    const auto* output = registries.lengths.find(stream.output.name);
    REGATTA_CHECK(arrivals != nullptr && prompt != nullptr && output != nullptr, "an unknown policy passed the checks");
    // With a curve the process counts in requests that the curve expects.
    const double rate = stream.curve ? 1 : stream.rate_per_s;
    return {.whole = arrivals->make(rate, stream.arrivals.parameters),
            .share = arrivals->make(rate / scenario.gateways.count, stream.arrivals.parameters),
            .curve = stream.curve ? std::make_shared<const workload::RateCurve>(*stream.curve) : nullptr,
            .prompt = prompt->make(stream.prompt.parameters),
            .output = output->make(stream.output.parameters),
            .correlation = stream.correlation,
            .from = SimTime(),
            .until = scenario.duration.value_or(SimTime::never()),
            .limit = stream.limit};
}

}  // namespace

std::unique_ptr<workload::Workload> make_workload(const Scenario& scenario, const Registries& registries) {
    std::vector<workload::StreamTraffic> streams;
    for (const Stream& stream : scenario.streams) {
        if (stream.trace)
            streams.emplace_back(*stream.trace);
        else
            streams.emplace_back(made_up(stream, scenario, registries));
    }
    return std::make_unique<workload::Workload>(std::move(streams), scenario.gateways.count, scenario.seed);
}

}  // namespace regatta::scenario
