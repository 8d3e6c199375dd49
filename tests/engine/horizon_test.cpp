#include "engine/horizon.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "arbitrary_model.hpp"

namespace regatta::engine::test {
namespace {

/// Until when nothing reaches a domain, by shortest paths (Floyd, Warshall) over all (rank, group): another way than
/// the engine's to the same numbers. Plain: whatever is pending, or comes, may send at once.
class PlainTruth {
public:
    PlainTruth(const Model& model, const Tiers& tiers, const Partition& partition)
        : model_(model), tiers_(tiers), ranks_(partition.ranks), groups_(model.groups().size()) {
        is_on_.assign(ranks_ * groups_, false);
        for (std::uint32_t id = 0; id < model.process_count(); ++id)
            is_on_[partition.rank_of[id] * groups_ + model.group_of(LpId(id)).index()] = true;
        const std::size_t count = ranks_ * groups_;
        way_.assign(count * count, SimTime::never());
        for (std::size_t a = 0; a < count; ++a) {
            for (std::size_t b = 0; b < count; ++b) {
                way_[a * count + b] = hop(a, b);
                // Inside an island whatever reaches one group may be handed on.
                if (is_same_domain(a, b) && !tiers.stride(tier_of(a)).is_never()) way_[a * count + b] = SimTime();
            }
            way_[a * count + a] = SimTime();
        }
        for (std::size_t via = 0; via < count; ++via)
            for (std::size_t a = 0; a < count; ++a)
                for (std::size_t b = 0; b < count; ++b)
                    if (!way_[a * count + via].is_never() && !way_[via * count + b].is_never())
                        way_[a * count + b] =
                            std::min(way_[a * count + b], way_[a * count + via] + way_[via * count + b]);
    }

    [[nodiscard]] SimTime safe(std::uint32_t rank, std::uint32_t tier, const std::vector<Pending>& pending) const {
        const std::size_t count = ranks_ * groups_;
        SimTime safe = SimTime::never();
        for (std::size_t start = 0; start < count; ++start) {
            const SimTime event = pending[(start / groups_) * tiers_.count() + tier_of(start)].event();
            if (!is_on_[start] || event.is_never()) continue;
            for (std::size_t last = 0; last < count; ++last)
                for (std::size_t end = 0; end < count; ++end) {
                    if (end / groups_ != rank || tier_of(end) != tier || is_same_domain(last, end)) continue;
                    if (way_[start * count + last].is_never() || hop(last, end).is_never()) continue;
                    safe = std::min(safe, event + way_[start * count + last] + hop(last, end));
                }
        }
        return safe;
    }

private:
    [[nodiscard]] std::uint32_t tier_of(std::size_t place) const {
        return tiers_.of(GroupId(static_cast<std::uint16_t>(place % groups_)));
    }
    [[nodiscard]] bool is_same_domain(std::size_t a, std::size_t b) const {
        return a / groups_ == b / groups_ && tier_of(a) == tier_of(b);
    }
    [[nodiscard]] SimTime hop(std::size_t a, std::size_t b) const {
        SimTime least = SimTime::never();
        if (!is_on_[a] || !is_on_[b]) return least;
        const GroupId from(static_cast<std::uint16_t>(a % groups_));
        const GroupId to(static_cast<std::uint16_t>(b % groups_));
        if (const auto latency = model_.latency(from, to)) least = *latency;
        for (const Board& board : model_.boards())
            if (board.from == from && board.to == to) least = std::min(least, board.latency);
        return least;
    }

    const Model& model_;
    const Tiers& tiers_;
    std::size_t ranks_;
    std::size_t groups_;
    std::vector<bool> is_on_;
    std::vector<SimTime> way_;
};

RC_GTEST_PROP(Horizon, IsTheLeastOverAllChainsOfDomains, ()) {
    const Model model = arbitrary_layout(4, 3);
    const Tiers tiers(model);
    const auto ranks = *rc::gen::inRange<std::uint32_t>(1, 8);
    for (const Partition& partition : {partition_by_load(model, ranks), partition_round_robin(model, ranks)}) {
        std::vector<Pending> pending(ranks * tiers.count());
        for (Pending& domain : pending)
            if (*rc::gen::inRange(0, 4) > 0) domain.message = SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 90));
        const PlainTruth truth(model, tiers, partition);
        for (std::uint32_t rank = 0; rank < ranks; ++rank) {
            Horizon horizon(model, tiers, partition, rank, Bound::Plain);
            horizon.find_safe(pending);
            for (std::uint32_t tier = 0; tier < tiers.count(); ++tier)
                RC_ASSERT(horizon.safe(tier) == truth.safe(rank, tier, pending));
        }
    }
}

SimTime at_ns(std::int64_t ns) {
    return SimTime::from_ns(ns);
}

/// Gateways (tier 0) send to nodes (tier 1), 50 ns; nodes answer (50 ns) or report to a board (70 ns).
struct Fleet {
    explicit Fleet(bool has_board, std::uint32_t gateway_count = 2, std::uint32_t node_count = 2) {
        const GroupId gateways =
            model.add_group({.name = "gateway", .count = gateway_count, .load = 1, .make = nullptr});
        const GroupId nodes = model.add_group({.name = "node", .count = node_count, .load = 1, .make = nullptr});
        model.add_link({.from = gateways, .to = nodes, .latency = at_ns(50), .carries = 2});
        model.add_reaction({.group = gateways, .input = 1, .to = nodes, .least = SimTime::never()});
        model.add_reaction({.group = gateways, .input = kBoardChange, .to = nodes, .least = SimTime::never()});
        if (has_board) {
            model.add_board(
                {.from = nodes, .to = gateways, .period = at_ns(10'000), .latency = at_ns(70), .entries = 2});
        } else {
            model.add_link({.from = nodes, .to = gateways, .latency = at_ns(50), .carries = 1});
            model.add_reaction({.group = nodes, .input = 2, .to = gateways, .least = at_ns(1'000)});
        }
    }
    Model model;
};

/// What is pending on both of two ranks: the next arrival at a gateway; a message for a node; the nodes' next report.
std::vector<Pending> pending_of(SimTime arrival, SimTime message, SimTime report) {
    const Pending gateways{.wake_up = arrival,
                           .message = SimTime::never(),
                           .report = SimTime::never(),
                           .change = SimTime::never(),
                           .last_event = SimTime(),
                           .reached = SimTime(),
                           .lasting = SimTime()};
    const Pending nodes{.wake_up = SimTime::never(),
                        .message = message,
                        .report = report,
                        .change = SimTime::never(),
                        .last_event = SimTime(),
                        .reached = SimTime(),
                        .lasting = SimTime()};
    return {gateways, nodes, gateways, nodes};
}

TEST(Horizon, ReachesToTheNextReportWhenNodesOnlyReport) {
    const Fleet fleet(true);
    const Tiers tiers(fleet.model);
    Horizon horizon(fleet.model, tiers, partition_round_robin(fleet.model, 2), 0, Bound::Promises);
    horizon.find_safe(pending_of(at_ns(5), at_ns(6), at_ns(10'000)));
    EXPECT_EQ(horizon.safe(0), at_ns(10'070)) << "gateways hear nothing before the next report";
    EXPECT_EQ(horizon.safe(1), at_ns(55)) << "nodes hear of the next arrival";
}

TEST(Horizon, CountsTheReactionOfAMessageOnItsWay) {
    const Fleet fleet(false);
    const Tiers tiers(fleet.model);
    Horizon horizon(fleet.model, tiers, partition_round_robin(fleet.model, 2), 1, Bound::Promises);
    horizon.find_safe(pending_of(at_ns(900), at_ns(6), SimTime::never()));
    EXPECT_EQ(horizon.safe(0), at_ns(6 + 1'000 + 50)) << "the message, a reaction, and the way back";
    EXPECT_EQ(horizon.safe(1), at_ns(950)) << "completions make gateways send nothing";
    horizon.find_safe(pending_of(at_ns(900), SimTime::never(), SimTime::never()));
    EXPECT_EQ(horizon.safe(0), at_ns(900 + 50 + 1'000 + 50)) << "a request that has yet to arrive";
}

TEST(Horizon, PlainlyTakesAnythingForASend) {
    const Fleet fleet(true);
    const Tiers tiers(fleet.model);
    Horizon horizon(fleet.model, tiers, partition_round_robin(fleet.model, 2), 0, Bound::Plain);
    horizon.find_safe(pending_of(at_ns(5), at_ns(6), at_ns(10'000)));
    EXPECT_EQ(horizon.safe(0), at_ns(76));
    EXPECT_EQ(horizon.safe(1), at_ns(55));
}

TEST(Horizon, GoesByKindsOfRanksSoThatThousandsCostNoMoreThanTwo) {
    constexpr std::uint32_t kRanks = 16'384;
    const Fleet fleet(true, 64, kRanks);
    const Tiers tiers(fleet.model);
    const Partition partition = partition_round_robin(fleet.model, kRanks);
    Horizon horizon(fleet.model, tiers, partition, 100, Bound::Promises);
    EXPECT_EQ(horizon.kinds(), 2u) << "with gateways and without";
    EXPECT_NE(horizon.kind_of(0), horizon.kind_of(100));
    std::vector<Pending> pending(kRanks * tiers.count());
    pending[5 * tiers.count()].wake_up = at_ns(7);              // a gateway's next arrival
    pending[9'000 * tiers.count() + 1].report = at_ns(10'000);  // of nodes
    pending[9'001 * tiers.count() + 1].report = at_ns(9'000);
    horizon.find_safe(pending);
    EXPECT_TRUE(horizon.safe(0).is_never()) << "no gateways here";
    EXPECT_EQ(horizon.safe(1), at_ns(57));
    Horizon of_gateways(fleet.model, tiers, partition, 3, Bound::Promises);
    of_gateways.find_safe(pending);
    EXPECT_EQ(of_gateways.safe(0), at_ns(9'070));
    EXPECT_EQ(of_gateways.safe(1), at_ns(57));
}

TEST(Horizon, NamesTheChannelThatBounds) {
    const Fleet fleet(true);
    const Tiers tiers(fleet.model);
    Horizon horizon(fleet.model, tiers, partition_round_robin(fleet.model, 2), 0, Bound::Promises);
    horizon.find_safe(pending_of(at_ns(5), at_ns(6), at_ns(10'000)));
    const auto name = [&](std::uint32_t tier) {
        return name_of(horizon.channels().at(static_cast<std::size_t>(horizon.bounded_by(tier))), fleet.model);
    };
    EXPECT_EQ(name(0), "node -> gateway (reports)");
    EXPECT_EQ(name(1), "gateway -> node");
}

}  // namespace
}  // namespace regatta::engine::test
