// State that no run saves, in the words that are told.
#include "engine/saved_state.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "run_in_parts.hpp"
#include "scripted_lp.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {
namespace {

using Process = std::pair<std::uint32_t, ProcessState>;

/// A part with these processes.
Buffer part_of(const std::vector<Process>& processes) {
    Buffer bytes;
    {
        OutArchive archive(bytes);
        StateWriter writer(archive);
        const ScriptedLp process({});
        for (const auto& [id, state] : processes)
            writer.add(LpId(id), state, process);
        writer.finish([](OutArchive& /*rest*/) {});
    }
    return bytes;
}

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t word_at(const Buffer& bytes, std::size_t at) {
    std::uint64_t word = 0;
    std::memcpy(&word, &bytes[at], kWord);
    return word;
}

/// With `added` to a word of the table: of process `row` its id, first byte or the byte after its last.
Buffer with_table(Buffer part, std::size_t row, std::size_t column, std::uint64_t added) {
    const std::size_t at = word_at(part, part.size() - kWord) + (3 * row + column) * kWord;
    const std::uint64_t word = word_at(part, at) + added;
    std::memcpy(&part[at], &word, kWord);
    return part;
}

/// What is told of a part of a run of `processes`, when the first is read.
std::string told(const Buffer& part, std::size_t processes) {
    try {
        const std::vector<std::span<const char>> parts = {part};
        const SavedState saved(parts, processes);
        ProcessState state;
        ScriptedLp process({});
        saved.read(LpId(0), state, process);
    } catch (const IoError& error) {
        return error.what();
    }
    return {};
}

TEST(SavedState, NeedsATableOfItsProcesses) {
    const Buffer part = part_of({{0, {}}});
    EXPECT_EQ(told(part, 1), "");
    EXPECT_EQ(told({}, 1), "the saved state has no table of its processes");
    EXPECT_EQ(told(Buffer(7, '\0'), 1), "the saved state has no table of its processes");
    EXPECT_EQ(told(Buffer(8, '\xff'), 1), "the saved state has no table of its processes");
    EXPECT_EQ(told(with_table(part, 0, 2, 1'000'000), 1), "the saved state has a table that points beyond it");
    EXPECT_EQ(told(with_table(part, 0, 1, 1'000'000), 1), "the saved state has a table that points beyond it");
}

TEST(SavedState, HasEachProcessOnce) {
    EXPECT_EQ(told(part_of({{0, {}}}), 2), "the saved state lacks process 1");
    EXPECT_EQ(told(part_of({{0, {}}, {0, {}}}), 1), "the saved state has process 0 twice");
    EXPECT_EQ(told(part_of({{0, {}}, {7, {}}}), 1), "the saved state has process 7 of another model");
}

TEST(SavedState, IsAsLongAsItSays) {
    const Buffer part = part_of({{0, {}}, {1, {}}});
    EXPECT_EQ(told(with_table(part, 0, 2, ~std::uint64_t{0}), 2), "the saved state is cut short");
    EXPECT_EQ(told(with_table(part, 0, 2, 2), 2), "the saved state has 2 bytes too many");
}

TEST(SavedState, HasMessagesAndWakeUpsOfItsOwn) {
    const auto with_message = [](std::uint32_t sender, std::uint32_t receiver, std::int64_t ns) {
        Event event;
        event.sender = LpId(sender);
        event.receiver = LpId(receiver);
        event.time = SimTime::from_ns(ns);
        return part_of({{0, {.sent = 1, .wake_ups = {}, .messages = {event}, .published = {}}}, {1, {}}});
    };
    EXPECT_EQ(told(with_message(1, 0, 5), 2), "");
    const std::string message = "the saved state has a message to process 0 that none sends";
    EXPECT_EQ(told(with_message(2, 0, 5), 2), message);
    EXPECT_EQ(told(with_message(1, 1, 5), 2), message);
    EXPECT_EQ(told(with_message(1, 0, -5), 2), message);
    const ProcessState::WakeUp early{.slot = 0, .at = SimTime::from_ns(-1), .depth = 0};
    EXPECT_EQ(told(part_of({{0, {.sent = 0, .wake_ups = {early}, .messages = {}, .published = {}}}}), 1),
              "the saved state has a wake-up that nobody plans");
}

/// Finds that what it reads is not so.
class Doubter final : public LogicalProcess {
public:
    void start(Context& /*context*/) override {}
    void handle(const Event& /*event*/, Context& /*context*/) override {}
    void wake(std::uint32_t /*slot*/, Context& /*context*/) override {}
    void save(OutArchive& /*archive*/) const override {}
    void load(InArchive& /*archive*/) override { REGATTA_CHECK(false, "3 requests of 2"); }
};

TEST(SavedState, HoldsWhatItsProcessesCheck) {
    const Buffer part = part_of({{0, {}}});
    const std::vector<std::span<const char>> parts = {part};
    const SavedState saved(parts, 1);
    ProcessState state;
    Doubter process;
    try {
        saved.read(LpId(0), state, process);
        FAIL();
    } catch (const IoError& error) {
        const std::string text = error.what();
        EXPECT_TRUE(text.starts_with("the saved state is none that a run saves: ")) << text;
        EXPECT_NE(text.find(": 3 requests of 2"), std::string::npos) << text;
    }
}

/// Members that wake in their last slot, which one of two of them has; boards with so many entries.
Model model_of(std::uint32_t slots, const std::vector<std::uint32_t>& boards) {
    Model model;
    Script script;
    script.slots = slots;
    script.start = [slots](Context& context) { context.wake_at(slots - 1, at_ns(100)); };
    script.wake = [](std::uint32_t, Context&) {};
    script.report = [](BoardId, SimTime, BoardWriter&) {};
    script.board_changed = [](BoardId, SimTime, std::span<const std::uint32_t>, Context&) {};
    const GroupId from = add_scripted(model, "from", 1, [script](std::uint32_t) { return script; });
    const GroupId to = add_scripted(model, "to", 1, [script](std::uint32_t) { return script; });
    model.add_link({.from = from, .to = to, .latency = at_ns(20)});
    for (const std::uint32_t entries : boards)
        model.add_board({.from = from, .to = to, .period = at_ns(30), .latency = at_ns(25), .entries = entries});
    return model;
}

/// What is told where `saver` stood at 40 ns is loaded by `loader`, after `change`.
std::string told_between(const Model& saver, const Model& loader, const std::function<void(Buffer&)>& change = {}) {
    std::string text;
    run_on_ranks(1, [&](Transport& transport) {
        Simulation first(saver, partition_round_robin(saver, 1), transport);
        first.run({.observer = {}, .pause = at_ns(40)});
        Buffer part = first.save();
        if (change) change(part);
        Simulation second(loader, partition_round_robin(loader, 1), transport);
        try {
            load_parts(second, {part});
        } catch (const IoError& error) {
            text = error.what();
        }
    });
    return text;
}

TEST(SavedState, IsOfTheModelThatLoadsIt) {
    EXPECT_EQ(told_between(model_of(2, {3}), model_of(2, {3})), "");
    EXPECT_EQ(told_between(model_of(2, {3}), model_of(1, {3})), "the saved state has a wake-up that nobody plans");
    EXPECT_EQ(told_between(model_of(2, {3}), model_of(2, {3, 3})), "the saved state has other boards");
    EXPECT_EQ(told_between(model_of(2, {3}), model_of(2, {4})), "the saved state has another board");
}

TEST(SavedState, IsOfATime) {
    const Model model = model_of(1, {});
    const auto before_the_beginning = [](Buffer& part) {
        // What belongs to no process: where its horizon stands.
        const std::size_t table = word_at(part, part.size() - kWord);
        for (std::size_t at = word_at(part, part.size() - 3 * kWord); at < table; ++at) {
            if (static_cast<std::uint64_t>(part[at]) != integers::code_of(std::int64_t{40})) continue;
            part[at] = static_cast<char>(integers::code_of(std::int64_t{-40}));
            return;
        }
    };
    EXPECT_EQ(told_between(model, model, before_the_beginning),
              "the saved state has a time of -40 ns; no run has that");
}

}  // namespace
}  // namespace regatta::engine::test
