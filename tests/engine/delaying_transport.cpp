#include "delaying_transport.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace regatta::engine::test {

namespace {

Buffer bytes_of(std::span<const std::int64_t> values) {
    Buffer bytes(values.size_bytes());
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

/// Letters bear the number of the call that they belong to: all ranks make the same calls.
class DelayingTransport final : public Transport {
public:
    DelayingTransport(DelayingNetwork& network, std::uint32_t rank) : network_(network), rank_(rank) {}
    [[nodiscard]] std::uint32_t rank() const override { return rank_; }
    [[nodiscard]] std::uint32_t ranks() const override { return network_.ranks(); }

    void exchange(const std::vector<Buffer>& outgoing, std::vector<Buffer>& incoming) override {
        if (outgoing.size() != ranks() || incoming.size() != ranks())
            throw std::logic_error("an exchange takes one buffer per rank");
        ++call_;
        for (const std::uint32_t other : others_in_any_order())
            send(Stream::Messages, outgoing[other], other);
        wait_for(Stream::Messages, ranks() - 1);
        for (Letter& letter : taken(Stream::Messages))
            incoming[letter.from] = std::move(letter.bytes);
        network_.pause(rank_);
    }

    [[nodiscard]] std::size_t deliver(std::span<const Parcel> outgoing, std::vector<Parcel>& incoming) override {
        ++call_;
        std::vector<std::int64_t> parcels_for(ranks());
        for (const Parcel& parcel : outgoing) {
            if (parcel.rank == rank_ || ++parcels_for[parcel.rank] > 1)
                throw std::logic_error("a delivery takes at most one parcel to each other rank");
            send(Stream::Messages, parcel.bytes, parcel.rank);
        }
        for (const std::uint32_t other : others_in_any_order())
            send(Stream::Collectives, bytes_of(std::span(parcels_for).subspan(other, 1)), other);
        std::int64_t expected = 0;
        for (const std::vector<std::int64_t>& count : numbers_of_others(1))
            expected += count[0];
        wait_for(Stream::Messages, static_cast<std::size_t>(expected));
        std::vector<Letter> letters = taken(Stream::Messages);
        std::sort(letters.begin(), letters.end(), [](const Letter& a, const Letter& b) { return a.from < b.from; });
        if (incoming.size() < letters.size()) incoming.resize(letters.size());
        for (std::size_t i = 0; i < letters.size(); ++i)
            incoming[i] = {.rank = letters[i].from, .bytes = std::move(letters[i].bytes)};
        network_.pause(rank_);
        return letters.size();
    }

    void smallest(std::span<std::int64_t> values) override {
        ++call_;
        for (const std::uint32_t other : others_in_any_order())
            send(Stream::Collectives, bytes_of(values), other);
        for (const std::vector<std::int64_t>& of_rank : numbers_of_others(values.size()))
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = std::min(values[i], of_rank[i]);
        network_.pause(rank_);
    }

    void broadcast(Buffer& bytes) override {
        ++call_;
        if (rank_ == 0) {
            for (const std::uint32_t other : others_in_any_order())
                send(Stream::Collectives, bytes, other);
        } else {
            wait_for(Stream::Collectives, 1);
            bytes = std::move(taken(Stream::Collectives).front().bytes);
        }
        network_.pause(rank_);
    }

    [[nodiscard]] std::vector<Buffer> gather(const Buffer& bytes) override {
        ++call_;
        std::vector<Buffer> all;
        if (rank_ != 0) {
            send(Stream::Messages, bytes, 0);
        } else {
            wait_for(Stream::Messages, ranks() - 1);
            all.resize(ranks());
            all[0] = bytes;
            for (Letter& letter : taken(Stream::Messages))
                all[letter.from] = std::move(letter.bytes);
        }
        network_.pause(rank_);
        return all;
    }

    [[nodiscard]] std::int64_t largest(std::int64_t value) override {
        ++call_;
        for (const std::uint32_t other : others_in_any_order())
            send(Stream::Collectives, bytes_of(std::span(&value, 1)), other);
        std::int64_t result = value;
        for (const std::vector<std::int64_t>& of_rank : numbers_of_others(1))
            result = std::max(result, of_rank[0]);
        network_.pause(rank_);
        return result;
    }

private:
    [[nodiscard]] std::vector<std::uint32_t> others_in_any_order() {
        std::vector<std::uint32_t> others;
        for (std::uint32_t other = 0; other < ranks(); ++other)
            if (other != rank_)
                others.insert(others.begin() + static_cast<std::ptrdiff_t>(network_.draw(others.size() + 1)), other);
        return others;
    }

    void send(Stream stream, const Buffer& bytes, std::uint32_t to) {
        network_.send({.from = rank_, .stream = stream, .label = call_, .bytes = bytes}, to);
    }

    [[nodiscard]] bool is_of_this_call(const Letter& letter, Stream stream) const {
        return letter.stream == stream && letter.label == call_;
    }

    void wait_for(Stream stream, std::size_t count) {
        network_.wait_until(rank_, [&] {
            const std::list<Letter>& arrived = network_.arrived(rank_);
            return static_cast<std::size_t>(std::count_if(arrived.begin(), arrived.end(), [&](const Letter& letter) {
                       return is_of_this_call(letter, stream);
                   })) >= count;
        });
    }

    /// In order of arrival.
    [[nodiscard]] std::vector<Letter> taken(Stream stream) {
        std::vector<Letter> letters;
        std::list<Letter>& arrived = network_.arrived(rank_);
        for (auto letter = arrived.begin(); letter != arrived.end();)
            if (is_of_this_call(*letter, stream)) {
                letters.push_back(std::move(*letter));
                letter = arrived.erase(letter);
            } else {
                ++letter;
            }
        return letters;
    }

    /// What each other rank has told in this call, in order of arrival.
    [[nodiscard]] std::vector<std::vector<std::int64_t>> numbers_of_others(std::size_t count) {
        wait_for(Stream::Collectives, ranks() - 1);
        std::vector<std::vector<std::int64_t>> numbers;
        for (const Letter& letter : taken(Stream::Collectives)) {
            if (letter.bytes.size() != count * sizeof(std::int64_t))
                throw std::logic_error("ranks came to a reduction with different numbers of values");
            std::vector<std::int64_t>& of_rank = numbers.emplace_back(count);
            if (count > 0) std::memcpy(of_rank.data(), letter.bytes.data(), letter.bytes.size());
        }
        return numbers;
    }

    DelayingNetwork& network_;
    std::uint32_t rank_;
    std::uint64_t call_ = 0;
};

}  // namespace

DelayReport run_on_delayed_ranks(std::uint32_t ranks, std::uint64_t seed, const std::function<void(Transport&)>& body) {
    DelayingNetwork network(ranks, seed);
    network.run([&](std::uint32_t rank) {
        DelayingTransport transport(network, rank);
        body(transport);
    });
    return network.report();
}

}  // namespace regatta::engine::test
