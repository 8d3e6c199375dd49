// The plainest event loop there is, as a measure of the machine: a four-ary heap of 64-byte events on one core, of
// which the first is taken out and put back later by an exponential increment. No processes, no keys, no checks, no
// ranks.
//
//   hold --pending 2048 --holds 10000000

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "four_ary_heap.hpp"
#include "increments.hpp"

namespace {

using namespace regatta::bench;

struct HoldEvent {
    std::int64_t time_ns = 0;
    std::array<std::uint64_t, 7> payload{};
};
static_assert(sizeof(HoldEvent) == 64);

bool is_earlier(const HoldEvent& a, const HoldEvent& b) {
    return a.time_ns < b.time_ns;
}

struct Arguments {
    std::uint64_t pending = 2048;
    std::uint64_t holds = 10'000'000;
    std::uint64_t seed = 1;
    bool prints_json = false;
};

struct Outcome {
    double loop_s = 0;
    std::int64_t last_ns = 0;  ///< so that nothing of the loop can be left out
};

Outcome run(const Arguments& arguments) {
    Increments increments(arguments.seed);
    FourAryHeap<HoldEvent, is_earlier> heap;
    heap.reserve(arguments.pending + 1);
    // Exponential increments have no memory, so that this is how events lie after any number of holds.
    for (std::uint64_t i = 0; i < arguments.pending; ++i)
        heap.push({.time_ns = increments.next_ns(), .payload = {i}});
    const auto hold = [&](std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            HoldEvent event = heap.top();
            heap.pop();
            event.time_ns += increments.next_ns();
            heap.push(event);
        }
    };
    hold(arguments.holds / 10);
    const auto start = std::chrono::steady_clock::now();
    hold(arguments.holds);
    const std::chrono::duration<double> loop = std::chrono::steady_clock::now() - start;
    return {.loop_s = loop.count(), .last_ns = heap.top().time_ns};
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app(
        "Takes the first of a number of events and puts it back later, again and again; one core, a plain heap.",
        "hold");
    app.add_option("--pending", arguments.pending, "events pending at any time")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--holds", arguments.holds, "how often; a tenth more before the clock starts")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--seed", arguments.seed, "seed of the increments")->capture_default_str();
    app.add_flag("--json", arguments.prints_json, "print the result as JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return 0;
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "hold: {}\n", error.what());
        return 2;
    }
    const Outcome outcome = run(arguments);
    const double rate = static_cast<double>(arguments.holds) / outcome.loop_s;
    if (arguments.prints_json)
        fmt::print("{{\"holds\": {}, \"pending\": {}, \"loop_s\": {:.6f}, \"holds_per_s\": {:.0f}, \"last_ns\": {}}}\n",
                   arguments.holds, arguments.pending, outcome.loop_s, rate, outcome.last_ns);
    else
        fmt::print("Holds      {} of {} pending\nLoop       {:.3f} s, {:.2f} M holds/s\nLast       {} ns\n",
                   arguments.holds, arguments.pending, outcome.loop_s, rate / 1e6, outcome.last_ns);
    return 0;
}
