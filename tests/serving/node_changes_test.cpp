#include "serving/node_changes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "changing_node.hpp"
#include "regatta/base/archive.hpp"

namespace regatta::serving {
namespace {

using Told = std::vector<std::string>;

TEST(NodeChanges, ServesFromTheStartAndIsLeftAlone) {
    World world(two_replicas());
    EXPECT_TRUE(world.changes.wake_at().is_never());
    EXPECT_TRUE(world.changes.takes(0));
    world.finish(50);
    EXPECT_EQ(world.told(), (Told{"0 serving 0..50 start", "1 serving 0..50 start"}));
}

TEST(NodeChanges, LoadsWarmsUpAndServesWhenProvisioned) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    setup.slots[0].at_start = Phase::Off;
    World world(setup);
    world.order(5, Order::Provision, 0, 0, FleetCause::Autoscaler);
    EXPECT_EQ(world.phase(0), Phase::Loading);
    EXPECT_FALSE(world.changes.takes(0));
    world.run_to(14.999);
    EXPECT_EQ(world.phase(0), Phase::Loading);
    world.run_to(15);
    EXPECT_EQ(world.phase(0), Phase::WarmingUp);
    world.run_to(17);
    EXPECT_EQ(world.phase(0), Phase::Ready);
    EXPECT_EQ(world.shown.at(0), Phase::Ready);
    EXPECT_EQ(world.told(), (Told{"0 loading 5..15 autoscaler", "0 warming 15..17 autoscaler"}));
}

TEST(NodeChanges, AWarmUpOfNothingTakesNone) {
    auto setup = two_replicas();
    setup.slots[0].at_start = Phase::Off;
    setup.slots[0].warm_up = SimTime();
    World world(setup);
    world.order(0, Order::Provision);
    world.run_to(10);
    EXPECT_EQ(world.phase(0), Phase::Ready);
}

TEST(NodeChanges, TwoThatLoadFromTheDiskShareIt) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    for (ReplicaSlot& slot : setup.slots)
        slot.at_start = Phase::Off;
    World world(setup);
    world.order(0, Order::Provision, 0);
    world.order(0, Order::Provision, 1);
    world.finish(30);
    EXPECT_EQ(world.told(), (Told{"0 loading 0..20 script", "1 loading 0..20 script", "0 warming 20..22 script",
                                  "1 warming 20..22 script", "0 serving 22..30 script", "1 serving 22..30 script"}));
}

TEST(NodeChanges, AFailedGpuLosesItsRequestsAndItsReplicaLoadsAgainFromTheHost) {
    // One pool's weights fit the host memory: the last used, of replica 1.
    auto setup = two_replicas();
    setup.parts = {outage(FleetEvent::GpuDown, 1, 2, s(10), s(13))};
    World world(setup);
    world.requests = {{0, 3}, {1, 4}};
    world.run_to(10);
    EXPECT_EQ(world.phase(0), Phase::Ready);
    EXPECT_EQ(world.phase(1), Phase::Down);
    EXPECT_EQ(world.requests, (std::map<std::uint32_t, std::int64_t>{{0, 3}, {1, 0}}));
    EXPECT_EQ(world.told(), (Told{"1 lost 10 (4) failure", "1 serving 0..10 start"}));
    world.run_to(20);
    EXPECT_EQ(world.phase(1), Phase::Ready);
    EXPECT_EQ(world.told(),
              (Told{"gpu 1 gpu_down 10..13 script", "1 loading 13..14 failure", "1 warming 14..16 failure"}));
}

TEST(NodeChanges, AFailedNodeForgetsWhatItsHostKept) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 200;
    setup.parts = {outage(FleetEvent::NodeDown, 0, 2, s(10), s(13))};
    World world(setup);
    world.finish(50);
    EXPECT_EQ(world.told(), (Told{"0 lost 10 (0) failure", "0 serving 0..10 start", "1 lost 10 (0) failure",
                                  "1 serving 0..10 start", "node 5 node_down 10..13 script", "0 loading 13..33 failure",
                                  "1 loading 13..33 failure", "0 warming 33..35 failure", "1 warming 33..35 failure",
                                  "0 serving 35..50 failure", "1 serving 35..50 failure"}));
}

TEST(NodeChanges, AGpuIsDownWhileAnyPartThatHasItIs) {
    auto setup = two_replicas();
    setup.parts = {outage(FleetEvent::GpuDown, 0, 1, s(1), s(5)), outage(FleetEvent::RackDown, 0, 2, s(2), s(3)),
                   outage(FleetEvent::GpuDown, 0, 1, s(4), s(8))};
    World world(setup);
    world.run_to(3.5);
    EXPECT_EQ(world.phase(0), Phase::Down);
    EXPECT_EQ(world.phase(1), Phase::Loading);
    world.run_to(7.9);
    EXPECT_EQ(world.phase(0), Phase::Down);
    world.run_to(8);
    EXPECT_EQ(world.phase(0), Phase::Loading);
}

TEST(NodeChanges, AFailureWhileLoadingStartsOver) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    setup.slots[0].at_start = Phase::Off;
    setup.parts = {outage(FleetEvent::GpuDown, 0, 1, s(6), s(7)), outage(FleetEvent::GpuDown, 0, 1, s(18), s(19))};
    World world(setup);
    world.order(0, Order::Provision);
    world.finish(100);
    EXPECT_EQ(world.told(),
              (Told{"0 loading 0..6 script", "gpu 0 gpu_down 6..7 script", "0 loading 7..17 failure",
                    "0 warming 17..18 failure", "gpu 0 gpu_down 18..19 script", "0 loading 19..29 failure",
                    "0 warming 29..31 failure", "0 serving 31..100 failure", "1 serving 0..100 start"}));
}

TEST(NodeChanges, DrainsForItsGraceEvenWithNothingToDo) {
    World world(two_replicas());
    world.order(3, Order::Retire);
    EXPECT_EQ(world.phase(0), Phase::Draining);
    EXPECT_TRUE(world.changes.takes(0));
    world.run_to(3.999);
    EXPECT_EQ(world.phase(0), Phase::Draining);
    world.run_to(4);
    EXPECT_EQ(world.phase(0), Phase::Off);
    EXPECT_FALSE(world.changes.takes(0));
    EXPECT_EQ(world.told(), (Told{"0 serving 0..3 start", "0 draining 3..4 script"}));
}

TEST(NodeChanges, DrainsUntilWhatItHasHasEnded) {
    World world(two_replicas());
    world.requests[0] = 2;
    world.order(3, Order::Retire);
    world.run_to(60);
    EXPECT_EQ(world.phase(0), Phase::Draining);
    world.empty(61, 0);
    EXPECT_EQ(world.phase(0), Phase::Off);
    EXPECT_EQ(world.told(), (Told{"0 serving 0..3 start", "0 draining 3..61 script"}));
}

TEST(NodeChanges, DoesNotEndDrainingBeforeTheGraceBecauseItIsEmpty) {
    World world(two_replicas());
    world.requests[0] = 1;
    world.order(3, Order::Retire);
    world.empty(3.5, 0);
    EXPECT_EQ(world.phase(0), Phase::Draining);
}

TEST(NodeChanges, LosesWhatStillRunsAtTheDrainLimit) {
    auto setup = two_replicas();
    setup.drain_limit = s(6);
    World world(setup);
    world.requests[0] = 2;
    world.order(3, Order::Retire);
    world.run_to(100);
    EXPECT_EQ(world.told(), (Told{"0 serving 0..3 start", "0 lost 9 (2) script", "0 draining 3..9 script"}));
}

TEST(NodeChanges, ServesOnWhenItIsWantedAgainWhileItDrains) {
    World world(two_replicas());
    world.requests[0] = 2;
    world.order(3, Order::Retire);
    world.order(8, Order::Provision, 0, 0, FleetCause::Autoscaler);
    EXPECT_EQ(world.phase(0), Phase::Ready);
    world.finish(20);
    EXPECT_EQ(world.requests.at(0), 2);
    EXPECT_EQ(world.told(), (Told{"0 serving 0..3 start", "0 draining 3..8 script", "0 serving 8..20 autoscaler",
                                  "1 serving 0..20 start"}));
}

TEST(NodeChanges, LosesWhatItHasWhenItsHardwareGoesAtOnce) {
    World world(two_replicas());
    world.requests[0] = 2;
    world.order(3, Order::Rip);
    EXPECT_EQ(world.phase(0), Phase::Absent);
    EXPECT_EQ(world.told(), (Told{"0 removed 3 script", "0 lost 3 (2) script", "0 serving 0..3 start"}));
}

TEST(NodeChanges, ALoadThatIsNotWantedAnyMoreIsGivenUp) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    setup.slots[0].at_start = setup.slots[1].at_start = Phase::Off;
    World world(setup);
    world.order(0, Order::Provision, 0);
    world.order(0, Order::Provision, 1);
    world.order(4, Order::Retire, 0);
    EXPECT_EQ(world.phase(0), Phase::Off);
    world.run_to(100);
    // The other one has the disk for itself from 4 s on, with 80 bytes left.
    EXPECT_EQ(world.told(), (Told{"0 loading 0..4 script", "1 loading 0..12 script", "1 warming 12..14 script"}));
}

TEST(NodeChanges, ReplicasOverTheSameGpusWaitForEachOther) {
    // Slot 2 has both GPUs.
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    setup.slots.push_back({.pool = PoolId(2),
                           .replica = ReplicaId(42),
                           .first_gpu = 0,
                           .gpus = 2,
                           .weight_bytes = 100,
                           .warm_up = s(2),
                           .at_start = Phase::Off});
    World world(setup);
    world.requests = {{0, 1}, {1, 1}};
    world.order(1, Order::Provision, 2);
    world.order(1, Order::Retire, 0);
    world.order(1, Order::Retire, 1);
    world.empty(5, 1);
    EXPECT_EQ(world.phase(2), Phase::Off);
    world.empty(7, 0);
    EXPECT_EQ(world.phase(2), Phase::Loading);
    world.order(8, Order::Provision, 0);
    EXPECT_EQ(world.phase(0), Phase::Off);
    world.run_to(19);
    EXPECT_EQ(world.phase(2), Phase::Ready);
    world.order(20, Order::Retire, 2);
    world.run_to(21);
    EXPECT_EQ(world.phase(0), Phase::Loading);
    EXPECT_EQ(world.phase(1), Phase::Off);
}

TEST(NodeChanges, AnUpdateDrainsTheNodeIsOutAndComesBack) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 200;
    World world(setup);
    world.requests = {{0, 1}};
    world.order(2, Order::Update, 0, 60, FleetCause::Maintenance);
    EXPECT_EQ(world.phase(0), Phase::Draining);
    world.run_to(3);
    EXPECT_EQ(world.phase(1), Phase::Off);
    world.empty(10, 0);
    EXPECT_EQ(world.phase(0), Phase::Updating);
    EXPECT_EQ(world.phase(1), Phase::Updating);
    world.finish(100);
    // What the host kept is gone.
    EXPECT_EQ(world.told(),
              (Told{"0 serving 0..2 start", "1 serving 0..2 start", "1 draining 2..3 maintenance",
                    "0 draining 2..10 maintenance", "node 5 updating 10..70 maintenance",
                    "0 loading 70..90 maintenance", "1 loading 70..90 maintenance", "0 warming 90..92 maintenance",
                    "1 warming 90..92 maintenance", "0 serving 92..100 maintenance", "1 serving 92..100 maintenance"}));
}

TEST(NodeChanges, AnUpdateOfANodeThatServesNothingBeginsAtOnce) {
    auto setup = two_replicas();
    setup.slots[0].at_start = setup.slots[1].at_start = Phase::Off;
    World world(setup);
    world.order(2, Order::Update, 0, 60);
    EXPECT_EQ(world.phase(0), Phase::Updating);
    world.order(10, Order::Provision, 0);
    EXPECT_EQ(world.phase(0), Phase::Updating);
    world.run_to(62);
    EXPECT_EQ(world.phase(0), Phase::Loading);
    EXPECT_EQ(world.phase(1), Phase::Off);
}

TEST(NodeChanges, InstallsAndRemovesHardware) {
    auto setup = two_replicas();
    setup.host_memory_bytes = 0;
    setup.slots[0].at_start = Phase::Absent;
    World world(setup);
    world.order(1, Order::Provision, 0);
    EXPECT_EQ(world.phase(0), Phase::Absent);
    world.order(2, Order::Install, 0);
    EXPECT_EQ(world.phase(0), Phase::Loading);
    world.order(20, Order::Uninstall, 0);
    EXPECT_EQ(world.phase(0), Phase::Draining);
    world.run_to(21);
    EXPECT_EQ(world.phase(0), Phase::Absent);
    world.requests[1] = 6;
    world.order(30, Order::Rip, 1);
    EXPECT_EQ(world.phase(1), Phase::Absent);
    EXPECT_EQ(world.told(), (Told{"0 installed 2 script", "0 loading 2..12 script", "0 warming 12..14 script",
                                  "0 removed 20 script", "0 serving 14..20 script", "0 draining 20..21 script",
                                  "1 removed 30 script", "1 lost 30 (6) script", "1 serving 0..30 start"}));
}

TEST(NodeChanges, TellsAtTheEndWhatGoesOn) {
    auto setup = two_replicas();
    setup.parts = {outage(FleetEvent::GpuDown, 0, 1, s(10), s(90))};
    World world(setup);
    world.order(30, Order::Retire, 1);
    world.order(40, Order::Update, 0, 60);
    world.finish(50);
    EXPECT_EQ(world.told(),
              (Told{"0 lost 10 (0) failure", "0 serving 0..10 start", "1 serving 0..30 start",
                    "1 draining 30..31 script", "gpu 0 gpu_down 10..50 script", "node 5 updating 40..50 maintenance"}));
}

TEST(NodeChanges, MembersOfOneProcessFailEachForItself) {
    auto setup = two_replicas();
    FailingPart second = outage(FleetEvent::NodeDown, 1, 2, s(10), s(11));
    second.member = 1;
    setup.parts = {second};
    World world(setup);
    world.run_to(11);
    EXPECT_EQ(world.phase(0), Phase::Ready);
    EXPECT_EQ(world.told().back(), "node 6 node_down 10..11 script");
}

TEST(NodeChanges, GoOnFromTheirSavedState) {
    auto setup = two_replicas();
    setup.parts = {
        {.kind = FleetEvent::GpuDown, .end_gpu = 1, .entity = 3, .law = FailureLaw{.mtbf_s = 40, .mttr_s = 9}},
        outage(FleetEvent::NodeDown, 0, 2, s(70), s(75))};
    for (const double moved_at_s : {1.0, 4.5, 30.0, 71.0, 77.0, 85.0}) {
        SCOPED_TRACE(moved_at_s);
        World one(setup);
        World other(setup);
        one.order(0.5, Order::Retire, 1);
        one.order(4, Order::Provision, 1);
        one.run_to(moved_at_s);
        if (moved_at_s > 76) one.order(moved_at_s, Order::Update, 0, 30);
        (void)one.told();
        ByteBlock bytes;
        {
            OutArchive out(bytes);
            one.changes.save(out);
        }
        InArchive in(bytes);
        other.changes.load(in);
        one.finish(300);
        other.finish(300);
        EXPECT_EQ(other.told(), one.told());
    }
}

}  // namespace
}  // namespace regatta::serving
