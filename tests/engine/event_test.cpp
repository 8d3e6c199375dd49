#include "regatta/engine/event.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <tuple>
#include <vector>

#include "arbitrary_event.hpp"

namespace regatta::engine::test {
namespace {

/// The six parts in the order of the contract, written apart from the code under test.
auto parts(const Event& event) {
    return std::tuple(event.time.ns(), event.depth(), event.event_class(), event.key, event.sender.value(),
                      event.sequence);
}

Event made(std::int64_t time_ns, std::uint32_t depth, EventClass event_class, std::uint64_t key, std::uint32_t sender,
           std::uint32_t sequence) {
    Event event;
    event.time = SimTime::from_ns(time_ns);
    event.instant_order = depth << 8 | event_class;
    event.key = key;
    event.sender = LpId(sender);
    event.sequence = sequence;
    return event;
}

TEST(EventOrder, IsDecidedByEachPartInTurn) {
    // Each event is before the next although all later parts say otherwise.
    const std::vector<Event> in_order = {
        made(1, 9, 9, 9, 9, 9), made(2, 1, 9, 9, 9, 9), made(2, 2, 1, 9, 9, 9), made(2, 2, 2, 1, 9, 9),
        made(2, 2, 2, 2, 1, 9), made(2, 2, 2, 2, 2, 1), made(2, 2, 2, 2, 2, 2),
    };
    for (std::size_t i = 0; i < in_order.size(); ++i)
        for (std::size_t j = 0; j < in_order.size(); ++j) {
            SCOPED_TRACE(std::to_string(i) + " and " + std::to_string(j));
            EXPECT_EQ(is_before(in_order[i], in_order[j]), i < j);
        }
}

TEST(EventOrder, UsesTheWholeRangeOfEachPart) {
    EXPECT_TRUE(is_before(made(-1, 0, 0, 0, 0, 0), made(0, 0, 0, 0, 0, 0)));
    EXPECT_TRUE(is_before(made(0, 0, 0, 0, 0, 0), made(std::int64_t{1} << 40, 0, 0, 0, 0, 0)));
    EXPECT_TRUE(is_before(made(0, 0, 255, 0, 0, 0), made(0, 1, 0, 0, 0, 0))) << "a class never reaches the depth";
    EXPECT_TRUE(is_before(made(0, (1u << 20) - 1, 0, 0, 0, 0), made(0, 1u << 20, 0, 0, 0, 0)));
    EXPECT_TRUE(is_before(made(0, 0, 0, 1, 0, 0), made(0, 0, 0, std::uint64_t{1} << 63, 0, 0)));
    EXPECT_TRUE(is_before(made(0, 0, 0, 0, 1, 0), made(0, 0, 0, 0, 1u << 31, 0)));
    EXPECT_TRUE(is_before(made(0, 0, 0, 0, 0, 1), made(0, 0, 0, 0, 0, 1u << 31)));
}

TEST(EventOrder, DoesNotLookAtReceiverAndPayload) {
    Event a = made(1, 1, 1, 1, 1, 1);
    Event b = a;
    b.receiver = LpId(7);
    b.set_payload(std::uint64_t{7});
    EXPECT_FALSE(is_before(a, b));
    EXPECT_FALSE(is_before(b, a));
}

/// The event with some of its parts drawn anew: two events that agree in many parts and differ in several.
Event redrawn(const Event& event) {
    const Event other = arbitrary_event(0);
    const auto drawn = *rc::gen::inRange<std::uint32_t>(0, 1u << 6);
    Event mixed = event;
    if ((drawn & 1) != 0) mixed.time = other.time;
    if ((drawn & 2) != 0) mixed.instant_order = (mixed.instant_order & 0xffu) | (other.depth() << 8);
    if ((drawn & 4) != 0) mixed.instant_order = (mixed.depth() << 8) | other.event_class();
    if ((drawn & 8) != 0) mixed.key = other.key;
    if ((drawn & 16) != 0) mixed.sender = other.sender;
    if ((drawn & 32) != 0) mixed.sequence = other.sequence;
    return mixed;
}

RC_GTEST_PROP(EventOrder, IsTheOrderOfTheSixParts, ()) {
    const Event a = arbitrary_event(0);
    const Event b = redrawn(a);
    RC_ASSERT(is_before(a, b) == (parts(a) < parts(b)));
    RC_ASSERT(is_before(b, a) == (parts(b) < parts(a)));
}

RC_GTEST_PROP(EventOrder, IsStrictAndTotal, ()) {
    const Event a = arbitrary_event(0);
    const Event b = redrawn(a);
    const Event c = redrawn(b);
    RC_ASSERT(!is_before(a, a));
    RC_ASSERT((is_before(a, b) || is_before(b, a)) == (parts(a) != parts(b)));
    RC_ASSERT(!(is_before(a, b) && is_before(b, a)));
    if (is_before(a, b) && is_before(b, c)) RC_ASSERT(is_before(a, c));
}

TEST(Event, CarriesAPayloadOfItsFullSize) {
    std::array<std::uint64_t, 4> payload = {1, UINT64_MAX, 3, 4};
    static_assert(sizeof payload == Event::kPayloadBytes);
    Event event;
    event.set_payload(payload);
    EXPECT_EQ(event.payload_as<decltype(payload)>(), payload);
}

}  // namespace
}  // namespace regatta::engine::test
