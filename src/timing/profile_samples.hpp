#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "regatta/llm/model.hpp"
#include "timing/profile_predictor.hpp"

namespace regatta::timing {

/// Which rows of Vidur's profiling files are about the replica.
struct ProfileFilter {
    llm::Model model;
    std::int64_t tensor_parallel = 1;
    std::int64_t block_tokens = 16;
    bool spans_nodes = false;
    std::string cpu_model;  ///< as the file of CPU overheads calls the model; empty: by the model's name
};

/// A file's text and its name for messages.
struct ProfileFile {
    std::string name;
    std::string text;
};

/// Measurements by operator.
using ProfileData = std::map<std::string, ProfileSamples, std::less<>>;

/// Each adds the operators of one kind of file. They throw InputError when a column is missing or no row is left,
/// saying which values the file has. Columns and filters: docs/guide/profiles.md.
void add_compute(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data);
void add_attention(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data);
void add_all_reduce(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data);
void add_send_recv(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data);
void add_cpu_overhead(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data);

}  // namespace regatta::timing
