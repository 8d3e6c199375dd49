// The queue of pending events, and the plain heap, in the hold model: take the first, put it back later.

#include <benchmark/benchmark.h>

#include "engine/bucket_queue.hpp"
#include "four_ary_heap.hpp"
#include "increments.hpp"
#include "regatta/engine/event.hpp"

namespace regatta::bench {
namespace {

using engine::Event;

template <class Queue>
void hold(benchmark::State& state) {
    Increments increments(1);
    Queue queue;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        Event event;
        event.time = SimTime::from_ns(increments.next_ns());
        event.sequence = static_cast<std::uint32_t>(i);
        queue.push(event);
    }
    const auto hold_once = [&] {
        Event event = queue.top();
        queue.pop();
        event.time += SimTime::from_ns(increments.next_ns());
        queue.push(event);
    };
    // Until every event has been put back twice: by then the queue has found its shape and its memory.
    for (std::int64_t i = 0; i < 2 * state.range(0); ++i)
        hold_once();
    for (auto _ : state)
        hold_once();
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(hold, engine::BucketQueue<Event, engine::is_before>)
    ->Name("queue.bucket")
    ->Arg(100)
    ->Arg(10'000)
    ->Arg(1'000'000);
BENCHMARK_TEMPLATE(hold, FourAryHeap<Event, engine::is_before>)
    ->Name("queue.heap")
    ->Arg(100)
    ->Arg(10'000)
    ->Arg(1'000'000);

}  // namespace
}  // namespace regatta::bench
