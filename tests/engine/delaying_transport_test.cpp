#include "delaying_transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "transport_suite.hpp"

namespace regatta::engine::test {
namespace {

constexpr std::uint32_t kRanks = 4;
constexpr std::uint64_t kLetters = 30;  ///< from each rank to each other, in each stream

using Arrivals = std::vector<std::vector<Letter>>;  ///< by receiver, in order of arrival

/// Every rank sends as much to each other as it may, then takes what came for it.
Arrivals arrivals_of(std::uint64_t seed, DelayReport& report) {
    DelayingNetwork network(kRanks, seed);
    Arrivals arrivals(kRanks);
    network.run([&](std::uint32_t rank) {
        for (std::uint64_t i = 0; i < kLetters; ++i)
            for (std::uint32_t to = 0; to < kRanks; ++to)
                for (const Stream stream : {Stream::Messages, Stream::Collectives})
                    if (to != rank) network.send({.from = rank, .stream = stream, .label = i}, to);
        const std::size_t all = 2 * kLetters * (kRanks - 1);
        network.wait_until(rank, [&] { return network.arrived(rank).size() == all; });
        arrivals[rank].assign(network.arrived(rank).begin(), network.arrived(rank).end());
    });
    report = network.report();
    return arrivals;
}

TEST(DelayingNetwork, LosesNothingAndKeepsEachPairInOrder) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SCOPED_TRACE(seed);
        DelayReport report;
        for (const std::vector<Letter>& arrived : arrivals_of(seed, report))
            for (std::uint32_t from = 0; from < kRanks; ++from)
                for (const Stream stream : {Stream::Messages, Stream::Collectives}) {
                    std::vector<std::uint64_t> labels;
                    for (const Letter& letter : arrived)
                        if (letter.from == from && letter.stream == stream) labels.push_back(letter.label);
                    EXPECT_TRUE(labels.empty() || labels.size() == kLetters);
                    EXPECT_TRUE(std::is_sorted(labels.begin(), labels.end()));
                }
        EXPECT_EQ(report.letters, std::int64_t{2 * kLetters * kRanks * (kRanks - 1)});
    }
}

TEST(DelayingNetwork, HoldsReordersAndBatchesBySeed) {
    DelayReport all;
    std::vector<std::uint64_t> histories;
    std::int64_t streams_that_change_places = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        DelayReport report;
        const Arrivals arrivals = arrivals_of(seed, report);
        histories.push_back(report.history);
        all.overtaking += report.overtaking;
        all.in_batches += report.in_batches;
        all.letters += report.letters;
        // Of one pair, a letter in one stream before one of the other that was sent earlier.
        for (const std::vector<Letter>& arrived : arrivals)
            for (std::size_t i = 1; i < arrived.size(); ++i)
                if (arrived[i].from == arrived[i - 1].from && arrived[i].number < arrived[i - 1].number)
                    ++streams_that_change_places;
    }
    std::sort(histories.begin(), histories.end());
    EXPECT_EQ(std::unique(histories.begin(), histories.end()), histories.end()) << "two seeds, one order";
    EXPECT_GT(all.overtaking, all.letters / 4);
    EXPECT_GT(all.in_batches, all.letters / 4);
    EXPECT_GT(streams_that_change_places, 100);
}

TEST(DelayingNetwork, DoesTheSameForTheSameSeed) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        DelayReport one;
        DelayReport other;
        static_cast<void>(arrivals_of(seed, one));
        static_cast<void>(arrivals_of(seed, other));
        EXPECT_EQ(one.history, other.history);
        EXPECT_EQ(one.turns, other.turns);
    }
}

TEST(DelayingNetwork, HoldsAPairUntilAllElseIsDone) {
    // Of a hundred seeds, one at least lets all letters but those of one pair come first.
    std::int64_t held = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        DelayReport report;
        for (const std::vector<Letter>& arrived : arrivals_of(seed, report)) {
            const std::size_t first_of_last = arrived.size() - kLetters;
            held += std::all_of(arrived.begin() + static_cast<std::ptrdiff_t>(first_of_last), arrived.end(),
                                [&](const Letter& letter) {
                                    return letter.from == arrived.back().from && letter.stream == arrived.back().stream;
                                })
                        ? 1
                        : 0;
        }
    }
    EXPECT_GT(held, 0);
}

class DelayingTransport : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(DelayingTransport, KeepsTheContractOfTransports) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        SCOPED_TRACE(seed);
        run_on_delayed_ranks(GetParam(), seed, [&](Transport& transport) {
            check_transport(transport, {.rounds = 20, .seed = seed + 1});
        });
    }
}

INSTANTIATE_TEST_SUITE_P(Ranks, DelayingTransport, ::testing::Values(1u, 2u, 3u, 5u));

/// By how many calls the ranks were apart at most.
template <class Call>
std::int64_t most_calls_apart(Call&& call) {
    std::int64_t most = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        std::vector<std::int64_t> calls(3);  // one rank runs at a time
        run_on_delayed_ranks(3, seed, [&](Transport& transport) {
            for (int i = 0; i < 20; ++i) {
                call(transport);
                ++calls[transport.rank()];
                const auto [least, largest] = std::minmax_element(calls.begin(), calls.end());
                most = std::max(most, *largest - *least);
            }
        });
    }
    return most;
}

TEST(DelayingTransport, LetsRanksGoAheadAsFarAsACallAllows) {
    EXPECT_EQ(most_calls_apart([](Transport& transport) {
                  Buffer bytes(3);
                  transport.broadcast(bytes);
              }),
              20);
    EXPECT_EQ(most_calls_apart([](Transport& transport) { static_cast<void>(transport.gather(Buffer(3))); }), 20);
    // Nobody leaves these before all have come.
    EXPECT_EQ(most_calls_apart([](Transport& transport) { static_cast<void>(transport.largest(1)); }), 1);
    EXPECT_EQ(most_calls_apart([](Transport& transport) {
                  std::vector<Buffer> outgoing(3);
                  std::vector<Buffer> incoming(3);
                  transport.exchange(outgoing, incoming);
              }),
              1);
}

TEST(DelayingTransport, RethrowsWhatOneRankThrowsWhileTheOthersWait) {
    try {
        run_on_delayed_ranks(4, 1, [&](Transport& transport) {
            if (transport.rank() == 2) throw std::runtime_error("rank 2 is ill");
            static_cast<void>(transport.largest(1));
            ADD_FAILURE() << "nobody gets here";
        });
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()), "rank 2 is ill");
    }
}

TEST(DelayingTransport, DoesNotWaitForWhatNobodySends) {
    EXPECT_THROW(run_on_delayed_ranks(3, 1,
                                      [](Transport& transport) {
                                          if (transport.rank() != 1) static_cast<void>(transport.largest(1));
                                      }),
                 std::logic_error);
}

}  // namespace
}  // namespace regatta::engine::test
