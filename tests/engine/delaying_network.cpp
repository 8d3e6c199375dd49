#include "delaying_network.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace regatta::engine::test {

namespace {

constexpr std::size_t kStreams = 2;

/// Thrown in ranks that wait when the run is given up: an effect, never the cause that run() reports.
class GivenUp final : public std::exception {};

}  // namespace

DelayingNetwork::DelayingNetwork(std::uint32_t ranks, std::uint64_t seed)
    : random_(seed),
      chance_of_any_(draw(3) == 0 ? 16 : draw(8)),
      chance_of_new_priority_(draw(16)),
      members_(ranks),
      pairs_(std::size_t{ranks} * ranks * kStreams),
      priorities_(members_.size() + pairs_.size()) {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        pairs_[i].to = static_cast<std::uint32_t>(i / kStreams % ranks);
    for (std::uint64_t& priority : priorities_)
        priority = random_();
}

void DelayingNetwork::run(const std::function<void(std::uint32_t)>& body) {
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t rank = 0; rank < ranks(); ++rank)
            threads.emplace_back([this, rank, &body] { run_member(rank, body); });
        give_turn_to(next_member());
    }
    if (first_exception_) std::rethrow_exception(first_exception_);
}

void DelayingNetwork::run_member(std::uint32_t rank, const std::function<void(std::uint32_t)>& body) {
    {
        std::unique_lock lock(mutex_);
        members_[rank].turn.wait(lock, [&] { return running_ == rank; });
    }
    try {
        if (!is_given_up_) body(rank);
    } catch (const GivenUp&) {
        // Another rank has the cause.
    } catch (...) {
        give_up(std::current_exception());
    }
    members_[rank].has_ended = true;
    give_turn_to(next_member());
}

void DelayingNetwork::give_turn_to(std::optional<std::uint32_t> rank) {
    const std::lock_guard lock(mutex_);
    running_ = rank;
    if (rank) members_[*rank].turn.notify_one();
}

void DelayingNetwork::hand_over(std::uint32_t rank) {
    const std::optional<std::uint32_t> next = next_member();
    if (next != rank) {
        ++report_.turns;
        give_turn_to(next);
        std::unique_lock lock(mutex_);
        members_[rank].turn.wait(lock, [&] { return running_ == rank; });
    }
    if (is_given_up_) throw GivenUp();
}

void DelayingNetwork::give_up(const std::exception_ptr& cause) {
    is_given_up_ = true;
    if (!first_exception_) first_exception_ = cause;
}

/// Lets letters arrive until it is a rank's turn; none when all have ended.
std::optional<std::uint32_t> DelayingNetwork::next_member() {
    while (!is_given_up_) {
        const std::optional<std::size_t> actor = next_actor();
        if (!actor) break;
        if (*actor < members_.size()) return static_cast<std::uint32_t>(*actor);
        deliver_from(pairs_[*actor - members_.size()]);
    }
    const auto left =
        std::find_if(members_.begin(), members_.end(), [](const Member& member) { return !member.has_ended; });
    if (left == members_.end()) return std::nullopt;
    if (!is_given_up_)
        give_up(std::make_exception_ptr(std::logic_error("ranks wait for what nobody has sent or will send")));
    return static_cast<std::uint32_t>(left - members_.begin());
}

bool DelayingNetwork::can_act(std::size_t actor) const {
    if (actor >= members_.size()) return !pairs_[actor - members_.size()].under_way.empty();
    const Member& member = members_[actor];
    return !member.has_ended && (member.waits_for == nullptr || (*member.waits_for)());
}

std::optional<std::size_t> DelayingNetwork::next_actor() {
    able_.clear();
    for (std::size_t actor = 0; actor < priorities_.size(); ++actor)
        if (can_act(actor)) able_.push_back(actor);
    if (able_.empty()) return std::nullopt;
    if (draw(64) < chance_of_new_priority_) priorities_[able_[draw(able_.size())]] = random_();
    if (draw(16) < chance_of_any_) return able_[draw(able_.size())];
    return *std::max_element(able_.begin(), able_.end(),
                             [&](std::size_t a, std::size_t b) { return priorities_[a] < priorities_[b]; });
}

/// One letter, or several at once.
void DelayingNetwork::deliver_from(Pair& pair) {
    std::uint64_t count = draw(2) == 0 ? 1 : 1 + draw(pair.under_way.size());
    report_.in_batches += static_cast<std::int64_t>(count - 1);
    for (; count > 0; --count) {
        const std::uint64_t number = pair.under_way.front().number;
        const bool overtakes = std::any_of(pairs_.begin(), pairs_.end(), [&](const Pair& other) {
            return !other.under_way.empty() && other.under_way.front().number < number;
        });
        if (overtakes) ++report_.overtaking;
        // Any odd factor will do: an order is to be told from another.
        report_.history = (report_.history ^ number) * 0x9e3779b97f4a7c15U + pair.to;
        members_[pair.to].arrived.push_back(std::move(pair.under_way.front()));
        pair.under_way.pop_front();
    }
}

void DelayingNetwork::send(Letter letter, std::uint32_t to) {
    const std::size_t pair =
        (std::size_t{letter.from} * ranks() + to) * kStreams + static_cast<std::size_t>(letter.stream);
    letter.number = next_number_++;
    ++report_.letters;
    const std::uint32_t from = letter.from;
    pairs_[pair].under_way.push_back(std::move(letter));
    pause(from);
}

void DelayingNetwork::pause(std::uint32_t rank) {
    if (draw(4) == 0) hand_over(rank);
}

void DelayingNetwork::wait_until(std::uint32_t rank, const std::function<bool()>& is_met) {
    members_[rank].waits_for = &is_met;
    // Also when it is met already: what this rank waited for may have come long before it goes on.
    if (!is_met() || draw(4) == 0) {
        try {
            hand_over(rank);
        } catch (const GivenUp&) {
            members_[rank].waits_for = nullptr;
            throw;
        }
    }
    members_[rank].waits_for = nullptr;
}

}  // namespace regatta::engine::test
