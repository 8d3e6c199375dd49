#include "run_in_parts.hpp"

#include <span>

namespace regatta::engine::test {
namespace {

/// What all ranks have saved, on all ranks.
SavedParts exchanged(const Buffer& own, Transport& transport) {
    SavedParts parts = transport.gather(own);
    parts.resize(transport.ranks());
    for (Buffer& part : parts)
        transport.broadcast(part);
    return parts;
}

}  // namespace

void load_parts(Simulation& simulation, const SavedParts& parts) {
    std::vector<std::span<const char>> spans;
    for (const Buffer& part : parts)
        spans.emplace_back(part);
    simulation.load(spans);
}

RunReport run_in_parts(const Model& model, const Partition& partition, Transport& transport, SimTime until,
                       const Pauses& pauses, Bound bound, ExchangeWay way) {
    auto simulation = std::make_unique<Simulation>(model, partition, transport, bound, way);
    std::int64_t events_elsewhere = 0;  // in simulations that were given up
    for (const SimTime pause : pauses.at) {
        const RunReport paused = simulation->run({.until = pause, .observer = {}});
        if (!pauses.are_saved) continue;
        events_elsewhere += paused.progress.events;
        const SavedParts parts = exchanged(simulation->save(), transport);
        simulation = std::make_unique<Simulation>(model, partition, transport, bound, way);
        load_parts(*simulation, parts);
    }
    RunReport report = simulation->run({.until = until, .observer = {}});
    report.progress.events += events_elsewhere;
    simulation->finish(report.end);
    return report;
}

}  // namespace regatta::engine::test
