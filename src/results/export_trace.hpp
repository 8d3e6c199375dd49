#pragma once

#include <cstdint>
#include <cstdio>

#include "results/request_selection.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {

struct TraceCounts {
    std::int64_t requests = 0;
    std::int64_t left_out = 0;  ///< selected, but beyond `most`
    std::int64_t steps = 0;
    std::int64_t events = 0;  ///< changes of the fleet
};

/// Writes the selected requests, at most `most`, and the series of the pools as Chrome's trace JSON, which
/// chrome://tracing and Perfetto open. Processes are pools, threads their replicas; each request is an asynchronous
/// span "request" from arrival to end with the spans "network" (to the replica), "queued", "prefill" (until the first
/// token) and "decode" inside; what happens to replicas and nodes ("loading", "draining", "GPU down") are spans on
/// their lines; counters "queue", "running" and "KV blocks". Times are simulated microseconds. Format: "Trace Event
/// Format", Google, docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
TraceCounts write_chrome_trace(const ResultReader& results, const RequestSelection& selection, std::int64_t most,
                               std::FILE* out);

}  // namespace regatta::results
