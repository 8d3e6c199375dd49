#include "run_in_parts.hpp"

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <memory>
#include <sstream>

namespace regatta::engine::test {

RunReport run_in_parts(const Model& model, const Partition& partition, Transport& transport, SimTime until,
                       const Pauses& pauses, Bound bound, ExchangeWay way) {
    auto simulation = std::make_unique<Simulation>(model, partition, transport, bound, way);
    for (const SimTime pause : pauses.at) {
        simulation->run({.until = pause, .observer = {}});
        if (!pauses.are_saved) continue;
        std::stringstream bytes;
        {
            OutArchive out(bytes);
            simulation->save(out);
        }
        simulation = std::make_unique<Simulation>(model, partition, transport, bound, way);
        InArchive in(bytes);
        simulation->load(in);
    }
    const RunReport report = simulation->run({.until = until, .observer = {}});
    simulation->finish(report.end);
    return report;
}

}  // namespace regatta::engine::test
