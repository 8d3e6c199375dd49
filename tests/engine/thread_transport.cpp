#include "thread_transport.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

namespace regatta::engine::test {

namespace {

/// Thrown in ranks that wait for one that is gone: an effect, never the cause that run_on_ranks reports.
class GivenUp final : public std::exception {};

/// A barrier that can be given up for good.
class Barrier {
public:
    explicit Barrier(std::uint32_t ranks) : ranks_(ranks) {}

    void arrive_and_wait() {
        std::unique_lock lock(mutex_);
        if (is_given_up_) throw GivenUp();
        if (has_left_) throw std::logic_error("a rank has ended that others still wait for");
        if (++waiting_ == ranks_) {
            waiting_ = 0;
            ++round_;
            all_here_.notify_all();
            return;
        }
        const std::uint64_t round = round_;
        all_here_.wait(lock, [&] { return round_ != round || is_given_up_; });
        // A round that was completed counts, even when someone has given up since.
        if (round_ == round) throw GivenUp();
    }

    void give_up() {
        const std::lock_guard lock(mutex_);
        is_given_up_ = true;
        all_here_.notify_all();
    }

    /// The calling rank will not come again. Throws when others wait for it.
    void leave() {
        const std::lock_guard lock(mutex_);
        has_left_ = true;
        if (waiting_ > 0 && !is_given_up_) throw std::logic_error("a rank has ended that others still wait for");
    }

private:
    const std::uint32_t ranks_;
    std::mutex mutex_;
    std::condition_variable all_here_;
    std::uint32_t waiting_ = 0;
    std::uint64_t round_ = 0;
    bool is_given_up_ = false;
    bool has_left_ = false;
};

/// What the ranks share. A rank shows something between two barriers; the others may look at it there.
struct Meeting {
    explicit Meeting(std::uint32_t ranks)
        : barrier(ranks), outgoing(ranks), parcels(ranks), vectors(ranks), bytes(ranks), values(ranks) {}

    Barrier barrier;
    std::vector<const std::vector<Buffer>*> outgoing;
    std::vector<std::span<const Parcel>> parcels;
    std::vector<std::span<const std::int64_t>> vectors;
    std::vector<const Buffer*> bytes;
    std::vector<std::int64_t> values;
    std::mutex mutex;
    std::exception_ptr first_exception;
};

class ThreadTransport final : public Transport {
public:
    ThreadTransport(Meeting& meeting, std::uint32_t rank) : meeting_(&meeting), rank_(rank) {}
    [[nodiscard]] std::uint32_t rank() const override { return rank_; }
    [[nodiscard]] std::uint32_t ranks() const override { return static_cast<std::uint32_t>(meeting_->bytes.size()); }

    void exchange(const std::vector<Buffer>& outgoing, std::vector<Buffer>& incoming) override {
        if (outgoing.size() != ranks() || incoming.size() != ranks())
            throw std::logic_error("an exchange takes one buffer per rank");
        meeting_->outgoing[rank_] = &outgoing;
        meeting_->barrier.arrive_and_wait();
        for (std::uint32_t from = 0; from < ranks(); ++from)
            if (from != rank_) incoming[from] = (*meeting_->outgoing[from])[rank_];
        meeting_->barrier.arrive_and_wait();
    }

    [[nodiscard]] std::size_t deliver(std::span<const Parcel> outgoing, std::vector<Parcel>& incoming) override {
        meeting_->parcels[rank_] = outgoing;
        meeting_->barrier.arrive_and_wait();
        std::size_t came = 0;
        for (std::uint32_t from = 0; from < ranks(); ++from)
            for (const Parcel& parcel : meeting_->parcels[from]) {
                if (parcel.rank != rank_) continue;
                if (incoming.size() == came) incoming.emplace_back();
                incoming[came].rank = from;
                incoming[came++].bytes = parcel.bytes;
            }
        meeting_->barrier.arrive_and_wait();
        return came;
    }

    void smallest(std::span<std::int64_t> values) override {
        const std::vector<std::int64_t> own(values.begin(), values.end());
        meeting_->vectors[rank_] = own;
        meeting_->barrier.arrive_and_wait();
        for (const std::span<const std::int64_t> of_rank : meeting_->vectors)
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = std::min(values[i], of_rank[i]);
        meeting_->barrier.arrive_and_wait();
    }

    void broadcast(Buffer& bytes) override {
        meeting_->bytes[rank_] = &bytes;
        meeting_->barrier.arrive_and_wait();
        if (rank_ != 0) bytes = *meeting_->bytes[0];
        meeting_->barrier.arrive_and_wait();
    }

    [[nodiscard]] std::vector<Buffer> gather(const Buffer& bytes) override {
        meeting_->bytes[rank_] = &bytes;
        meeting_->barrier.arrive_and_wait();
        std::vector<Buffer> all;
        if (rank_ == 0)
            for (const Buffer* from : meeting_->bytes)
                all.push_back(*from);
        meeting_->barrier.arrive_and_wait();
        return all;
    }

    [[nodiscard]] std::int64_t largest(std::int64_t value) override {
        meeting_->values[rank_] = value;
        meeting_->barrier.arrive_and_wait();
        const std::int64_t result = *std::max_element(meeting_->values.begin(), meeting_->values.end());
        meeting_->barrier.arrive_and_wait();
        return result;
    }

private:
    Meeting* meeting_;
    std::uint32_t rank_;
};

void run_rank(Meeting& meeting, std::uint32_t rank, const std::function<void(Transport&)>& body) {
    try {
        ThreadTransport transport(meeting, rank);
        body(transport);
        meeting.barrier.leave();
    } catch (const GivenUp&) {
        // Another rank has the cause.
    } catch (...) {
        {
            const std::lock_guard lock(meeting.mutex);
            if (!meeting.first_exception) meeting.first_exception = std::current_exception();
        }
        meeting.barrier.give_up();
    }
}

}  // namespace

void run_on_ranks(std::uint32_t ranks, const std::function<void(Transport&)>& body) {
    Meeting meeting(ranks);
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t rank = 1; rank < ranks; ++rank)
            threads.emplace_back([&meeting, &body, rank] { run_rank(meeting, rank, body); });
        run_rank(meeting, 0, body);
    }
    if (meeting.first_exception) std::rethrow_exception(meeting.first_exception);
}

}  // namespace regatta::engine::test
