#include "base/cores.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstddef>
#include <thread>

#include "regatta/base/errors.hpp"

namespace regatta {
namespace {

/// The calling thread may run on its last core only.
CoreSet bind_to_last() {
    cpu_set_t cores;
    EXPECT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
    std::size_t last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &cores))
        --last;
    CPU_ZERO(&cores);
    CPU_SET(last, &cores);
    EXPECT_EQ(sched_setaffinity(0, sizeof cores, &cores), 0);
    return CoreSet::of_this_thread();
}

TEST(Cores, AThreadGetsWhatAllRanksOfTheMachineHave) {
    const CoreSet all = CoreSet::of_this_thread();
    ASSERT_GT(all.count(), 0);
    std::thread([&all] {
        CoreSet mine = bind_to_last();
        EXPECT_EQ(mine.count(), 1);
        mine.add(CoreSet::from_bytes(all.to_bytes()));
        EXPECT_EQ(mine.count(), all.count());
        mine.let_this_thread_run();
        EXPECT_EQ(CoreSet::of_this_thread().to_bytes(), all.to_bytes());
    }).join();
}

TEST(Cores, OtherMachinesLendNone) {
    const CoreSet all = CoreSet::of_this_thread();
    std::thread([&all] {
        CoreSet mine = bind_to_last();
        mine.add(CoreSet::from_bytes(all.to_bytes() + "elsewhere"));
        EXPECT_EQ(mine.count(), 1);
    }).join();
}

TEST(Cores, WhatIsNoSetIsRefused) {
    EXPECT_THROW((void)CoreSet::from_bytes("none"), BugError);
}

}  // namespace
}  // namespace regatta
