#include "transport_suite.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "regatta/base/random.hpp"

namespace regatta::engine::test {

namespace {

/// Around what a transport may send in one piece (4,000 bytes with a length of 8 for the MPI one; 32,672 and 32,664
/// where it is told of a larger limit, 32,624 in memory that ranks share), and far beyond.
constexpr std::array<std::size_t, 16> kSizes = {0,    1,     7,     3991,  3992,  3993,  3999,  4000,
                                                4001, 32623, 32624, 32625, 32663, 32664, 32665, 1u << 20};

/// The bytes that `from` sends to `to` in a round: both sides know them without talking.
Buffer bytes_for(std::size_t size, std::uint64_t seed, std::uint32_t from, std::uint32_t to, std::uint32_t round) {
    Buffer bytes(size);
    const std::uint64_t start = random_bits(seed, RandomPurpose::Route, std::uint64_t{from} << 32 | to, round);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<char>((start + i * 0x9e3779b97f4a7c15u) >> 56);
    return bytes;
}

/// Whether the bytes are equal; not EXPECT_EQ on the buffers, which would print a mebibyte.
void expect_same(const Buffer& found, const Buffer& wanted, std::uint32_t from, std::uint32_t to) {
    EXPECT_EQ(found.size(), wanted.size()) << "from rank " << from << " to rank " << to;
    EXPECT_TRUE(found == wanted) << wanted.size() << " bytes differ from rank " << from << " to rank " << to;
}

class Exchanges {
public:
    Exchanges(Transport& transport, std::uint64_t seed)
        : transport_(&transport), seed_(seed), outgoing_(transport.ranks()), incoming_(transport.ranks()) {}

    /// One exchange; `size_of(from, to)` is known to all.
    template <class SizeOf>
    void exchange(SizeOf&& size_of) {
        const std::uint32_t own = transport_->rank();
        const Buffer own_incoming = incoming_[own];
        for (std::uint32_t to = 0; to < transport_->ranks(); ++to)
            if (to != own) outgoing_[to] = bytes_for(size_of(own, to), seed_, own, to, round_);
        transport_->exchange(outgoing_, incoming_);
        for (std::uint32_t from = 0; from < transport_->ranks(); ++from)
            if (from != own)
                expect_same(incoming_[from], bytes_for(size_of(from, own), seed_, from, own, round_), from, own);
        EXPECT_TRUE(incoming_[own] == own_incoming) << "the own buffer is left alone";
        ++round_;
    }

private:
    Transport* transport_;
    std::uint64_t seed_;
    std::vector<Buffer> outgoing_;
    std::vector<Buffer> incoming_;
    std::uint32_t round_ = 0;
};

void check_exchange(Transport& transport, const TransportSuite& suite) {
    Exchanges exchanges(transport, suite.seed);
    for (const std::size_t size : kSizes) {
        SCOPED_TRACE(size);
        exchanges.exchange([&](std::uint32_t, std::uint32_t) { return size; });
    }
    // A different size for each pair, in all combinations that come up; the same buffers grow and shrink.
    for (std::uint32_t round = 0; round < suite.rounds; ++round) {
        SCOPED_TRACE(round);
        exchanges.exchange([&](std::uint32_t from, std::uint32_t to) {
            const std::uint64_t bits =
                random_bits(suite.seed, RandomPurpose::PholdIncrement, std::uint64_t{from} << 32 | to, round);
            // The mebibyte comes rarely: it is there to change places with small ones, not to take the time.
            return kSizes[uniform_below(round % 16 == 0 ? kSizes.size() : kSizes.size() - 1, bits)];
        });
    }
    // One sends much, all others nothing.
    for (std::uint32_t loud = 0; loud < transport.ranks(); ++loud) {
        SCOPED_TRACE(loud);
        exchanges.exchange(
            [&](std::uint32_t from, std::uint32_t) { return from == loud ? std::size_t{1} << 20 : std::size_t{0}; });
    }
}

/// Who sends to whom, and how much, is drawn; senders and receivers know it without talking.
void check_deliver(Transport& transport, const TransportSuite& suite) {
    const std::uint32_t own = transport.rank();
    std::vector<Parcel> incoming;
    for (std::uint32_t round = 0; round < suite.rounds; ++round) {
        SCOPED_TRACE(round);
        const auto bits_of = [&](std::uint32_t from, std::uint32_t to) {
            return random_bits(suite.seed, RandomPurpose::PholdIncrement, std::uint64_t{from} << 32 | to,
                               1'000 + round);
        };
        // None, a third, all: in turn.
        const auto sends = [&](std::uint32_t from, std::uint32_t to) {
            return from != to && round % 3 != 0 && (round % 3 == 2 || bits_of(from, to) % 3 == 0);
        };
        const auto bytes_of = [&](std::uint32_t from, std::uint32_t to) {
            const std::size_t sizes = round % 16 == 1 ? kSizes.size() : kSizes.size() - 1;
            return bytes_for(kSizes[uniform_below(sizes, bits_of(from, to))], suite.seed, from, to, round);
        };
        std::vector<Parcel> outgoing;
        std::vector<std::uint32_t> senders;
        for (std::uint32_t other = 0; other < transport.ranks(); ++other) {
            if (sends(own, other)) outgoing.push_back({.rank = other, .bytes = bytes_of(own, other)});
            if (sends(other, own)) senders.push_back(other);
        }
        const std::size_t came = transport.deliver(outgoing, incoming);
        EXPECT_EQ(came, senders.size());
        EXPECT_LE(came, incoming.size());
        for (std::size_t i = 0; i < std::min(came, senders.size()); ++i) {
            EXPECT_EQ(incoming[i].rank, senders[i]) << "by rank of the sender";
            expect_same(incoming[i].bytes, bytes_of(senders[i], own), senders[i], own);
        }
    }
}

void check_smallest(Transport& transport) {
    const auto rank = static_cast<std::int64_t>(transport.rank());
    const auto last = static_cast<std::int64_t>(transport.ranks()) - 1;
    std::array<std::int64_t, 4> values = {rank, -rank, 7, rank == last ? INT64_MIN : INT64_MAX};
    transport.smallest(values);
    EXPECT_EQ(values, (std::array<std::int64_t, 4>{0, -last, 7, INT64_MIN}));
    transport.smallest({});
    std::vector<std::int64_t> many(1'000, rank);
    transport.smallest(many);
    EXPECT_EQ(many, std::vector<std::int64_t>(1'000, 0));
}

void check_broadcast(Transport& transport, const TransportSuite& suite) {
    for (const std::size_t size : kSizes) {
        const Buffer wanted = bytes_for(size, suite.seed, 0, 0, 0);
        // The others come with something of their own, which must go.
        Buffer bytes = transport.rank() == 0 ? wanted : Buffer(17, 'x');
        transport.broadcast(bytes);
        expect_same(bytes, wanted, 0, transport.rank());
    }
}

void check_gather(Transport& transport, const TransportSuite& suite) {
    for (std::size_t i = 0; i < kSizes.size(); ++i) {
        const auto size_of = [&](std::uint32_t rank) { return kSizes[(i + rank) % kSizes.size()]; };
        const std::uint32_t own = transport.rank();
        const std::vector<Buffer> all = transport.gather(bytes_for(size_of(own), suite.seed, own, 0, 0));
        EXPECT_EQ(all.size(), own == 0 ? transport.ranks() : 0u);
        for (std::uint32_t from = 0; from < all.size(); ++from)
            expect_same(all[from], bytes_for(size_of(from), suite.seed, from, 0, 0), from, 0);
    }
}

void check_largest(Transport& transport) {
    const auto last = static_cast<std::int64_t>(transport.ranks()) - 1;
    const auto rank = static_cast<std::int64_t>(transport.rank());
    EXPECT_EQ(transport.largest(rank), last);
    EXPECT_EQ(transport.largest(-rank), 0);
    EXPECT_EQ(transport.largest(rank - 1'000'000), last - 1'000'000) << "negative values";
    EXPECT_EQ(transport.largest(rank == last ? INT64_MAX : INT64_MIN), INT64_MAX);
    EXPECT_EQ(transport.largest(INT64_MIN), INT64_MIN);
}

}  // namespace

void check_transport(Transport& transport, const TransportSuite& suite) {
    EXPECT_LT(transport.rank(), transport.ranks());
    check_exchange(transport, suite);
    check_broadcast(transport, suite);
    check_gather(transport, suite);
    check_largest(transport);
    check_deliver(transport, suite);
    check_smallest(transport);
}

}  // namespace regatta::engine::test
