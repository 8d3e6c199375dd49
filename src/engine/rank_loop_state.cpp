// How the state of a rank's processes leaves it, and comes back on any number of ranks.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/rank_loop.hpp"
#include "engine/saved_state.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

Buffer RankLoop::save() const {
    std::vector<std::vector<ProcessState>> states;
    for (const Domain& domain : domains_)
        states.push_back(domain.states());
    for (std::size_t board = 0; board < published_.size(); ++board)
        for (const std::uint32_t entry : published_[board].changed) {
            const LpId publisher = published_[board].publishers[entry];
            states[places_[publisher.index()].tier][local_of_[publisher.index()]].published.push_back(
                {.board = BoardId(static_cast<std::uint16_t>(board)),
                 .entry = entry,
                 .value = published_[board].values[entry]});
        }
    Buffer bytes(saved_bytes_ + saved_bytes_ / 8);
    {
        StateWriter writer(bytes);
        for (std::size_t tier = 0; tier < domains_.size(); ++tier)
            for (std::size_t local = 0; local < states[tier].size(); ++local) {
                const Domain::Member& member = domains_[tier].members()[local];
                writer.add(member.id, states[tier][local], *member.process);
            }
        writer.finish([this](OutArchive& archive) {
            for (const Domain& domain : domains_)
                domain.save_rest(archive);
            save_boards(archive);
        });
    }
    saved_bytes_ = bytes.size();
    return bytes;
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
