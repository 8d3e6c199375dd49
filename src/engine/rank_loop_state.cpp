// How the state of a rank's processes leaves it, and comes back on any number of ranks.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "engine/prefetch.hpp"
#include "engine/rank_loop.hpp"
#include "engine/saved_state.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

/// What belongs to the processes of a domain, by process.
template <class T>
class Shares {
public:
    /// `local_of(item)`: whose it is.
    template <class LocalOf>
    Shares(std::size_t processes, const std::vector<T>& items, LocalOf local_of) : first_(processes + 1, 0) {
        for (const T& item : items)
            ++first_[local_of(item) + 1];
        for (std::size_t local = 0; local < processes; ++local)
            first_[local + 1] += first_[local];
        items_.resize(items.size());
        std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
        for (const T& item : items)
            items_[next[local_of(item)]++] = item;
    }
    [[nodiscard]] std::span<const T> of(std::size_t local) const {
        return std::span(items_).subspan(first_[local], first_[local + 1] - first_[local]);
    }

private:
    std::vector<std::uint32_t> first_;
    std::vector<T> items_;
};

}  // namespace

Buffer RankLoop::save(Buffer room) const {
    // Addresses cost nothing, and moving what has been written costs as much as writing it: four times what a busy
    // server takes, measured with 14 requests on each (`tools/bench checkpoint`).
    constexpr std::size_t kBytesPerProcess = 4096;
    room.reserve(kBytesPerProcess * model_->process_count() / outgoing_.size());
    {
        OutArchive whole(room);
        StateWriter writer(whole);
        for (std::uint32_t tier = 0; tier < domains_.size(); ++tier)
            save_domain(tier, writer);
        writer.finish([this](OutArchive& archive) {
            for (const Domain& domain : domains_)
                domain.save_rest(archive);
            save_boards(archive);
        });
    }
    return room;
}

void RankLoop::save_domain(std::uint32_t tier, StateWriter& writer) const {
    const Domain& domain = domains_[tier];
    const std::size_t processes = domain.members().size();
    const Shares<Event> messages(processes, domain.messages(),
                                 [this](const Event& event) { return local_of_[event.receiver.index()]; });
    std::vector<ProcessState::Entry> changes;
    const auto boards = static_cast<std::uint16_t>(published_.size());
    for (std::uint16_t board = 0; board < boards; ++board)
        for (const std::uint32_t entry : published_[board].changed)
            if (places_[published_[board].publishers[entry].index()].tier == tier)
                changes.push_back({.board = BoardId(board), .entry = entry, .value = published_[board].values[entry]});
    const Shares<ProcessState::Entry> published(processes, changes, [this](const ProcessState::Entry& change) {
        return local_of_[published_[change.board.index()].publishers[change.entry].index()];
    });
    static_assert(LogicalProcess::kSavedStage >= kPrefetchStages, "a stage of its own");
    const auto process_at = [&domain](std::size_t local) { return domain.members()[local].process.get(); };
    prefetch_first(processes, process_at);
    ProcessState state;
    for (std::uint32_t local = 0; local < processes; ++local) {
        prefetch_ahead(local, processes, process_at);
        if (local + 1 < processes) process_at(local + 1)->prefetch(LogicalProcess::kSavedStage);
        domain.describe(local, state);
        state.messages.assign(messages.of(local).begin(), messages.of(local).end());
        state.published.assign(published.of(local).begin(), published.of(local).end());
        writer.add(domain.members()[local].id, state, *domain.members()[local].process);
    }
}

void RankLoop::load(const SavedState& state) {
    for (Domain& domain : domains_)
        for (std::uint32_t local = 0; local < domain.members().size(); ++local) {
            ProcessState of_process;
            const LpId id = domain.members()[local].id;
            state.read(id, of_process, *domain.members()[local].process);
            domain.restore(local, of_process);
            for (const ProcessState::Entry& entry : of_process.published) {
                if (entry.board.index() >= published_.size() ||
                    entry.entry >= published_[entry.board.index()].values.size())
                    throw IoError("the saved state has another board");
                put(entry.board, entry.entry, entry.value, id);
            }
        }
    state.read_rest([this](InArchive& archive) {
        // What is only counted, and summed over ranks, goes on where it began.
        for (Domain& domain : domains_)
            domain.load_rest(archive, rank_ == 0);
        load_boards(archive);
    });
    with_saved_state([this] {
        for (Domain& domain : domains_) {
            // Before the instant: what is planned for it is planned as it would have been in the run that was saved.
            const SimTime now = std::max(domain.horizon(), SimTime::from_ns(1)) - SimTime::from_ns(1);
            for (std::uint32_t local = 0; local < domain.members().size(); ++local) {
                enter(domain, local, now, 0);
                domain.members()[local].process->go_on(*this);
            }
        }
    });
}

/// All ranks that read a board know the same of it: the first of them says it.
bool RankLoop::speaks_for(std::size_t board) const {
    const std::size_t ranks = outgoing_.size();
    for (std::size_t rank = 0; rank < rank_; ++rank)
        if (ranks_reading_[board * ranks + rank]) return false;
    return ranks_reading_[board * ranks + rank_];
}

void RankLoop::save_boards(OutArchive& archive) const {
    std::vector<std::vector<std::uint32_t>> values(board_values_.size());
    std::vector<BoardReport> waiting;
    for (std::size_t board = 0; board < board_values_.size(); ++board) {
        if (!speaks_for(board)) continue;
        values[board] = board_values_[board];
        std::copy_if(waiting_reports_.begin(), waiting_reports_.end(), std::back_inserter(waiting),
                     [board](const BoardReport& report) { return report.board.index() == board; });
    }
    archive << values << waiting;
}

void RankLoop::load_boards(InArchive& archive) {
    std::vector<std::vector<std::uint32_t>> values;
    std::vector<BoardReport> waiting;
    archive >> values >> waiting;
    if (values.size() != board_values_.size()) throw IoError("the saved state has other boards");
    for (std::size_t board = 0; board < values.size(); ++board) {
        if (values[board].empty() || board_values_[board].empty()) continue;
        if (values[board].size() != board_values_[board].size()) throw IoError("the saved state has another board");
        board_values_[board] = std::move(values[board]);
    }
    for (BoardReport& report : waiting) {
        if (report.board.index() >= board_values_.size()) throw IoError("the saved state has other boards");
        const std::vector<std::uint32_t>& board = board_values_[report.board.index()];
        if (board.empty()) continue;
        if (std::any_of(report.entries.begin(), report.entries.end(),
                        [&](const BoardEntry& entry) { return entry.entry >= board.size(); }))
            throw IoError("the saved state has another board");
        waiting_reports_.push_back(std::move(report));
    }
}

}  // namespace regatta::engine
