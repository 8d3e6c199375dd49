#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::results {

/// A file outside, too large to keep, that the run reads: it must be the same when it goes on.
struct DataFile {
    std::string path;
    std::int64_t bytes = 0;
    std::string checksum;
    friend bool operator==(const DataFile&, const DataFile&) = default;
};

/// Values of the scenario that were replaced from some instant on.
struct BranchedAt {
    SimTime at;
    std::vector<std::string> overrides;
    friend bool operator==(const BranchedAt&, const BranchedAt&) = default;
};

struct CheckpointManifest {
    std::string program;  ///< that wrote it, with its version: no other reads it
    std::uint32_t number = 0;
    SimTime at;               ///< everything before has happened
    std::uint32_t ranks = 1;  ///< that wrote it
    std::string scenario_path;
    std::vector<std::string> overrides;
    std::vector<BranchedAt> branches;
    std::string resolved_text;  ///< the scenario with every default written out
    std::vector<DataFile> data_files;
    std::vector<std::uint32_t> segment_ranks;  ///< by segment, up to the last that belongs to it: ranks with a file
    std::string run_id;                        ///< of the rank files, but for those of a branch's parents
    std::vector<std::string> ancestors;        ///< of a branch: see layout::Identity
    std::string parent;                        ///< of a branch: directory of the checkpoint it began from
    // How often checkpoints are made, unless it is said anew.
    std::optional<SimTime> every;
    std::optional<double> every_wall_s;
    std::uint32_t keep = 2;  ///< so many; older ones are removed
    friend bool operator==(const CheckpointManifest&, const CheckpointManifest&) = default;
};

[[nodiscard]] std::string to_json(const CheckpointManifest& manifest);
/// What to_json gave. `file` names it in what is wrong. Throws InputError when it is none, or one that no run writes:
/// its numbers are what others count and allocate by.
[[nodiscard]] CheckpointManifest manifest_from_json(std::string_view text, const std::string& file);

}  // namespace regatta::results
