#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// What the engine keeps of one process, beside the process itself.
struct ProcessState {
    struct WakeUp {
        std::uint32_t slot = 0;
        SimTime at;
        std::uint32_t depth = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& slot& at& depth;
        }
    };
    /// Of a board, since its last report.
    struct Entry {
        BoardId board;
        std::uint32_t entry = 0;
        std::uint32_t value = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& board& entry& value;
        }
    };
    std::uint32_t sent = 0;  ///< messages so far
    std::vector<WakeUp> wake_ups;
    std::vector<Event> messages;  ///< under way to it
    std::vector<Entry> published;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& sent& wake_ups& messages& published;
    }
};

/// Writes what one rank has to save, process by process, so that any rank can take out any process.
///
/// A part is, in this order: the bytes of each process, those that belong to none, the table of where each begins and
/// ends, and where the table is.
class StateWriter {
public:
    explicit StateWriter(OutArchive& archive) : archive_(archive) {}
    void add(LpId id, const ProcessState& state, const LogicalProcess& process);
    /// What belongs to no process; once, at the end.
    void finish(const std::function<void(OutArchive&)>& write_rest);

private:
    OutArchive& archive_;
    std::vector<std::uint64_t> table_;  ///< id, first byte, byte after the last; one after the other
};

/// Runs what reads state, or goes on from it. A broken invariant of what was read is no mistake of ours: throws IoError
/// in place of BugError.
void with_saved_state(const std::function<void()>& act);

/// The parts that all ranks of a run have saved. Bytes are read where they lie, and only those that are asked for.
class SavedState {
public:
    /// The parts must outlive this. Throws IoError when one is cut short, or a process of the model's is missing or
    /// there twice.
    SavedState(std::span<const std::span<const char>> parts, std::size_t processes);

    /// Throws IoError when the bytes are not those of such a process.
    void read(LpId id, ProcessState& state, LogicalProcess& process) const;
    /// Calls for the rest of each part.
    void read_rest(const std::function<void(InArchive&)>& read) const;

private:
    void read_table(std::span<const char> part);

    std::vector<std::span<const char>> of_process_;
    std::vector<std::span<const char>> rests_;
};

}  // namespace regatta::engine
