#include "serving/deadline_heap.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::serving {
namespace {

SimTime ns(std::int64_t value) {
    return SimTime::from_ns(value);
}

TEST(DeadlineHeap, HasTheSoonestAtHandAndOfSeveralTheSmallestSlot) {
    DeadlineHeap heap;
    EXPECT_TRUE(heap.soonest().is_never());
    heap.insert(3, ns(50));
    heap.insert(7, ns(20));
    heap.insert(2, ns(20));
    EXPECT_EQ(heap.soonest(), ns(20));
    EXPECT_EQ(heap.first(), 2u);
    heap.erase(2);
    heap.erase(7);
    EXPECT_EQ(heap.first(), 3u);
    heap.erase(3);
    EXPECT_TRUE(heap.is_empty());
}

TEST(DeadlineHeap, LetsGoOfWhatIsNotIn) {
    DeadlineHeap heap;
    heap.erase(5);
    heap.insert(1, ns(9));
    heap.erase(0);
    EXPECT_EQ(heap.first(), 1u);
}

TEST(DeadlineHeap, RefusesASlotThatIsIn) {
    DeadlineHeap heap;
    heap.insert(1, ns(9));
    EXPECT_THROW(heap.insert(1, ns(10)), BugError);
}

TEST(DeadlineHeap, AgreesWithASortedSetWhateverComesAndGoes) {
    EXPECT_TRUE(rc::check("a heap agrees with a sorted set", [] {
        DeadlineHeap heap;
        std::set<std::pair<std::int64_t, std::uint32_t>> truth;
        const auto moves = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::int64_t>>>(
            rc::gen::pair(rc::gen::inRange(0u, 40u), rc::gen::inRange<std::int64_t>(0, 30)));
        for (const auto& [slot, at] : moves) {
            const auto found = std::find_if(truth.begin(), truth.end(),
                                            [slot = slot](const auto& entry) { return entry.second == slot; });
            if (found == truth.end()) {
                heap.insert(slot, ns(at));
                truth.emplace(at, slot);
            } else {
                heap.erase(slot);
                truth.erase(found);
            }
            RC_ASSERT(heap.is_empty() == truth.empty());
            if (truth.empty()) continue;
            RC_ASSERT(heap.soonest() == ns(truth.begin()->first));
            RC_ASSERT(heap.first() == truth.begin()->second);
        }
        ByteBlock bytes;
        {
            OutArchive archive(bytes);
            heap.save(archive);
        }
        DeadlineHeap again;
        InArchive archive(bytes);
        again.load(archive);
        for (; !truth.empty(); truth.erase(truth.begin())) {
            RC_ASSERT(again.first() == truth.begin()->second);
            again.erase(again.first());
        }
        RC_ASSERT(again.is_empty());
    }));
}

}  // namespace
}  // namespace regatta::serving
