#include "delaying_mpi.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "transport_suite.hpp"

namespace regatta::transport::test {
namespace {

using engine::Buffer;
using engine::Parcel;
using engine::Transport;

class DelayingMpi : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(DelayingMpi, KeepsTheContractOfTransports) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SCOPED_TRACE(seed);
        const engine::test::DelayReport report = run_on_delayed_mpi(GetParam(), seed, [&](Transport& transport) {
            engine::test::check_transport(transport, {.rounds = 20, .seed = seed + 1});
        });
        EXPECT_GT(report.letters, 0);
    }
}

/// Ranks deliver again and again with nothing between that would keep them together.
TEST_P(DelayingMpi, KeepsDeliveriesApart) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE(seed);
        run_on_delayed_mpi(GetParam(), seed, [&](Transport& transport) {
            std::vector<Parcel> incoming;
            for (std::uint32_t call = 0; call < 40; ++call) {
                // Now this rank is told for some calls, now that one; by some of the others.
                const std::uint32_t told = call / 5 % transport.ranks();
                const auto tells = [&](std::uint32_t rank) { return rank != told && (call + rank) % 3 != 0; };
                std::vector<Parcel> outgoing;
                if (tells(transport.rank()))
                    outgoing.push_back({.rank = told, .bytes = Buffer(1 + call, static_cast<char>(transport.rank()))});
                const std::size_t came = transport.deliver(outgoing, incoming);
                std::size_t expected = 0;
                for (std::uint32_t from = 0; from < transport.ranks(); ++from) {
                    if (transport.rank() != told || !tells(from)) continue;
                    ASSERT_LT(expected, came);
                    EXPECT_EQ(incoming[expected].rank, from);
                    EXPECT_EQ(incoming[expected++].bytes, Buffer(1 + call, static_cast<char>(from)));
                }
                EXPECT_EQ(came, expected);
            }
        });
    }
}

INSTANTIATE_TEST_SUITE_P(Ranks, DelayingMpi, ::testing::Values(2u, 3u, 5u));

}  // namespace
}  // namespace regatta::transport::test
