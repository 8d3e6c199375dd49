#include "engine/saved_state.hpp"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

/// Stands in the table for what belongs to no process.
constexpr std::uint64_t kRest = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kTableWidth = 3;

void read_from(std::span<const char> bytes, const std::function<void(InArchive&)>& read) {
    InArchive archive(bytes);
    try {
        with_saved_state([&] { read(archive); });
    } catch (const ArchiveEnds&) {
        throw IoError("the saved state is cut short");
    }
    if (archive.left() != 0) throw IoError(fmt::format("the saved state has {} bytes too many", archive.left()));
}

bool is_time(SimTime time) {
    return time >= SimTime() && time <= SimTime::never();
}

/// What others find processes and buckets by. Slots and boards are looked at where they are known.
void check(const ProcessState& state, LpId id, std::size_t processes) {
    for (const Event& event : state.messages)
        if (event.receiver != id || event.sender.index() >= processes || !is_time(event.time))
            throw IoError(fmt::format("the saved state has a message to process {} that none sends", id.value()));
    for (const ProcessState::WakeUp& wake_up : state.wake_ups)
        if (!is_time(wake_up.at)) throw IoError("the saved state has a wake-up that nobody plans");
}

}  // namespace

void with_saved_state(const std::function<void()>& act) {
    try {
        act();
    } catch (const BugError& error) {
        throw IoError(fmt::format("the saved state is none that a run saves: {}", error.what()));
    }
}

void StateWriter::add(LpId id, const ProcessState& state, const LogicalProcess& process) {
    const std::uint64_t first = archive_.size();
    archive_ << state;
    process.save(archive_);
    table_.insert(table_.end(), {id.value(), first, archive_.size()});
}

void StateWriter::finish(const std::function<void(OutArchive&)>& write_rest) {
    const std::uint64_t first = archive_.size();
    write_rest(archive_);
    table_.insert(table_.end(), {kRest, first, archive_.size()});
    table_.push_back(archive_.size());
    archive_.save_binary(table_.data(), table_.size() * sizeof(std::uint64_t));
}

SavedState::SavedState(std::span<const std::span<const char>> parts, std::size_t processes) : of_process_(processes) {
    for (const std::span<const char> part : parts)
        read_table(part);
    for (std::size_t id = 0; id < processes; ++id)
        if (of_process_[id].data() == nullptr) throw IoError(fmt::format("the saved state lacks process {}", id));
}

void SavedState::read_table(std::span<const char> part) {
    const auto number_at = [part](std::size_t at) {
        std::uint64_t number = 0;
        std::memcpy(&number, part.data() + at, sizeof number);
        return number;
    };
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    const std::uint64_t table = part.size() < kWord ? part.size() : number_at(part.size() - kWord);
    if (part.size() < kWord || table > part.size() - kWord ||
        (part.size() - kWord - table) % (kTableWidth * kWord) != 0)
        throw IoError("the saved state has no table of its processes");
    for (std::size_t at = table; at + kWord < part.size(); at += kTableWidth * kWord) {
        const std::uint64_t id = number_at(at);
        const std::uint64_t first = number_at(at + kWord);
        const std::uint64_t last = number_at(at + 2 * kWord);
        if (first > last || last > table) throw IoError("the saved state has a table that points beyond it");
        const std::span<const char> bytes = part.subspan(first, last - first);
        if (id == kRest) {
            rests_.push_back(bytes);
            continue;
        }
        if (id >= of_process_.size() || of_process_[id].data() != nullptr)
            throw IoError(fmt::format("the saved state has process {} {}", id,
                                      id < of_process_.size() ? "twice" : "of another model"));
        of_process_[id] = bytes;
    }
}

void SavedState::read(LpId id, ProcessState& state, LogicalProcess& process) const {
    read_from(of_process_[id.index()], [&](InArchive& archive) {
        archive >> state;
        check(state, id, of_process_.size());
        process.load(archive);
    });
}

void SavedState::read_rest(const std::function<void(InArchive&)>& read) const {
    for (const std::span<const char> rest : rests_)
        read_from(rest, read);
}

}  // namespace regatta::engine
