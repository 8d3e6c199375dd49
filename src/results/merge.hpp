#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "regatta/base/digest.hpp"

namespace regatta::results {

/// How the rows of the large tables (/requests, /steps, /node_series, /events) come into the merged file.
enum class MergedRows {
    Deflated,  ///< shuffled and deflated
    Plain,     ///< as they are: larger and faster
    /// Not at all: HDF5 virtual datasets show those of the rank files, which must stay where they are relative to the
    /// merged file. By rank, and within a rank in the order of the table.
    Virtual,
};

struct MergeOptions {
    std::string directory;  ///< holds the rank files of one run
    std::string output;     ///< path of the merged file
    MergedRows rows = MergedRows::Deflated;
    /// Leaves out files that are missing, damaged or foreign, and marks the merged file; else such a file is an error.
    bool is_partial = false;
    /// Told now and then how many of all requests are done; may be empty.
    std::function<void(std::int64_t done, std::int64_t total)> progress = {};
};

struct MergeOutcome {
    Digest digest;  ///< of all results in the merged file
    std::int64_t requests = 0;
    std::int64_t ranks = 0;             ///< whose files were merged
    std::vector<std::string> left_out;  ///< a line for each file that was left out
};

/// Makes one file of the ranks' files, the same whatever their number but for /run: requests by (end_ns, request_id),
/// replicas by index, series and histograms summed. Memory is bounded by max(64 MiB, 80 KiB per rank) of rows, whatever
/// the length of the run. The output gets its name when it is whole; on failure nothing of it is left.
/// Every row is hashed, and the digest of each file's rows compared with the one that its rank stored; but for a
/// virtual merge, which reads no rows of large tables: whoever reads the merged file compares then. Throws IoError that
/// names the file at fault: missing, damaged, foreign, changed since the run, or not writable.
MergeOutcome merge_run(const MergeOptions& options);

}  // namespace regatta::results
