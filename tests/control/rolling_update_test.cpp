#include "control/rolling_update.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "regatta/base/archive.hpp"

namespace regatta::control {
namespace {

SimTime s(std::int64_t seconds) {
    return SimTime::from_s(seconds);
}

/// Nodes that do what they are told: drain, are maintained, load. The controller sees them as they are.
class Nodes {
public:
    Nodes(std::uint32_t count, std::int64_t drain_s, std::int64_t duration_s, std::int64_t start_s)
        : began_s_(count, -1),
          fails_s_(count, {-1, -1}),
          drain_s_(drain_s),
          duration_s_(duration_s),
          start_s_(start_s) {}

    void fails(std::uint32_t node, std::int64_t from_s, std::int64_t to_s) { fails_s_[node] = {from_s, to_s}; }

    [[nodiscard]] std::vector<RollingUpdate::NodeState> at(std::int64_t now_s) const {
        std::vector<RollingUpdate::NodeState> states(began_s_.size());
        for (std::size_t node = 0; node < states.size(); ++node) {
            const bool has_failed = now_s >= fails_s_[node].first && now_s < fails_s_[node].second;
            const bool is_updated = began_s_[node] >= 0 && now_s < began_s_[node] + drain_s_ + duration_s_ + start_s_;
            states[node] = {.is_available = !has_failed && !is_updated, .is_at_rest = !is_updated};
        }
        return states;
    }

    /// Every ten seconds until all is over; which nodes were told, in turn.
    std::vector<std::uint32_t> follow(RollingUpdate& update, std::int64_t from_s, std::int64_t to_s) {
        std::vector<std::uint32_t> told;
        for (std::int64_t now_s = from_s; now_s < to_s && !update.is_done(); now_s += 10) {
            const auto seen = at(now_s);
            for (const std::uint32_t node : update.next(seen, s(now_s), s(20))) {
                told.push_back(node);
                began_s_[node] = now_s;
            }
            const auto states = at(now_s);
            const auto out =
                std::count_if(states.begin(), states.end(), [](const auto& node) { return !node.is_available; });
            most_out_ = std::max<std::int64_t>(most_out_, out);
        }
        return told;
    }

    std::int64_t most_out_ = 0;
    std::vector<std::int64_t> began_s_;

private:
    std::vector<std::pair<std::int64_t, std::int64_t>> fails_s_;
    std::int64_t drain_s_;
    std::int64_t duration_s_;
    std::int64_t start_s_;
};

TEST(RollingUpdate, UpdatesEachNodeOnceAndNeverTooManyAtATime) {
    for (const std::uint32_t most : {1u, 3u, 7u, 100u}) {
        for (const std::int64_t drain_s : {0, 35, 500}) {
            SCOPED_TRACE(testing::Message() << most << " at a time, draining for " << drain_s << " s");
            RollingUpdate update({.at = s(100), .duration = s(60), .most_unavailable = most, .nodes = 7});
            Nodes nodes(7, drain_s, 60, 25);
            EXPECT_EQ(nodes.follow(update, 0, 100'000), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
            EXPECT_TRUE(update.is_done());
            EXPECT_EQ(nodes.most_out_, std::min(most, 7u));
            EXPECT_EQ(nodes.began_s_[0], 100);
        }
    }
}

TEST(RollingUpdate, GoesOnAsSoonAsOneIsBack) {
    RollingUpdate update({.at = s(0), .duration = s(60), .most_unavailable = 1, .nodes = 3});
    Nodes nodes(3, 30, 60, 25);
    (void)nodes.follow(update, 0, 100'000);
    // 115 s until the node serves, seen at the next whole ten seconds.
    EXPECT_EQ(nodes.began_s_, (std::vector<std::int64_t>{0, 120, 240}));
}

TEST(RollingUpdate, DoesNotTakeANodeForDoneBeforeItsOrderShows) {
    // What is known does not show the order yet: the node serves as ever.
    RollingUpdate update({.at = s(0), .duration = s(60), .most_unavailable = 1, .nodes = 2});
    const std::vector<RollingUpdate::NodeState> all_well(2);
    EXPECT_EQ(update.next(all_well, s(0), s(20)), (std::vector<std::uint32_t>{0}));
    EXPECT_TRUE(update.next(all_well, s(79), s(20)).empty());
    EXPECT_EQ(update.next(all_well, s(80), s(20)), (std::vector<std::uint32_t>{1}));
    EXPECT_FALSE(update.is_done());
    EXPECT_TRUE(update.next(all_well, s(160), s(20)).empty());
    EXPECT_TRUE(update.is_done());
}

TEST(RollingUpdate, WaitsWhileOthersHaveFailed) {
    RollingUpdate update({.at = s(0), .duration = s(60), .most_unavailable = 1, .nodes = 3});
    Nodes nodes(3, 0, 60, 0);
    nodes.fails(2, 0, 1000);
    EXPECT_EQ(nodes.follow(update, 0, 1000), (std::vector<std::uint32_t>{}));
    EXPECT_EQ(nodes.follow(update, 1000, 100'000), (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(nodes.most_out_, 1);
}

TEST(RollingUpdate, UpdatesAFailedNodeAtNoFurtherLoss) {
    RollingUpdate update({.at = s(0), .duration = s(60), .most_unavailable = 1, .nodes = 3});
    Nodes nodes(3, 0, 60, 0);
    nodes.fails(0, 0, 1000);
    EXPECT_EQ(nodes.follow(update, 0, 10), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(nodes.follow(update, 10, 1000), (std::vector<std::uint32_t>{}));
    EXPECT_EQ(nodes.most_out_, 1);
}

TEST(RollingUpdate, GoesOnFromItsSavedState) {
    const RollingUpdate::Plan plan{.at = s(0), .duration = s(60), .most_unavailable = 2, .nodes = 5};
    RollingUpdate update(plan);
    Nodes nodes(5, 30, 60, 25);
    (void)nodes.follow(update, 0, 150);
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        const RollingUpdate& saved = update;
        out << saved;
    }
    RollingUpdate restored(plan);
    InArchive in(bytes);
    in >> restored;
    Nodes other = nodes;
    EXPECT_EQ(other.follow(restored, 150, 10'000), nodes.follow(update, 150, 10'000));
    EXPECT_EQ(other.began_s_, nodes.began_s_);
    EXPECT_TRUE(restored.is_done());
}

}  // namespace
}  // namespace regatta::control
