#include "scripted_lp.hpp"

#include <memory>
#include <utility>

#include "regatta/base/errors.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {

void ScriptedLp::start(Context& context) {
    if (script_.start) script_.start(context);
}
void ScriptedLp::handle(const Event& event, Context& context) {
    if (script_.handle) script_.handle(event, context);
}
void ScriptedLp::wake(std::uint32_t slot, Context& context) {
    if (script_.wake) script_.wake(slot, context);
}
void ScriptedLp::bring_up(SimTime now) {
    if (script_.bring_up) script_.bring_up(now);
}
void ScriptedLp::sample(SimTime at) {
    if (script_.sample) script_.sample(at);
}
void ScriptedLp::report(BoardId board, SimTime at, BoardWriter& writer) {
    if (script_.report) script_.report(board, at, writer);
}
void ScriptedLp::board_changed(BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                               Context& context) {
    if (script_.board_changed) script_.board_changed(board, reported_at, values, context);
}
void ScriptedLp::finish(SimTime end, std::span<const Event> undelivered) {
    if (script_.finish) script_.finish(end, undelivered);
}
void ScriptedLp::save(OutArchive& /*archive*/) const {}
void ScriptedLp::load(InArchive& /*archive*/) {}

GroupId add_scripted(Model& model, const std::string& name, std::uint32_t count,
                     std::function<Script(std::uint32_t index)> script) {
    return model.add_group(
        {.name = name, .count = count, .load = 1, .make = [script = std::move(script)](std::uint32_t index, LpId) {
             return std::make_unique<ScriptedLp>(script(index));
         }});
}

RunReport simulate(const Model& model, std::uint32_t ranks, SimTime until, const Partitioner& partitioner) {
    RunReport of_rank_0;
    run_on_ranks(ranks, [&](Transport& transport) {
        Simulation simulation(model, partitioner(model, ranks), transport);
        const RunReport report = simulation.run({.until = until, .observer = {}});
        simulation.finish(report.end);
        if (transport.rank() == 0) of_rank_0 = report;
    });
    return of_rank_0;
}

std::string bug_in(const std::function<void()>& run) {
    try {
        run();
    } catch (const BugError& bug) {
        return bug.what();
    }
    return {};
}

}  // namespace regatta::engine::test
