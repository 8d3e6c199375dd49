#include "control/scratchpad_lp.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "control/scratchpad_engines.hpp"
#include "control/scratchpad_nodes.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::control {
namespace {

std::vector<std::int64_t> kv_blocks(const ScratchpadFleet& fleet) {
    std::vector<std::int64_t> blocks;
    for (const ScratchpadKind& kind : fleet.kinds)
        blocks.push_back(kind.blocks);
    return blocks;
}

}  // namespace

ScratchpadLp::ScratchpadLp(Setup setup, serving::RecordSink& sink, std::int64_t& arrived)
    : setup_(std::move(setup)), recorder_(setup_.recording, kv_blocks(setup_.fleet), sink), arrived_(&arrived) {}

void ScratchpadLp::start(engine::Context& context) {
    const auto run = setup_.fleet.has_nodes() ? run_scratchpad_nodes : run_scratchpad_engines;
    const SimTime until = setup_.recording.until;
    const double until_s = until.is_never() ? std::numeric_limits<double>::infinity() : until.seconds();
    const double stopped_s = run(setup_.fleet, setup_.requests, setup_.draws, recorder_, until_s);
    recorder_.tell_ended(setup_.requests);
    // So that the run lasts until the last request has ended.
    double last_s = stopped_s;
    for (const serving::ScratchpadRequest& request : setup_.requests)
        last_s = std::max(last_s, request.end_s);
    context.wake_at(0, SimTime::from_seconds(std::min(last_s, until_s)));
}

void ScratchpadLp::handle(const engine::Event& /*event*/, engine::Context& /*context*/) {
    REGATTA_CHECK(false, "a message reaches a process to which no link leads");
}

/// The run has come to its end.
void ScratchpadLp::wake(std::uint32_t /*slot*/, engine::Context& /*context*/) {}

void ScratchpadLp::sample(SimTime at) {
    recorder_.sample(at);
}

void ScratchpadLp::finish(SimTime end, std::span<const engine::Event> /*undelivered*/) {
    *arrived_ += recorder_.finish(setup_.requests, end);
}

// What start() computed it would compute again.
void ScratchpadLp::save(OutArchive& /*archive*/) const {}
void ScratchpadLp::load(InArchive& /*archive*/) {}

}  // namespace regatta::control
