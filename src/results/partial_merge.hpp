#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/rank_partial.hpp"

namespace regatta::results {

/// What there is of a run to be merged.
struct RankFiles {
    std::vector<std::string> paths;     ///< by segment and rank
    std::vector<std::string> left_out;  ///< a line for each file that is not among them: its name and why
    /// Of a run that was broken off: what its last checkpoint knows that is in no rank file.
    std::optional<RankPartial> carried = {};
};

/// The rank files of `directory` that are whole and of one run; where files of several runs are there, of the one that
/// most belong to. Reads all rows of all of them, so that what is merged afterwards is known to be good.
/// Of a run that was broken off, those that belong to its last checkpoint.
/// Throws IoError when there are none.
[[nodiscard]] RankFiles find_readable_rank_files(const std::string& directory);

}  // namespace regatta::results
