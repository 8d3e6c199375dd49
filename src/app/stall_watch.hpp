#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "regatta/engine/transport.hpp"

namespace regatta::app {

/// A transport that notes since when its rank has been waiting for others.
class WatchedTransport final : public engine::Transport {
public:
    explicit WatchedTransport(engine::Transport& inner) : inner_(inner) {}

    [[nodiscard]] std::uint32_t rank() const override { return inner_.rank(); }
    [[nodiscard]] std::uint32_t ranks() const override { return inner_.ranks(); }
    void exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) override {
        const Wait wait(*this);
        inner_.exchange(outgoing, incoming);
    }
    [[nodiscard]] std::size_t deliver(std::span<const engine::Parcel> outgoing,
                                      std::vector<engine::Parcel>& incoming) override {
        const Wait wait(*this);
        return inner_.deliver(outgoing, incoming);
    }
    void smallest(std::span<std::int64_t> values) override {
        const Wait wait(*this);
        inner_.smallest(values);
    }
    void broadcast(engine::Buffer& bytes) override {
        const Wait wait(*this);
        inner_.broadcast(bytes);
    }
    [[nodiscard]] std::vector<engine::Buffer> gather(const engine::Buffer& bytes) override {
        const Wait wait(*this);
        return inner_.gather(bytes);
    }
    [[nodiscard]] std::int64_t largest(std::int64_t value) override {
        const Wait wait(*this);
        return inner_.largest(value);
    }

    /// Higher with each call and with each return: odd while the rank waits. No clock is read here: this is called
    /// several times per window.
    [[nodiscard]] std::uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }

private:
    class Wait {
    public:
        explicit Wait(WatchedTransport& transport) : calls_(transport.calls_) { step(); }
        ~Wait() { step(); }
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;

    private:
        // One thread writes.
        void step() { calls_.store(calls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
        std::atomic<std::uint64_t>& calls_;
    };

    engine::Transport& inner_;
    std::atomic<std::uint64_t> calls_ = 0;
};

/// Ends the run when a rank does not answer. Ranks that have waited for too long say so by a file in the directory of
/// results; the first of them names those that have not, for these are the ones that all wait for.
class StallWatch {
public:
    struct Options {
        double timeout_s = 0;   ///< from the beginning of the wait to the end of the run, at most
        std::string directory;  ///< all ranks see it
        /// Ends all ranks; called from the watch's thread after the one line that says why.
        std::function<void(const std::string& line)> give_up;
    };
    /// `transport` must outlive it. Alone nobody waits, and nobody watches.
    StallWatch(const WatchedTransport& transport, Options options);

private:
    void watch(const std::stop_token& stop);
    [[nodiscard]] bool waits_on(std::uint64_t calls, double seconds, const std::stop_token& stop) const;
    void report() const;
    [[nodiscard]] std::string file_of(std::uint32_t rank) const;

    const WatchedTransport& transport_;
    Options options_;
    std::jthread thread_;
};

}  // namespace regatta::app
