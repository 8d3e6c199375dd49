#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regatta::results {

/// Which of a run's files: of a segment each rank has one, and each checkpoint ends a segment.
struct RankFileId {
    std::uint32_t segment = 0;
    std::uint32_t rank = 0;
    friend auto operator<=>(const RankFileId&, const RankFileId&) = default;
};

/// "DIR/rank-00002-000.h5", and the name it has while it is being written.
struct RankFileName {
    std::string final_path;
    std::string temporary_path;
};
[[nodiscard]] RankFileName rank_file_name(const std::string& directory, std::uint32_t rank, std::uint32_t segment = 0);
/// The inverse, of a name without directory; none: it is not the name of a whole rank file.
[[nodiscard]] std::optional<RankFileId> parse_rank_file_name(std::string_view name);

/// Makes the output directory (and those above it) and checks that files can be made in it; called by one rank before
/// any rank opens its writer. Throws IoError when that fails, InputError when the directory already holds results.
void prepare_output_directory(const std::string& directory);

/// What in `directory` looks like a rank file.
struct RankFileList {
    std::map<RankFileId, std::string> whole;  ///< their names
    std::vector<std::string> unfinished;      ///< names, which begin with a dot
    std::vector<std::string> strange;         ///< names like that of a rank file, but not quite
    [[nodiscard]] bool is_empty() const { return whole.empty() && unfinished.empty() && strange.empty(); }
    [[nodiscard]] std::string any() const;
};
/// Throws IoError when the directory cannot be read.
[[nodiscard]] RankFileList list_rank_files(const std::string& directory);

/// The rank files of one run in `directory`, by segment and rank: all of them, each whole, all of the same run; those
/// of the last segment have what the run ends with. Throws IoError that names the file that is missing, damaged,
/// foreign or still being written.
[[nodiscard]] std::vector<std::string> find_rank_files(const std::string& directory);

}  // namespace regatta::results
