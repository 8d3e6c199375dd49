// What a run under compat: scratchpad tells of its engines, and what is made of it when it is exported.
#include <memory>

#include "../results/made_up_run.hpp"
#include "hostile.hpp"
#include "results/export_scratchpad.hpp"
#include "results/result_reader.hpp"

namespace {

using namespace regatta;

/// A run all of whose steps are recorded, so that every part of the description is looked at.
results::MadeUpRun recorded_run() {
    results::MadeUpRun run = results::make_up_run(1, 5);
    results::make_up_events(run, 1);
    run.events.resize(20);
    for (serving::FleetEventRecord& event : run.events)
        event.replica = event.node;
    for (serving::ReplicaRecord& replica : run.replicas) {
        replica.steps = 0;
        for (const serving::StepRecord& step : run.steps)
            if (step.replica == replica.replica) ++replica.steps;
    }
    // Samples and sums are not read here, but take most of the time to write.
    run.samples.clear();
    run.gaps.clear();
    run.batches.clear();
    run.description.series_every.reset();
    run.description.has_node_series = false;
    return run;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const results::MadeUpRun kRun = recorded_run();
    const results::ScratchDirectory scratch;
    results::MadeUpRun run = kRun;
    run.description.scratchpad = fuzz::text_of(data, size);
    fuzz::read_or_refuse([&] {
        results::write_run(run, scratch.path(), 1);
        static_cast<void>(results::write_scratchpad(results::ResultReader(scratch.path()), scratch.path("exported")));
    });
    return 0;
}
