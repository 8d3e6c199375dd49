#include "regatta/engine/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

/// Islands as sets of processes: groups joined by a zero-latency link are one island, all other processes one each.
struct Islands {
    std::vector<std::uint32_t> of_process;  ///< island of each process, numbered from 0
    std::vector<double> load;               ///< of each island
    std::string tied_by;
};

std::size_t root_of(std::vector<std::size_t>& parent, std::size_t group) {
    while (parent[group] != group)
        group = parent[group] = parent[parent[group]];
    return group;
}

Islands find_islands(const Model& model) {
    const std::vector<Group>& groups = model.groups();
    std::vector<std::size_t> parent(groups.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    std::vector<bool> is_tied(groups.size(), false);
    Islands islands;
    for (const Link& link : model.links()) {
        if (link.latency > SimTime()) continue;
        is_tied[link.from.index()] = is_tied[link.to.index()] = true;
        parent[root_of(parent, link.from.index())] = root_of(parent, link.to.index());
        islands.tied_by = fmt::format("{} -> {}, 0 ns", groups[link.from.index()].name, groups[link.to.index()].name);
    }
    constexpr std::uint32_t kNone = UINT32_MAX;
    std::vector<std::uint32_t> island_of_root(groups.size(), kNone);
    islands.of_process.reserve(model.process_count());
    for (std::size_t group = 0; group < groups.size(); ++group) {
        for (std::uint32_t i = 0; i < groups[group].count; ++i) {
            std::uint32_t island = kNone;
            std::uint32_t& shared = island_of_root[root_of(parent, group)];
            if (is_tied[group]) island = shared;
            if (island == kNone) {
                island = static_cast<std::uint32_t>(islands.load.size());
                islands.load.push_back(0);
                if (is_tied[group]) shared = island;
            }
            islands.load[island] += groups[group].load;
            islands.of_process.push_back(island);
        }
    }
    return islands;
}

Partition place(const Islands& islands, std::uint32_t ranks, const std::vector<std::uint32_t>& rank_of_island) {
    Partition partition;
    partition.ranks = ranks;
    std::vector<double> load(ranks, 0.0);
    std::vector<bool> is_used(ranks, false);
    for (std::size_t island = 0; island < rank_of_island.size(); ++island) {
        load[rank_of_island[island]] += islands.load[island];
        is_used[rank_of_island[island]] = true;
    }
    for (const std::uint32_t island : islands.of_process)
        partition.rank_of.push_back(rank_of_island[island]);
    const double mean = std::accumulate(load.begin(), load.end(), 0.0) / ranks;
    partition.imbalance = mean > 0 ? *std::max_element(load.begin(), load.end()) / mean : 1.0;
    partition.idle_ranks = static_cast<std::uint32_t>(std::count(is_used.begin(), is_used.end(), false));
    if (partition.idle_ranks > 0) partition.tied_by = islands.tied_by;
    return partition;
}

}  // namespace

Partition partition_by_load(const Model& model, std::uint32_t ranks) {
    REGATTA_CHECK(ranks > 0, "a partition needs a rank");
    const Islands islands = find_islands(model);
    std::vector<std::uint32_t> order(islands.load.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return islands.load[a] > islands.load[b]; });
    using Rank = std::pair<double, std::uint32_t>;
    std::priority_queue<Rank, std::vector<Rank>, std::greater<>> lightest;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
        lightest.emplace(0.0, rank);
    // A run of equal islands is shared out by number, then dealt in blocks, so that neighbours stay together.
    std::vector<std::uint32_t> rank_of_island(islands.load.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last < order.size() && islands.load[order[last]] == islands.load[order[first]])
            ++last;
        std::vector<std::uint32_t> share(ranks, 0);
        for (std::size_t i = first; i < last; ++i) {
            const Rank rank = lightest.top();
            lightest.pop();
            ++share[rank.second];
            lightest.emplace(rank.first + islands.load[order[i]], rank.second);
        }
        std::size_t next = first;
        for (std::uint32_t rank = 0; rank < ranks; ++rank)
            for (std::uint32_t taken = 0; taken < share[rank]; ++taken)
                rank_of_island[order[next++]] = rank;
        first = last;
    }
    return place(islands, ranks, rank_of_island);
}

Partition partition_round_robin(const Model& model, std::uint32_t ranks) {
    REGATTA_CHECK(ranks > 0, "a partition needs a rank");
    const Islands islands = find_islands(model);
    std::vector<std::uint32_t> rank_of_island(islands.load.size());
    for (std::size_t island = 0; island < rank_of_island.size(); ++island)
        rank_of_island[island] = static_cast<std::uint32_t>(island % ranks);
    return place(islands, ranks, rank_of_island);
}

}  // namespace regatta::engine
