#include "engine/bucket_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "arbitrary_event.hpp"
#include "regatta/base/random.hpp"

namespace regatta::engine::test {
namespace {

using EventQueue = BucketQueue<Event, is_before>;

bool are_equal_in_order(const Event& a, const Event& b) {
    return !is_before(a, b) && !is_before(b, a);
}

/// The queue beside a sorted vector that must say the same. As in the engine, nothing is pushed that is before what
/// was popped last.
class QueueAndOracle {
public:
    explicit QueueAndOracle(SimTime width = SimTime()) : queue_(width) {}
    void push(const Event& event) {
        queue_.push(event);
        const auto place = std::upper_bound(sorted_.begin(), sorted_.end(), event, is_before);
        sorted_.insert(place, event);
        check();
    }
    Event pop() {
        const Event top = queue_.top();
        queue_.pop();
        sorted_.erase(sorted_.begin());
        check();
        return top;
    }
    void clear() {
        queue_.clear();
        sorted_.clear();
        check();
    }
    [[nodiscard]] bool is_empty() const { return sorted_.empty(); }
    [[nodiscard]] EventQueue& queue() { return queue_; }
    [[nodiscard]] std::vector<Event>& sorted() { return sorted_; }

    /// What is pending, in any order, is what the oracle has.
    void check_events() {
        std::vector<Event> pending;
        queue_.for_each([&](const Event& event) { pending.push_back(event); });
        std::sort(pending.begin(), pending.end(), is_before);
        RC_ASSERT(pending.size() == sorted_.size());
        RC_ASSERT(std::equal(pending.begin(), pending.end(), sorted_.begin(), are_equal_in_order));
    }

    /// Takes everything before `end` out of both; what came out is the same.
    void drain(SimTime end) {
        std::vector<Event> taken;
        queue_.drain_before(end, [&](const Event& event) { taken.push_back(event); });
        std::sort(taken.begin(), taken.end(), is_before);
        const auto last = std::find_if(sorted_.begin(), sorted_.end(), [&](const Event& e) { return e.time >= end; });
        RC_ASSERT(taken.size() == static_cast<std::size_t>(last - sorted_.begin()));
        RC_ASSERT(std::equal(taken.begin(), taken.end(), sorted_.begin(), are_equal_in_order));
        sorted_.erase(sorted_.begin(), last);
        check();
    }

private:
    void check() {
        RC_ASSERT(queue_.is_empty() == sorted_.empty());
        RC_ASSERT(queue_.size() == sorted_.size());
        RC_ASSERT(queue_.next_time() == (sorted_.empty() ? SimTime::never() : sorted_.front().time));
        if (!sorted_.empty()) RC_ASSERT(are_equal_in_order(queue_.top(), sorted_.front()));
    }

    EventQueue queue_;
    std::vector<Event> sorted_;
};

RC_GTEST_PROP(BucketQueue, GivesEventsInTheTotalOrderHoweverPushesAndPopsMix, ()) {
    QueueAndOracle both(SimTime::from_ns(*rc::gen::element<std::int64_t>(0, 1, 1000, 3'000'000)));
    std::int64_t now_ns = 0;
    const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    for (const int step : steps) {
        if (step == 0) {
            both.clear();
            now_ns = 0;
        } else if (step < 9) {
            both.push(arbitrary_event(now_ns));
        } else if (step < 11) {
            const Event event = arbitrary_event(now_ns);
            for (int burst = 0; burst < 40; ++burst)  // the same event again and again
                both.push(event);
        } else if (step < 13) {
            const SimTime end = SimTime::from_ns(now_ns + *rc::gen::inRange<std::int64_t>(0, 2'000'000));
            both.drain(end);
            now_ns = std::max(now_ns, end.ns());
        } else if (!both.is_empty()) {
            // What follows is later than what is popped, as the engine's zero-delay sends are by their depth.
            now_ns = std::max(now_ns, both.pop().time.ns() + 1);
        }
    }
    both.check_events();
    while (!both.is_empty())
        both.pop();
}

RC_GTEST_PROP(BucketQueue, GivesTheDepthsOfOneInstantInOrder, ()) {
    // An event at depth d makes up to two at depth d + 1 of the same instant, among others that wait there already.
    QueueAndOracle both;
    const int waiting = *rc::gen::inRange(1, 20);
    for (int i = 0; i < waiting; ++i)
        both.push(arbitrary_event(0));
    for (int i = 0; i < 60 && !both.is_empty(); ++i) {
        Event event = both.pop();
        event.instant_order = (event.depth() + 1) << 8 | *rc::gen::inRange<std::uint32_t>(0, 3);
        for (int made = *rc::gen::inRange(0, 3); made > 0; --made) {
            ++event.sequence;
            both.push(event);
        }
    }
    while (!both.is_empty())
        both.pop();
}

TEST(BucketQueue, IsEmptyAtFirstAndAgain) {
    EventQueue queue;
    EXPECT_TRUE(queue.is_empty());
    EXPECT_TRUE(queue.next_time().is_never());
    queue.push(Event{});
    EXPECT_FALSE(queue.is_empty());
    EXPECT_EQ(queue.next_time(), SimTime());
    queue.pop();
    EXPECT_TRUE(queue.is_empty());
    EXPECT_TRUE(queue.next_time().is_never());
    EXPECT_EQ(queue.size(), 0u);
}

TEST(BucketQueue, KeepsTheWholeEvent) {
    Event event;
    event.time = SimTime::from_ns(5);
    event.instant_order = 3 << 8 | 2;
    event.sequence = 4;
    event.key = 6;
    event.sender = LpId(7);
    event.receiver = LpId(8);
    event.set_payload(std::uint64_t{9});
    EventQueue queue;
    queue.push(event);
    const Event top = queue.top();
    EXPECT_TRUE(are_equal_in_order(top, event));
    EXPECT_EQ(top.receiver, LpId(8));
    EXPECT_EQ(top.payload_as<std::uint64_t>(), 9u);
}

TEST(BucketQueue, HoldsAHundredThousandEventsInOrder) {
    EventQueue queue;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        Event event;
        const std::uint64_t bits = random_bits(1, RandomPurpose::PholdIncrement, 0, i);
        // Half of them in a burst within a microsecond, the others spread over an hour.
        event.time = SimTime::from_ns(static_cast<std::int64_t>(bits % (i % 2 == 0 ? 1'000 : 3'600'000'000'000)));
        event.key = i;
        queue.push(event);
    }
    Event last;
    std::size_t popped = 0;
    bool is_in_order = true;
    for (; !queue.is_empty(); ++popped) {
        is_in_order = is_in_order && (popped == 0 || is_before(last, queue.top()));
        last = queue.top();
        queue.pop();
    }
    EXPECT_EQ(popped, 100'000u);
    EXPECT_TRUE(is_in_order);
}

class BucketQueueOfWidth : public testing::TestWithParam<std::int64_t> {};

/// Draws like a simulation: each item taken makes one later, at a distance that changes its scale again and again, so
/// that the ring has to be shaped anew.
TEST_P(BucketQueueOfWidth, FollowsItemsThatChangeTheirSpacing) {
    EventQueue queue(SimTime::from_ns(GetParam()));
    std::vector<Event> heap;  // the oracle: a binary heap
    const auto later = [](const Event& a, const Event& b) { return is_before(b, a); };
    std::uint64_t draws = 0;
    const auto push = [&](SimTime from, int scale_bits) {
        Event event;
        const std::uint64_t bits = random_bits(3, RandomPurpose::PholdIncrement, 0, draws);
        event.time = from + SimTime::from_ns(static_cast<std::int64_t>(bits >> (64 - scale_bits)));
        event.key = draws++;
        queue.push(event);
        heap.push_back(event);
        std::push_heap(heap.begin(), heap.end(), later);
    };
    for (int i = 0; i < 3'000; ++i)
        push(SimTime(), 30);
    for (int i = 0; i < 300'000; ++i) {
        const int scale_bits = 8 + (i / 20'000) * 2;  // from a quarter of a microsecond to half a minute
        std::pop_heap(heap.begin(), heap.end(), later);
        const Event expected = heap.back();
        heap.pop_back();
        ASSERT_TRUE(are_equal_in_order(queue.top(), expected)) << "item " << i;
        queue.pop();
        push(expected.time, scale_bits);
    }
    EXPECT_EQ(queue.size(), heap.size());
}

INSTANTIATE_TEST_SUITE_P(Widths, BucketQueueOfWidth, testing::Values(0, 1'000, 1'000'000'000));

}  // namespace
}  // namespace regatta::engine::test
