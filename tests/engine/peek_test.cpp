#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scripted_lp.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {
namespace {

using Lines = std::vector<std::string>;

/// gateway -> node -> disk without delay: one island. Hosts are 10 ns away. One process looks at another at 5 ns.
class Peek : public ::testing::TestWithParam<std::uint32_t> {
protected:
    static constexpr LpId kGateway0{0}, kGateway1{1}, kNode0{2}, kNode2{4}, kDisk0{5}, kHost0{6}, kHost1{7};

    Peek() {
        const GroupId gateways = add("gateway", 2);
        const GroupId nodes = add("node", 3);
        const GroupId disks = add("disk", 1);
        const GroupId hosts = add("host", 2);
        model_.add_link({.from = gateways, .to = nodes, .latency = SimTime()});
        model_.add_link({.from = nodes, .to = disks, .latency = SimTime()});
        model_.add_link({.from = gateways, .to = hosts, .latency = at_ns(10)});
        model_.add_link({.from = hosts, .to = hosts, .latency = at_ns(10)});
    }

    /// Gives what stopped the run.
    std::string look(LpId from, LpId at) {
        looker_ = from;
        looked_at_ = at;
        return bug_in([&] {
            run_on_ranks(GetParam(), [&](Transport& transport) {
                Simulation simulation(model_, partition_by_load(model_, GetParam()), transport);
                if (LogicalProcess* process = simulation.local(looked_at_)) wanted_ = process;
                simulation.run({});
            });
        });
    }

    Model model_;
    Lines brought_up_;  ///< one process does that, on one rank
    const LogicalProcess* seen_ = nullptr;
    const LogicalProcess* wanted_ = nullptr;

private:
    GroupId add(const std::string& name, std::uint32_t count) {
        const auto first = model_.process_count();
        return add_scripted(model_, name, count, [this, name, first](std::uint32_t index) {
            Script script;
            script.bring_up = [this, name, index](SimTime now) {
                brought_up_.push_back(fmt::format("{} {} to {} ns", name, index, now.ns()));
            };
            if (LpId(first + index) != looker_) return script;
            script.start = [](Context& context) { context.wake_at(0, at_ns(5)); };
            script.wake = [this](std::uint32_t, Context& context) { seen_ = &context.peek(looked_at_); };
            return script;
        });
    }

    LpId looker_;
    LpId looked_at_;
};

INSTANTIATE_TEST_SUITE_P(Ranks, Peek, ::testing::Values(1u, 2u, 3u));

TEST_P(Peek, BringsTheOtherUpToNowAndShowsIt) {
    EXPECT_EQ(look(kGateway1, kNode2), "");
    EXPECT_EQ(brought_up_, (Lines{"node 2 to 5 ns"}));
    EXPECT_EQ(seen_, wanted_);
}

TEST_P(Peek, ShowsTheProcessItself) {
    EXPECT_EQ(look(kHost1, kHost1), "");
    EXPECT_EQ(brought_up_, (Lines{"host 1 to 5 ns"}));
    EXPECT_EQ(seen_, wanted_);
}

TEST_P(Peek, WorksAgainstTheDirectionOfTheLink) {
    EXPECT_EQ(look(kNode0, kGateway1), "");
    EXPECT_EQ(brought_up_, (Lines{"gateway 1 to 5 ns"}));
    EXPECT_EQ(seen_, wanted_);
}

TEST_P(Peek, WorksOverSeveralLinksOfTheIsland) {
    EXPECT_EQ(look(kGateway0, kDisk0), "");
    EXPECT_EQ(brought_up_, (Lines{"disk 0 to 5 ns"}));
}

TEST_P(Peek, WorksBetweenMembersOfOneGroupOfTheIsland) {
    EXPECT_EQ(look(kNode0, kNode2), "");
    EXPECT_EQ(brought_up_, (Lines{"node 2 to 5 ns"}));
}

TEST_P(Peek, IsRefusedBeyondTheIslandOnWhicheverRank) {
    const std::string stop = look(kGateway0, kHost1);
    EXPECT_NE(stop.find("gateway 0 may not look at host 1: they are not of one island"), std::string::npos) << stop;
    EXPECT_EQ(brought_up_, Lines{});
}

TEST_P(Peek, IsRefusedWithinAGroupThatIsNoIsland) {
    const std::string stop = look(kHost0, kHost1);
    EXPECT_NE(stop.find("host 0 may not look at host 1: they are not of one island"), std::string::npos) << stop;
}

}  // namespace
}  // namespace regatta::engine::test
