#include "regatta/engine/partition.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "arbitrary_model.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine::test {
namespace {

using Ranks = std::vector<std::uint32_t>;

Group group_of(const char* name, std::uint32_t count, double load = 1) {
    return {.name = name, .count = count, .load = load, .make = nullptr};
}

/// The island of each process: groups are visited along zero-latency links until nothing changes.
Ranks islands_of(const Model& model) {
    std::vector<std::size_t> of_group(model.groups().size());
    std::iota(of_group.begin(), of_group.end(), std::size_t{0});
    std::vector<bool> is_tied(of_group.size(), false);
    for (std::size_t round = 0; round < of_group.size(); ++round)
        for (const Link& link : model.links()) {
            if (link.latency > SimTime()) continue;
            const std::size_t a = link.from.index();
            const std::size_t b = link.to.index();
            is_tied[a] = is_tied[b] = true;
            of_group[a] = of_group[b] = std::min(of_group[a], of_group[b]);
        }
    Ranks island;
    std::vector<std::uint32_t> first_of(of_group.size(), UINT32_MAX);
    for (std::uint32_t id = 0; id < model.process_count(); ++id) {
        const std::size_t group = model.group_of(LpId(id)).index();
        std::uint32_t& first = first_of[of_group[group]];
        if (first == UINT32_MAX && is_tied[group]) first = id;
        island.push_back(is_tied[group] ? first : id);
    }
    return island;
}

double load_of(const Model& model, std::uint32_t id) {
    return model.groups()[model.group_of(LpId(id)).index()].load;
}

void check_that_islands_are_whole(const Model& model, const Partition& partition, std::uint32_t ranks) {
    RC_ASSERT(partition.ranks == ranks);
    RC_ASSERT(partition.rank_of.size() == model.process_count());
    const Ranks island = islands_of(model);
    for (std::uint32_t a = 0; a < island.size(); ++a) {
        RC_ASSERT(partition.rank_of[a] < ranks);
        for (std::uint32_t b = 0; b < a; ++b)
            if (island[a] == island[b]) RC_ASSERT(partition.rank_of[a] == partition.rank_of[b]);
    }
}

/// What it says of itself, found by counting.
void check_facts(const Model& model, const Partition& partition) {
    std::vector<double> load(partition.ranks, 0.0);
    for (std::uint32_t id = 0; id < model.process_count(); ++id)
        load[partition.rank_of[id]] += load_of(model, id);
    const double total = std::accumulate(load.begin(), load.end(), 0.0);
    const double largest = *std::max_element(load.begin(), load.end());
    if (total > 0) RC_ASSERT(std::abs(partition.imbalance - largest * partition.ranks / total) < 1e-9);
    const std::set<std::uint32_t> used(partition.rank_of.begin(), partition.rank_of.end());
    RC_ASSERT(partition.idle_ranks == partition.ranks - used.size());
}

RC_GTEST_PROP(Partition, NeverSplitsAnIsland, ()) {
    const Model model = arbitrary_layout(5, 6);
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 9);
    for (const Partition& partition : {partition_by_load(model, ranks), partition_round_robin(model, ranks)}) {
        check_that_islands_are_whole(model, partition, ranks);
        check_facts(model, partition);
    }
}

RC_GTEST_PROP(Partition, ByLoadIsWithinOneIslandOfPerfectBalance, ()) {
    const Model model = arbitrary_layout(5, 12);
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 9);
    const Partition partition = partition_by_load(model, ranks);
    const Ranks island = islands_of(model);
    std::vector<double> island_load(model.process_count(), 0.0);
    double total = 0;
    for (std::uint32_t id = 0; id < model.process_count(); ++id) {
        island_load[island[id]] += load_of(model, id);
        total += load_of(model, id);
    }
    if (total == 0) return;
    // Largest first, each to the lightest: at most 4/3 - 1/(3 ranks) of the best possible, which is at least the mean
    // and the largest island. Source: Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17(2),
    // 1969. Beyond that no list schedule exceeds the mean by more than (1 - 1/ranks) of one island.
    const double largest_island = *std::max_element(island_load.begin(), island_load.end());
    const double mean = total / ranks;
    RC_ASSERT(partition.imbalance * mean <= mean + largest_island * (1.0 - 1.0 / ranks) + 1e-9);
    // A rank stays idle only when there are fewer islands than ranks.
    std::set<std::uint32_t> islands(island.begin(), island.end());
    RC_ASSERT(partition.idle_ranks == (islands.size() < ranks ? ranks - islands.size() : 0));
}

RC_GTEST_PROP(Partition, ByLoadKeepsNeighboursTogether, ()) {
    // Equal islands, numbered one after the other: at most one block per rank.
    Model model;
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 60);
    model.add_group(group_of("node", count, 3));
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 9);
    const Partition partition = partition_by_load(model, ranks);
    RC_ASSERT(std::is_sorted(partition.rank_of.begin(), partition.rank_of.end()));
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        const auto share = std::count(partition.rank_of.begin(), partition.rank_of.end(), rank);
        RC_ASSERT(share == count / ranks || share == count / ranks + 1);
    }
}

TEST(Partition, ByLoadEvensOutGroupsOfDifferentLoad) {
    Model model;
    model.add_group(group_of("gateway", 2, 8));
    model.add_group(group_of("node", 8, 2));
    const Partition partition = partition_by_load(model, 4);
    EXPECT_EQ(partition.rank_of, (Ranks{0, 1, 2, 2, 2, 2, 3, 3, 3, 3}));
    EXPECT_EQ(partition.imbalance, 1.0);
    EXPECT_EQ(partition.idle_ranks, 0u);
    EXPECT_EQ(partition.tied_by, "");
}

TEST(Partition, PutsALargeIslandFirstAndTheRestAroundIt) {
    Model model;
    const GroupId racks = model.add_group(group_of("rack", 4, 1));
    const GroupId gateways = model.add_group(group_of("gateway", 1, 1));
    const GroupId nodes = model.add_group(group_of("node", 3, 1));
    model.add_link({.from = gateways, .to = nodes, .latency = SimTime()});
    model.add_link({.from = nodes, .to = racks, .latency = SimTime::from_ns(1)});
    const Partition partition = partition_by_load(model, 2);
    EXPECT_EQ(partition.rank_of, (Ranks{1, 1, 1, 1, 0, 0, 0, 0}));
    EXPECT_EQ(partition.tied_by, "") << "no rank is idle, so nothing is to be explained";
}

TEST(Partition, NamesTheLinkThatKeepsRanksIdle) {
    Model model;
    const GroupId gateways = model.add_group(group_of("gateway", 2));
    const GroupId nodes = model.add_group(group_of("node", 6));
    model.add_group(group_of("controller", 1));
    model.add_link({.from = gateways, .to = nodes, .latency = SimTime()});
    const Partition partition = partition_by_load(model, 4);
    EXPECT_EQ(partition.rank_of, (Ranks{0, 0, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_EQ(partition.idle_ranks, 2u);
    EXPECT_EQ(partition.tied_by, "gateway -> node, 0 ns");
    EXPECT_DOUBLE_EQ(partition.imbalance, 8 * 4 / 9.0);
}

TEST(Partition, LeavesRanksIdleWhenThereAreMoreOfThemThanProcesses) {
    Model model;
    model.add_group(group_of("node", 3));
    for (const Partition& partition : {partition_by_load(model, 5), partition_round_robin(model, 5)}) {
        EXPECT_EQ(partition.rank_of, (Ranks{0, 1, 2}));
        EXPECT_EQ(partition.idle_ranks, 2u);
        EXPECT_EQ(partition.tied_by, "") << "no link is to blame";
    }
}

TEST(Partition, TakesAGroupWithALinkWithoutDelayToItselfAsOneIsland) {
    Model model;
    const GroupId nodes = model.add_group(group_of("node", 3));
    model.add_link({.from = nodes, .to = nodes, .latency = SimTime()});
    const Partition partition = partition_round_robin(model, 3);
    EXPECT_EQ(partition.rank_of, (Ranks{0, 0, 0}));
    EXPECT_EQ(partition.idle_ranks, 2u);
    EXPECT_EQ(partition.tied_by, "node -> node, 0 ns");
}

TEST(Partition, RoundRobinDealsProcessesOut) {
    Model model;
    model.add_group(group_of("node", 7));
    EXPECT_EQ(partition_round_robin(model, 3).rank_of, (Ranks{0, 1, 2, 0, 1, 2, 0}));
}

TEST(Partition, RefusesALoadThatIsNoNumber) {
    Model model;
    EXPECT_THROW(model.add_group(group_of("node", 2, std::numeric_limits<double>::quiet_NaN())), BugError);
    EXPECT_THROW(model.add_group(group_of("node", 2, -1)), BugError);
}

}  // namespace
}  // namespace regatta::engine::test
