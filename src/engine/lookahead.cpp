#include "engine/lookahead.hpp"

#include <algorithm>
#include <cstddef>

namespace regatta::engine {

Lookahead::Lookahead(const Model& model, const Partition& partition)
    : ranks_(partition.ranks), least_(ranks_ * ranks_, SimTime::never()) {
    // Which groups have members on which rank.
    const std::size_t groups = model.groups().size();
    std::vector<bool> is_on(groups * ranks_, false);
    for (std::uint32_t id = 0; id < model.process_count(); ++id)
        is_on[model.group_of(LpId(id)).index() * ranks_ + partition.rank_of[id]] = true;

    const auto tie = [&](GroupId from, GroupId to, SimTime latency) {
        for (std::size_t i = 0; i < ranks_; ++i)
            for (std::size_t j = 0; j < ranks_; ++j)
                if (i != j && is_on[from.index() * ranks_ + i] && is_on[to.index() * ranks_ + j])
                    least_[i * ranks_ + j] = std::min(least_[i * ranks_ + j], latency);
    };
    for (const Link& link : model.links())
        tie(link.from, link.to, link.latency);
    for (const Board& board : model.boards())
        tie(board.from, board.to, board.latency);

    // Shortest paths over ranks (Floyd, Warshall); the diagonal starts at never and becomes the shortest round trip.
    for (std::size_t via = 0; via < ranks_; ++via)
        for (std::size_t i = 0; i < ranks_; ++i)
            for (std::size_t j = 0; j < ranks_; ++j) {
                const SimTime first = least_[i * ranks_ + via];
                const SimTime second = least_[via * ranks_ + j];
                if (first.is_never() || second.is_never()) continue;
                least_[i * ranks_ + j] = std::min(least_[i * ranks_ + j], first + second);
            }
}

}  // namespace regatta::engine
