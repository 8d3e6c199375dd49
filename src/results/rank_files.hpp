#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace regatta::results {

/// "DIR/rank-00002-000.h5", and the name it has while it is being written.
struct RankFileName {
    std::string final_path;
    std::string temporary_path;
};
[[nodiscard]] RankFileName rank_file_name(const std::string& directory, std::uint32_t rank);

/// Makes the output directory (and those above it) and checks that files can be made in it; called by one rank before
/// any rank opens its writer. Throws IoError when that fails, InputError when the directory already holds results.
void prepare_output_directory(const std::string& directory);

/// Names in `directory` that look like rank files, whole or not yet (these begin with a dot), in order. Throws IoError.
[[nodiscard]] std::set<std::string> rank_file_names(const std::string& directory);

/// The rank files of one run in `directory`, by rank: all of them, each whole, all of the same run. Throws IoError that
/// names the file that is missing, damaged, foreign or still being written.
[[nodiscard]] std::vector<std::string> find_rank_files(const std::string& directory);

}  // namespace regatta::results
