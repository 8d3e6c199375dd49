#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

#include "regatta/engine/transport.hpp"

namespace regatta::engine::test {

/// Letters of one pair of ranks keep their order within a stream; nothing else does. (MPI: messages of one pair on one
/// communicator do not overtake each other; collective calls and messages know nothing of each other.)
enum class Stream : std::uint8_t { Messages, Collectives };

struct Letter {
    std::uint32_t from = 0;
    Stream stream = Stream::Messages;
    std::uint64_t label = 0;  ///< for the receiver, to tell letters apart: a number of the call, a tag
    Buffer bytes = {};
    std::uint64_t number = 0;  ///< in order of sending, over all ranks; given by the network
};

/// What the network did with the letters.
struct DelayReport {
    std::int64_t letters = 0;
    std::int64_t overtaking = 0;  ///< came before a letter that some pair had sent earlier
    std::int64_t in_batches = 0;  ///< came at once with one before them of the same pair
    std::int64_t turns = 0;       ///< changes from one rank to another
    /// Rank after rank, who got a letter of whom: the same for the same seed.
    std::uint64_t history = 0;
};

/// Ranks as threads of which one runs at a time, and the letters that are under way between them. Whenever a rank waits
/// or pauses, a draw decides what happens next: which rank goes on, or which pair's letters arrive. So whatever can
/// happen to ranks on machines of their own happens to some seed, and to the same seed again; nothing depends on
/// clocks.
///
/// Ranks and pairs have priorities, drawn and now and then drawn anew: the first that can do something does. So a rank
/// or a pair can be held until all others wait for it, which equal chances would hardly ever bring about. Source:
/// Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs",
/// ASPLOS 2010, section 3.
///
/// All members but run() and report() are for the rank whose turn it is.
class DelayingNetwork {
public:
    DelayingNetwork(std::uint32_t ranks, std::uint64_t seed);

    /// Runs `body` for each rank. Returns when all have ended; rethrows the exception that was thrown first. Never
    /// hangs: when a rank throws, or all that have not ended wait for what nobody will send, waiting ranks leave by an
    /// exception.
    void run(const std::function<void(std::uint32_t rank)>& body);
    [[nodiscard]] const DelayReport& report() const { return report_; }

    [[nodiscard]] std::uint32_t ranks() const { return static_cast<std::uint32_t>(members_.size()); }
    void send(Letter letter, std::uint32_t to);
    /// What has come for `rank` and was not taken, in order of arrival.
    [[nodiscard]] std::list<Letter>& arrived(std::uint32_t rank) { return members_[rank].arrived; }
    /// Others go on until it is true and it is this rank's turn. `is_met` looks at what has arrived.
    void wait_until(std::uint32_t rank, const std::function<bool()>& is_met);
    /// Others go on first, perhaps.
    void pause(std::uint32_t rank);
    /// Below `bound`, which is not zero.
    [[nodiscard]] std::uint64_t draw(std::uint64_t bound) { return random_() % bound; }

private:
    struct Member {
        std::list<Letter> arrived;
        const std::function<bool()>* waits_for = nullptr;
        bool has_ended = false;
        std::condition_variable turn;
    };
    struct Pair {
        std::uint32_t to = 0;
        std::deque<Letter> under_way;
    };

    void run_member(std::uint32_t rank, const std::function<void(std::uint32_t)>& body);
    void hand_over(std::uint32_t rank);
    [[nodiscard]] std::optional<std::uint32_t> next_member();
    [[nodiscard]] std::optional<std::size_t> next_actor();
    [[nodiscard]] bool can_act(std::size_t actor) const;
    void deliver_from(Pair& pair);
    void give_turn_to(std::optional<std::uint32_t> rank);
    void give_up(const std::exception_ptr& cause);

    std::mt19937_64 random_;
    std::uint64_t chance_of_any_;           ///< in 16: any that can act does, whatever its priority
    std::uint64_t chance_of_new_priority_;  ///< in 64
    std::vector<Member> members_;
    std::vector<Pair> pairs_;                ///< by sender, receiver and stream
    std::vector<std::uint64_t> priorities_;  ///< of members, then of pairs
    std::vector<std::size_t> able_;          ///< scratch
    std::uint64_t next_number_ = 0;
    DelayReport report_;

    std::mutex mutex_;
    std::optional<std::uint32_t> running_;
    bool is_given_up_ = false;
    std::exception_ptr first_exception_;
};

}  // namespace regatta::engine::test
