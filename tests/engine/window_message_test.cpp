#include "engine/window_message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <exception>
#include <vector>

#include "arbitrary_event.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine::test {
namespace {

bool are_equal(const Event& a, const Event& b) {
    return !is_before(a, b) && !is_before(b, a) && a.receiver == b.receiver && a.payload == b.payload;
}

bool are_equal(const BoardReport& a, const BoardReport& b) {
    return a.board == b.board && a.reported_at == b.reported_at &&
           std::equal(
               a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
               [](const BoardEntry& x, const BoardEntry& y) { return x.entry == y.entry && x.value == y.value; });
}

bool are_equal(const std::vector<Pending>& a, const std::vector<Pending>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Pending& x, const Pending& y) {
        return x.wake_up == y.wake_up && x.message == y.message && x.report == y.report && x.change == y.change &&
               x.last_event == y.last_event && x.reached == y.reached && x.lasting == y.lasting;
    });
}

bool are_equal(const WindowMessage& a, const WindowMessage& b) {
    return are_equal(a.pending, b.pending) && a.earliest_sent == b.earliest_sent &&
           std::equal(a.events.begin(), a.events.end(), b.events.begin(), b.events.end(),
                      [](const Event& x, const Event& y) { return are_equal(x, y); }) &&
           std::equal(a.reports.begin(), a.reports.end(), b.reports.begin(), b.reports.end(),
                      [](const BoardReport& x, const BoardReport& y) { return are_equal(x, y); });
}

SimTime arbitrary_time() {
    return *rc::gen::inRange(0, 4) == 0 ? SimTime::never()
                                        : SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60));
}

WindowMessage arbitrary_message() {
    using rc::gen::inRange;
    WindowMessage message;
    for (int tiers = *inRange(0, 4); tiers > 0; --tiers)
        message.pending.push_back({.wake_up = arbitrary_time(),
                                   .message = arbitrary_time(),
                                   .report = arbitrary_time(),
                                   .change = arbitrary_time(),
                                   .last_event = arbitrary_time(),
                                   .reached = arbitrary_time(),
                                   .lasting = arbitrary_time()});
    for (int ranks = *inRange(0, 5); ranks > 0; --ranks)
        message.earliest_sent.push_back(arbitrary_time());
    for (int events = *inRange(0, 4); events > 0; --events) {
        Event& event = message.events.emplace_back(arbitrary_event(0));
        event.receiver = LpId(*inRange<std::uint32_t>(0, UINT32_MAX));
        event.set_payload(*rc::gen::arbitrary<std::array<std::uint64_t, 4>>());
    }
    for (int reports = *inRange(0, 3); reports > 0; --reports) {
        BoardReport& report = message.reports.emplace_back();
        report.board = BoardId(*rc::gen::arbitrary<std::uint16_t>());
        report.reported_at = arbitrary_time();
        for (int entries = *inRange(0, 4); entries > 0; --entries)
            report.entries.push_back(
                {.entry = *rc::gen::arbitrary<std::uint32_t>(), .value = *rc::gen::arbitrary<std::uint32_t>()});
    }
    return message;
}

RC_GTEST_PROP(WindowMessage, ManyGoThroughOneBuffer, ()) {
    Buffer buffer;
    WindowMessage read;  // both are reused, as the engine does
    for (int windows = *rc::gen::inRange(1, 12); windows > 0; --windows) {
        const WindowMessage written = arbitrary_message();
        write_message(written, buffer);
        read_message(buffer, read);
        RC_ASSERT(are_equal(read, written));
    }
}

WindowMessage message_with(std::size_t events, std::size_t reports) {
    WindowMessage message;
    message.pending = {{.wake_up = SimTime::from_ns(7),
                        .message = SimTime::never(),
                        .report = SimTime::never(),
                        .change = SimTime::never(),
                        .last_event = SimTime(),
                        .reached = SimTime(),
                        .lasting = SimTime()}};
    message.earliest_sent = {SimTime::from_ns(8), SimTime::never()};
    for (std::size_t i = 0; i < events; ++i) {
        Event& event = message.events.emplace_back();
        event.time = SimTime::from_ns(static_cast<std::int64_t>(i));
        event.key = i;
        event.set_payload(i * i);
    }
    for (std::size_t i = 0; i < reports; ++i)
        message.reports.push_back({.board = BoardId(static_cast<std::uint16_t>(i)),
                                   .reported_at = SimTime::from_ns(9),
                                   .entries = std::vector<BoardEntry>(i, {.entry = 1, .value = 2})});
    return message;
}

TEST(WindowMessages, MayBeLargeAndThenSmallAgain) {
    Buffer buffer;
    WindowMessage read;
    for (const std::size_t events : {std::size_t{100'000}, std::size_t{0}, std::size_t{3}}) {
        SCOPED_TRACE(events);
        const WindowMessage written = message_with(events, events % 100);
        write_message(written, buffer);
        read_message(buffer, read);
        EXPECT_TRUE(are_equal(read, written));
    }
}

TEST(WindowMessages, AreSmallWhenNothingIsToBeTold) {
    Buffer buffer;
    WindowMessage message = message_with(0, 0);
    write_message(message, buffer);
    EXPECT_LE(buffer.size(), 120u);
    const std::size_t empty = buffer.size();
    message = message_with(1000, 0);
    write_message(message, buffer);
    constexpr std::size_t kCount = 2;  // that there are 1000 takes so much more than that there are none
    EXPECT_EQ(buffer.size(), empty + kCount + 1000 * sizeof(Event)) << "events go as they are, in one block";
}

TEST(WindowMessages, AreRefusedWhenCutShortAnywhere) {
    Buffer whole;
    write_message(message_with(3, 3), whole);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        SCOPED_TRACE(length);
        WindowMessage message;
        const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_THROW(read_message(cut, message), std::exception);
    }
    WindowMessage message;
    EXPECT_NO_THROW(read_message(whole, message));
}

TEST(WindowMessages, AreRefusedWhenLongerThanTheySay) {
    Buffer buffer;
    write_message(message_with(3, 3), buffer);
    buffer.push_back('x');
    WindowMessage message;
    EXPECT_THROW(read_message(buffer, message), BugError);
}

TEST(WindowMessages, AreRefusedBeforeMemoryIsTakenForACountThatCannotBe) {
    Buffer buffer;
    WindowMessage message = message_with(0, 0);
    message.pending.clear();
    message.earliest_sent.clear();
    write_message(message, buffer);
    // The count of pending, none, then the count of earliest_sent: 2^61 + 1 elements of 8 bytes are 8 bytes more than
    // 2^64.
    const std::uint64_t count = (std::uint64_t{1} << 61) + 1;
    buffer[1] = static_cast<char>(integers::kLong - 1 + sizeof count);  // so many bytes of the count follow
    buffer.insert(buffer.begin() + 2, reinterpret_cast<const char*>(&count),
                  reinterpret_cast<const char*>(&count) + sizeof count);
    EXPECT_THROW(read_message(buffer, message), BugError);
}

}  // namespace
}  // namespace regatta::engine::test
