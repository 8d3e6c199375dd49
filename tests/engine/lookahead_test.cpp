#include "engine/lookahead.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "arbitrary_model.hpp"

namespace regatta::engine::test {
namespace {

/// Every way from rank to rank, walked.
class AllPaths {
public:
    AllPaths(const Model& model, const Partition& partition) : ranks_(partition.ranks) {
        hop_.assign(std::size_t{ranks_} * ranks_, SimTime::never());
        const auto add = [&](GroupId from, GroupId to, SimTime latency) {
            for (std::uint32_t a = 0; a < model.process_count(); ++a)
                for (std::uint32_t b = 0; b < model.process_count(); ++b) {
                    if (model.group_of(LpId(a)) != from || model.group_of(LpId(b)) != to) continue;
                    if (partition.rank_of[a] == partition.rank_of[b]) continue;
                    SimTime& hop = hop_[std::size_t{partition.rank_of[a]} * ranks_ + partition.rank_of[b]];
                    hop = std::min(hop, latency);
                }
        };
        for (const Link& link : model.links())
            add(link.from, link.to, link.latency);
        for (const Board& board : model.boards())
            add(board.from, board.to, board.latency);
    }

    /// The least sum of latencies over all ways that leave `from` and end at `to`; never when there is none.
    [[nodiscard]] SimTime least(std::uint32_t from, std::uint32_t to) const {
        std::vector<bool> is_visited(ranks_, false);
        return least_from(from, to, is_visited);
    }

private:
    SimTime least_from(std::uint32_t at, std::uint32_t to, std::vector<bool>& is_visited) const {
        SimTime best = SimTime::never();
        for (std::uint32_t next = 0; next < ranks_; ++next) {
            const SimTime hop = hop_[std::size_t{at} * ranks_ + next];
            if (hop.is_never() || is_visited[next]) continue;
            if (next == to) {
                best = std::min(best, hop);
                continue;
            }
            is_visited[next] = true;
            const SimTime rest = least_from(next, to, is_visited);
            is_visited[next] = false;
            if (!rest.is_never()) best = std::min(best, hop + rest);
        }
        return best;
    }

    std::uint32_t ranks_;
    std::vector<SimTime> hop_;
};

RC_GTEST_PROP(Lookahead, IsTheLeastOverAllChainsOfRanks, ()) {
    const Model model = arbitrary_layout(4, 4);
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 6);
    for (const Partition& partition : {partition_by_load(model, ranks), partition_round_robin(model, ranks)}) {
        const Lookahead lookahead(model, partition);
        const AllPaths paths(model, partition);
        for (std::uint32_t from = 0; from < ranks; ++from)
            for (std::uint32_t to = 0; to < ranks; ++to)
                RC_ASSERT(lookahead.between(from, to) == paths.least(from, to));
    }
}

/// Three groups of one process each, one per rank.
Model three_in_a_row() {
    Model model;
    for (const char* name : {"a", "b", "c"})
        model.add_group({.name = name, .count = 1, .load = 1, .make = nullptr});
    return model;
}

TEST(Lookahead, AddsLatenciesAlongTheWayAndBack) {
    Model model = three_in_a_row();
    const GroupId a(0), b(1), c(2);
    model.add_link({.from = a, .to = b, .latency = SimTime::from_ns(10)});
    model.add_link({.from = b, .to = c, .latency = SimTime::from_ns(20)});
    model.add_link({.from = c, .to = a, .latency = SimTime::from_ns(500)});
    model.add_link({.from = a, .to = c, .latency = SimTime::from_ns(70)});
    const Lookahead lookahead(model, partition_round_robin(model, 3));
    EXPECT_EQ(lookahead.between(0, 1), SimTime::from_ns(10));
    EXPECT_EQ(lookahead.between(0, 2), SimTime::from_ns(30)) << "by way of b";
    EXPECT_EQ(lookahead.between(1, 0), SimTime::from_ns(520));
    EXPECT_EQ(lookahead.between(0, 0), SimTime::from_ns(530)) << "out and back";
}

TEST(Lookahead, IsWithoutEndWhereNothingLeads) {
    Model model = three_in_a_row();
    model.add_link({.from = GroupId(0), .to = GroupId(1), .latency = SimTime::from_ns(10)});
    model.add_link({.from = GroupId(2), .to = GroupId(2), .latency = SimTime::from_ns(1)});
    const Lookahead lookahead(model, partition_round_robin(model, 3));
    EXPECT_TRUE(lookahead.between(1, 0).is_never());
    EXPECT_TRUE(lookahead.between(0, 0).is_never());
    EXPECT_TRUE(lookahead.between(2, 2).is_never()) << "links within a rank do not count";
}

TEST(Lookahead, CountsBoardsAsLinks) {
    Model model = three_in_a_row();
    model.add_link({.from = GroupId(0), .to = GroupId(1), .latency = SimTime::from_ns(100)});
    model.add_board({.from = GroupId(0),
                     .to = GroupId(1),
                     .period = SimTime::from_ns(1'000),
                     .latency = SimTime::from_ns(30),
                     .entries = 1});
    EXPECT_EQ(Lookahead(model, partition_round_robin(model, 3)).between(0, 1), SimTime::from_ns(30));
}

}  // namespace
}  // namespace regatta::engine::test
