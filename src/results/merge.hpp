#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "results/rank_partial.hpp"

namespace regatta::results {

struct MergeOptions {
    std::string directory;  ///< holds the rank files of one run
    std::string output;     ///< path of the merged file
    /// Told now and then how many of all requests are done; may be empty.
    std::function<void(std::int64_t done, std::int64_t total)> progress;
};

/// Makes one file of the ranks' files, the same whatever their number but for /run: requests by (end_ns, request_id),
/// replicas by index, series and histograms summed. Memory is bounded by max(64 MiB, 80 KiB per rank) of rows, whatever
/// the length of the run. The output gets its name when it is whole; on failure nothing of it is left.
/// Throws IoError that names the file at fault: missing, damaged, foreign, changed since the run, or not writable.
RunOutcome merge_run(const MergeOptions& options);

}  // namespace regatta::results
