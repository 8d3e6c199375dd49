// What a window costs between two ranks without the network: filling the message, writing it, reading it.

#include <benchmark/benchmark.h>

#include "engine/window_message.hpp"
#include "increments.hpp"

namespace regatta::bench {
namespace {

void exchange(benchmark::State& state) {
    constexpr std::size_t kTiers = 2;
    constexpr std::size_t kRanks = 2;
    const std::int64_t events = state.range(0);
    Increments increments(1);
    engine::Event event;
    event.time = SimTime::from_ns(increments.next_ns());
    engine::WindowMessage outgoing;
    engine::WindowMessage incoming;
    engine::Buffer buffer;
    outgoing.pending.resize(kTiers);
    outgoing.earliest_sent.assign(kRanks * kTiers, SimTime::never());
    for (auto _ : state) {
        outgoing.events.clear();
        outgoing.earliest.assign(kTiers, SimTime::never());
        for (std::int64_t i = 0; i < events; ++i) {
            event.sequence = static_cast<std::uint32_t>(i);
            outgoing.add(event, 0);
        }
        write_message(outgoing, buffer);
        read_message(buffer, incoming);
        benchmark::DoNotOptimize(incoming.events.data());
        benchmark::ClobberMemory();
    }
    if (incoming.events.size() != static_cast<std::size_t>(events)) state.SkipWithError("events were lost");
    state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK(exchange)->Name("exchange.message")->Arg(1)->Arg(64)->Arg(1'024)->Arg(16'384);

}  // namespace
}  // namespace regatta::bench
