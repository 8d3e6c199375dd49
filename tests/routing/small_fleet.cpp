#include "small_fleet.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "regatta/engine/simulation.hpp"
#include "regatta/transport/in_process.hpp"

namespace regatta::routing {

void SmallFleet::run() {
    transport::InProcessTransport transport;
    auto simulation = std::make_unique<engine::Simulation>(model_, partition_by_load(model_, 1), transport);
    if (setup_.move_at) {
        (void)simulation->run({.until = *setup_.move_at, .observer = {}});
        const engine::Buffer bytes = simulation->save();
        simulation = std::make_unique<engine::Simulation>(model_, partition_by_load(model_, 1), transport);
        simulation->load(std::array{std::span<const char>(bytes)});
    }
    const engine::RunReport report = simulation->run({.until = setup_.until, .observer = {}});
    simulation->finish(report.end);
    // Processes are brought forward one by one: only the order within one means something.
    std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.gateway < b.gateway; });
    std::sort(sink.requests.begin(), sink.requests.end(), [](const auto& a, const auto& b) {
        return std::pair(a.end_ns, a.request_id) < std::pair(b.end_ns, b.request_id);
    });
}

}  // namespace regatta::routing
