#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "results/checkpoint_manifest.hpp"

/// A checkpoint is a directory DIR/checkpoint-007 beside the rank files of its run. It has
///     manifest.json      what was run, until when, and what belongs to it (below)
///     scenario.files     the files that the scenario was read from
///     rank-00000.state   what the rank's processes know, and events under way: one for each rank
///     rank-00000.sums    sums and sketches of results that are in no rank file yet: likewise
///     checksums.xxh128   of all of these, as `xxh128sum -c` reads it; written last, so that a checkpoint without it is
///                        none
/// Its number is that of the last segment of rank files that belongs to it. Nothing of it is parsed before its checksum
/// is known to be right.
namespace regatta::results {

/// Throws IoError.
[[nodiscard]] DataFile describe_data_file(const std::string& path);

[[nodiscard]] std::string checkpoint_path(const std::string& directory, std::uint32_t number);
[[nodiscard]] std::string state_file_name(std::uint32_t rank);
[[nodiscard]] std::string sums_file_name(std::uint32_t rank);
inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kScenarioFilesName = "scenario.files";
inline constexpr const char* kChecksumsName = "checksums.xxh128";

/// Numbers of what looks like checkpoints of a run, rising, whole or not. Throws IoError.
[[nodiscard]] std::vector<std::uint32_t> list_checkpoints(const std::string& directory);
/// Path of the newest that was written to its end; none: there is none.
[[nodiscard]] std::optional<std::string> newest_checkpoint(const std::string& directory);

/// Path of the checkpoint that `path` is, with or without a slash at its end, or of the newest in that directory.
[[nodiscard]] std::optional<std::string> checkpoint_at(const std::string& path);

/// 32 hexadecimal digits.
[[nodiscard]] std::string checksum_of(std::span<const std::byte> bytes);
/// A line of a file of checksums.
[[nodiscard]] std::string checksum_line(std::span<const std::byte> bytes, const std::string& name);

/// Name and checksum, line by line, of a file of checksums. `file` names it in what is wrong. Throws InputError.
using Checksums = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Checksums parse_checksums(std::string_view text, const std::string& file);

/// A checkpoint that was written to its end.
class CheckpointReader {
public:
    /// Reads checksums and manifest. Throws InputError when they are damaged, missing, or of another version.
    explicit CheckpointReader(std::string path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const CheckpointManifest& manifest() const { return manifest_; }
    /// A file of it; throws InputError when it is missing or damaged.
    [[nodiscard]] std::vector<std::byte> read(const std::string& name) const;
    /// Likewise, of a file that is too large to be read on every rank: says only whether it is whole.
    void check(const std::string& name) const;

private:
    [[nodiscard]] const std::string& expected(const std::string& name) const;

    std::string path_;
    Checksums checksums_;
    CheckpointManifest manifest_;
};

}  // namespace regatta::results
