#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/result_reader.hpp"

namespace regatta::results {

struct ScratchpadExport {
    std::int64_t requests = 0;  ///< that finished
    std::int64_t iterations = 0;
    std::int64_t events = 0;
    std::vector<std::string> left_out;  ///< what could not be told, and why
};

/// The results of a run under `compat: scratchpad` as the Scratchpad simulator writes them: stats.json and trace.json
/// in `directory`, which must be empty or new. Times are those of the run, whole nanoseconds; an iteration of which not
/// all requests of the batch were part, for want of KV blocks, is taken to have had the first of them. Throws
/// InputError when the run was none of these.
[[nodiscard]] ScratchpadExport write_scratchpad(const ResultReader& results, const std::string& directory);

}  // namespace regatta::results
