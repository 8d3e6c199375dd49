#include "thread_transport.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "transport_suite.hpp"

namespace regatta::engine::test {
namespace {

class ThreadTransport : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(ThreadTransport, KeepsTheContractOfTransports) {
    run_on_ranks(GetParam(), [](Transport& transport) { check_transport(transport, {.rounds = 30}); });
}

INSTANTIATE_TEST_SUITE_P(Ranks, ThreadTransport, ::testing::Values(1u, 2u, 3u, 5u));

TEST(RunOnRanks, RunsEachRankOnce) {
    std::vector<std::atomic<int>> runs(4);
    run_on_ranks(4, [&](Transport& transport) { ++runs[transport.rank()]; });
    for (const std::atomic<int>& count : runs)
        EXPECT_EQ(count, 1);
}

TEST(RunOnRanks, RethrowsWhatOneRankThrowsWhileTheOthersWait) {
    std::atomic<int> passed = 0;
    try {
        run_on_ranks(4, [&](Transport& transport) {
            if (transport.rank() == 2) throw std::runtime_error("rank 2 is ill");
            static_cast<void>(transport.largest(1));
            ++passed;
        });
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()), "rank 2 is ill");
    }
    EXPECT_EQ(passed, 0);
}

TEST(RunOnRanks, DoesNotWaitForARankThatHasEnded) {
    try {
        run_on_ranks(3, [](Transport& transport) {
            if (transport.rank() != 1) static_cast<void>(transport.largest(1));
        });
        FAIL() << "nothing was thrown";
    } catch (const std::logic_error& error) {
        EXPECT_EQ(std::string(error.what()), "a rank has ended that others still wait for");
    }
}

}  // namespace
}  // namespace regatta::engine::test
