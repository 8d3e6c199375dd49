#include "engine/exchange.hpp"

#include <vector>

#include "engine/collective_exchange.hpp"
#include "engine/pair_exchange.hpp"

namespace regatta::engine {

namespace {

// Two reductions take 2 log2(ranks) steps one after the other; ranks - 1 messages, all under way at once, take less
// time up to a handful of ranks, and more from some hundreds on, when they also grow long.
constexpr std::uint32_t kMostRanksInPairs = 7;
constexpr std::uint32_t kMostRanksMeasured = 256;
constexpr int kMeasuredRounds = 20;

/// Wall time of so many rounds on the slowest rank [ns].
template <class Round>
std::int64_t measured_ns(Transport& transport, Round&& round) {
    round();  // connections are made at first use
    static_cast<void>(transport.largest(0));
    WallClock clock;
    clock.start();
    for (int i = 0; i < kMeasuredRounds; ++i)
        round();
    clock.look();
    return transport.largest(static_cast<std::int64_t>(clock.loop_s() * 1e9));
}

/// Both ways for a window in which nothing but one event is sent by each rank: where windows hold more, their work
/// outweighs the exchange either way.
bool is_collective_cheaper(const Exchange::Parts& parts) {
    Transport& transport = parts.transport;
    const std::uint32_t ranks = transport.ranks();
    const std::vector<Buffer> to_all(ranks, Buffer(PairExchange::least_bytes(ranks, parts.tiers)));
    std::vector<Buffer> from_all(ranks);
    const std::int64_t pairs_ns = measured_ns(transport, [&] { transport.exchange(to_all, from_all); });
    const std::vector<Parcel> to_one = {{.rank = (transport.rank() + 1) % ranks, .bytes = Buffer(sizeof(Event))}};
    std::vector<Parcel> from_some;
    std::vector<std::int64_t> values(CollectiveExchange::value_count(parts.horizon.kinds(), parts.tiers));
    const std::int64_t collective_ns = measured_ns(transport, [&] {
        static_cast<void>(transport.deliver(to_one, from_some));
        transport.smallest(values);
    });
    return collective_ns < pairs_ns;
}

}  // namespace

void Exchange::count_into(Progress& progress) {
    progress.messages_sent += messages_;
    progress.bytes_sent += bytes_;
    progress.reductions += reductions_;
    messages_ = bytes_ = reductions_ = 0;
}

std::unique_ptr<Exchange> make_exchange(ExchangeWay way, const Exchange::Parts& parts) {
    const std::uint32_t ranks = parts.transport.ranks();
    bool is_collective = way == ExchangeWay::Collective;
    if (way == ExchangeWay::Auto && ranks > kMostRanksInPairs)
        is_collective = ranks > kMostRanksMeasured || is_collective_cheaper(parts);
    if (is_collective && ranks > 1) return std::make_unique<CollectiveExchange>(parts);
    return std::make_unique<PairExchange>(parts);
}

}  // namespace regatta::engine
