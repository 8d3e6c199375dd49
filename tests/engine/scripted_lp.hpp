#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/model.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::engine::test {

inline constexpr EventClass kNote = 1;

/// What a process does, written where it is tested. What is left empty does nothing.
struct Script {
    std::uint32_t slots = 1;
    std::function<void(Context&)> start;
    std::function<void(const Event&, Context&)> handle;
    std::function<void(std::uint32_t slot, Context&)> wake;
    std::function<void(SimTime)> bring_up;
    std::function<void(SimTime)> sample;
    std::function<void(BoardId, SimTime, BoardWriter&)> report;
    std::function<void(BoardId, SimTime, std::span<const std::uint32_t>, Context&)> board_changed;
    std::function<void(SimTime, std::span<const Event>)> finish;
};

/// A process that follows a script and has no state of its own to save.
class ScriptedLp final : public LogicalProcess {
public:
    explicit ScriptedLp(Script script) : script_(std::move(script)) {}
    [[nodiscard]] std::uint32_t wake_up_slots() const override { return script_.slots; }
    void start(Context& context) override;
    void handle(const Event& event, Context& context) override;
    void wake(std::uint32_t slot, Context& context) override;
    void bring_up(SimTime now) override;
    void sample(SimTime at) override;
    void report(BoardId board, SimTime at, BoardWriter& writer) override;
    void board_changed(BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                       Context& context) override;
    void finish(SimTime end, std::span<const Event> undelivered) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    Script script_;
};

/// What happened to each process, in its own order; a process writes its own lines only, so that ranks need no lock.
using Diary = std::vector<std::vector<std::string>>;

/// Adds `count` processes named `name` that do what `script` gives for the index of each.
GroupId add_scripted(Model& model, const std::string& name, std::uint32_t count,
                     std::function<Script(std::uint32_t index)> script);

[[nodiscard]] inline SimTime at_ns(std::int64_t ns) {
    return SimTime::from_ns(ns);
}

using Partitioner = std::function<Partition(const Model&, std::uint32_t ranks)>;

/// Runs the model to `until` and finishes it, on so many ranks of this process; gives rank 0's report.
RunReport simulate(const Model& model, std::uint32_t ranks = 1, SimTime until = SimTime::never(),
                   const Partitioner& partitioner = partition_by_load);

/// The text of the BugError that `run` throws; empty when it throws none.
[[nodiscard]] std::string bug_in(const std::function<void()>& run);

}  // namespace regatta::engine::test
