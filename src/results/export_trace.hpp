#pragma once

#include <cstdint>
#include <cstdio>

#include "results/request_selection.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {

enum class TraceFormat { Chrome, Perfetto };

struct TraceCounts {
    std::int64_t requests = 0;
    std::int64_t left_out = 0;  ///< selected, but beyond `most`
    std::int64_t steps = 0;
    std::int64_t events = 0;  ///< changes of the fleet
};

/// Writes the selected requests, at most `most` (which are kept in memory, 80 bytes each), and what is recorded of
/// steps, changes of the fleet and series. What is in a trace is the same in both formats:
/// docs/guide/reading-results.md lists processes, threads, names and categories. Times are simulated.
TraceCounts write_trace(const ResultReader& results, const RequestSelection& selection, std::int64_t most,
                        TraceFormat format, std::FILE* out);

}  // namespace regatta::results
