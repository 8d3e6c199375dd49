#include "serving/weight_loading.hpp"

#include <gtest/gtest.h>

#include "regatta/base/archive.hpp"

namespace regatta::serving {
namespace {

constexpr LoadRates kRates = {.disk_bytes_per_s = 10, .network_bytes_per_s = 40, .host_link_bytes_per_s = 16};

SimTime s(double seconds) {
    return SimTime::from_seconds(seconds);
}

TEST(WeightLoads, OneTakesItsBytesOverItsSlowestStage) {
    const struct {
        WeightSource source;
        std::uint32_t gpus;
        double seconds;
    } cases[] = {{WeightSource::Disk, 1, 48.0 / 10},    {WeightSource::Disk, 4, 48.0 / 10},
                 {WeightSource::Network, 1, 48.0 / 16}, {WeightSource::Network, 2, 48.0 / 32},
                 {WeightSource::Network, 4, 48.0 / 40}, {WeightSource::Host, 4, 48.0 / 64}};
    for (const auto& one : cases) {
        SCOPED_TRACE(testing::Message() << "source " << int(one.source) << ", " << one.gpus << " GPUs");
        WeightLoads loads(kRates);
        loads.begin(0, 48, one.gpus, one.source, s(100));
        EXPECT_EQ(loads.next_end(), s(100 + one.seconds));
    }
}

TEST(WeightLoads, NoneEndNever) {
    WeightLoads loads(kRates);
    EXPECT_TRUE(loads.next_end().is_never());
    EXPECT_EQ(loads.take_ended(s(1e6)), std::nullopt);
}

TEST(WeightLoads, TwoFromTheDiskShareIt) {
    // 5 bytes/s each from 2 s on, with 30 of 50 left of the first, which ends at 8 s; then the second has the disk for
    // its last 20.
    WeightLoads loads(kRates);
    loads.begin(7, 50, 1, WeightSource::Disk, s(0));
    loads.begin(3, 50, 1, WeightSource::Disk, s(2));
    EXPECT_EQ(loads.next_end(), s(8));
    EXPECT_EQ(loads.take_ended(s(7.999)), std::nullopt);
    EXPECT_EQ(loads.take_ended(s(8)), 7u);
    EXPECT_EQ(loads.take_ended(s(8)), std::nullopt);
    EXPECT_EQ(loads.next_end(), s(10));
    EXPECT_EQ(loads.take_ended(s(10)), 3u);
    EXPECT_TRUE(loads.next_end().is_never());
}

TEST(WeightLoads, OneHeldBackByItsOwnLinkLeavesTheRest) {
    // Of 100 bytes/s from the network, the one with a GPU takes its link's 16, the one with eight the other 84.
    WeightLoads loads({.disk_bytes_per_s = 10, .network_bytes_per_s = 100, .host_link_bytes_per_s = 16});
    loads.begin(0, 840, 8, WeightSource::Network, s(0));
    loads.begin(1, 1600, 1, WeightSource::Network, s(0));
    EXPECT_EQ(loads.take_ended(s(10)), 0u);
    EXPECT_EQ(loads.next_end(), s(100));
}

TEST(WeightLoads, DiskNetworkAndHostAreApart) {
    WeightLoads loads(kRates);
    loads.begin(0, 100, 1, WeightSource::Disk, s(0));
    loads.begin(1, 160, 1, WeightSource::Network, s(0));
    loads.begin(2, 16, 1, WeightSource::Host, s(0));
    loads.begin(3, 32, 1, WeightSource::Host, s(0));
    EXPECT_EQ(loads.take_ended(s(1)), 2u);
    EXPECT_EQ(loads.take_ended(s(2)), 3u);
    EXPECT_EQ(loads.take_ended(s(10)), 0u);
    EXPECT_EQ(loads.take_ended(s(10)), 1u);
}

TEST(WeightLoads, ACancelledOneGivesItsShareBack) {
    WeightLoads loads(kRates);
    loads.begin(0, 100, 1, WeightSource::Disk, s(0));
    loads.begin(1, 100, 1, WeightSource::Disk, s(0));
    EXPECT_EQ(loads.next_end(), s(20));
    loads.cancel(0, s(4));
    EXPECT_EQ(loads.next_end(), s(4 + 80.0 / 10));
    loads.cancel(0, s(5));  // there is none any more
    EXPECT_EQ(loads.next_end(), s(12));
}

TEST(WeightLoads, GoOnFromTheirSavedState) {
    WeightLoads loads(kRates);
    loads.begin(0, 100, 1, WeightSource::Disk, s(0));
    loads.begin(1, 50, 1, WeightSource::Disk, s(3));
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        const WeightLoads& saved = loads;
        out << saved;
    }
    WeightLoads restored(kRates);
    InArchive in(bytes);
    in >> restored;
    for (WeightLoads* one : {&loads, &restored}) {
        EXPECT_EQ(one->next_end(), s(13));
        EXPECT_EQ(one->take_ended(s(13)), 1u);
        EXPECT_EQ(one->next_end(), s(15));
    }
}

}  // namespace
}  // namespace regatta::serving
