#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/result_reader.hpp"

namespace regatta::results {

/// What was written, and what was not and why.
struct VidurExport {
    std::int64_t requests = 0;
    std::int64_t batches = 0;
    std::int64_t replicas = 0;  ///< with files of their own
    std::vector<std::string> left_out;
};

/// Writes the metrics of a run into `directory`, under the names and in the files that Vidur has for them, from the
/// tables that the run has. `most_replicas`: only so many get files of their own. Holds all requests and steps in
/// memory, 80 and 128 bytes each. Throws InputError when the directory is not empty, IoError when the results are not
/// those that the run wrote or files cannot be written.
[[nodiscard]] VidurExport write_vidur_metrics(const ResultReader& results, const std::string& directory,
                                              std::int64_t most_replicas);

}  // namespace regatta::results
