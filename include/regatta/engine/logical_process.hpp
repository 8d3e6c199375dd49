#pragma once

#include <cstdint>
#include <span>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"

namespace regatta::engine {

class Context;

/// A board: values that the members of a group report every so often, all at the same instants, and that the members of
/// another group read together: carried once per rank and period.
using BoardId = Id<struct BoardTag, std::uint16_t>;

/// Where a member puts what it reports.
class BoardWriter {
public:
    virtual ~BoardWriter() = default;
    /// `entry` < the board's entries; each is written by one logical process only.
    virtual void put(std::uint32_t entry, std::uint32_t value) = 0;
};

/// The unit of the engine: owns state, receives events in time order, sends over declared links. Sees its own state,
/// the event and its context; never a rank.
class LogicalProcess {
public:
    LogicalProcess() = default;
    virtual ~LogicalProcess() = default;
    LogicalProcess(const LogicalProcess&) = delete;
    LogicalProcess& operator=(const LogicalProcess&) = delete;

    /// How many wake-ups can be planned at the same time; slots are numbered from 0.
    [[nodiscard]] virtual std::uint32_t wake_up_slots() const { return 1; }
    /// Called once, at time 0, before any event: plans the first wake-ups.
    virtual void start(Context& /*context*/) {}
    /// Handles a message.
    virtual void handle(const Event& event, Context& context) = 0;
    /// Handles the wake-up planned for `slot`.
    virtual void wake(std::uint32_t slot, Context& context) = 0;
    /// Something is about to be handled: calls for the memory that it will touch. For speed only.
    /// The engine calls for the first two cache lines of the object itself, then for stages 0 to 3 with time between,
    /// so that what one stage called for has come when the next one follows it.
    virtual void prefetch(unsigned /*stage*/) const {}
    /// Comes after the others when the process is about to be saved: for what nothing else touches.
    static constexpr unsigned kSavedStage = 4;
    /// Brings state that is kept lazily up to the current instant, because another member of the island looks at it.
    virtual void bring_up(SimTime /*now*/) {}
    /// Takes a sample: state before any event at `at`.
    virtual void sample(SimTime /*at*/) {}
    /// Reports to a board that is not published: state before any event at `at`.
    virtual void report(BoardId /*board*/, SimTime /*at*/, BoardWriter& /*writer*/) {}
    /// The board now shows what was reported at `reported_at`: entries by number. Comes before any event of the
    /// instant.
    virtual void board_changed(BoardId /*board*/, SimTime /*reported_at*/, std::span<const std::uint32_t> /*values*/,
                               Context& /*context*/) {}
    /// The run has ended: nothing at or after `end` happens. `undelivered` are the messages still under way to here.
    virtual void finish(SimTime /*end*/, std::span<const Event> /*undelivered*/) {}

    /// State that leaves the process: everything that `start` and the constructor do not restore.
    virtual void save(OutArchive& archive) const = 0;
    virtual void load(InArchive& archive) = 0;
    /// Called once in place of `start`, when all processes of the rank have been loaded: now() is the last instant
    /// before the one that the state is of. Wake-ups stand as they were planned; a process that was made with other
    /// terms than the one that was saved plans them anew.
    virtual void go_on(Context& /*context*/) {}
};

}  // namespace regatta::engine
