// What every request or event pays a few times: a latency counted, a number drawn, a row hashed.

#include <benchmark/benchmark.h>

#include <array>
#include <span>

#include "increments.hpp"
#include "regatta/base/digest.hpp"
#include "regatta/base/random.hpp"
#include "regatta/base/sketch.hpp"
#include "regatta/serving/records.hpp"

namespace regatta::bench {
namespace {

constexpr std::size_t kValues = 4'096;  // a power of two; more than branches are predicted for

std::array<SimTime, kValues> some_times() {
    Increments increments(1);
    std::array<SimTime, kValues> times;
    for (SimTime& time : times)
        time = SimTime::from_ns(increments.next_ns());
    return times;
}

void sketch_fill(benchmark::State& state) {
    const std::array<SimTime, kValues> times = some_times();
    LatencySketch sketch;
    std::size_t i = 0;
    for (auto _ : state)
        sketch.fill(times[i++ % kValues]);
    benchmark::DoNotOptimize(sketch.count());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sketch_fill)->Name("sketch.fill");

/// As a run of decode steps is told: many gaps of one bucket at once.
void sketch_fill_bucket(benchmark::State& state) {
    const std::array<SimTime, kValues> times = some_times();
    LatencySketch sketch;
    std::size_t i = 0;
    for (auto _ : state) {
        const SimTime time = times[i++ % kValues];
        sketch.fill_bucket(time, 100, time * 100);
    }
    benchmark::DoNotOptimize(sketch.count());
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sketch_fill_bucket)->Name("sketch.fill_bucket");

void philox(benchmark::State& state) {
    std::uint64_t index = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(random_pair(1, RandomPurpose::Route, 7, index++));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(philox)->Name("random.philox");

void digest_record(benchmark::State& state) {
    Digest digest;
    serving::RequestRecord record;
    for (auto _ : state) {
        ++record.request_id;
        digest.add(1, std::as_bytes(std::span(&record, 1)));
    }
    benchmark::DoNotOptimize(digest);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(digest_record)->Name("digest.record");

}  // namespace
}  // namespace regatta::bench
