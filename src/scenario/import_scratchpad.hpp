#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "regatta/scenario/registries.hpp"

namespace regatta::scenario {

/// A command line of the Scratchpad simulator, and what its program could be told beyond it. Paths are written as they
/// are given; empty: none.
struct ScratchpadImport {
    std::string trace;
    std::string environment;
    std::string changes;
    std::optional<double> arrival_rate;   ///< requests per second; 0 or less: all at once
    std::optional<std::int64_t> engines;  ///< of the one kind that its command line knows
    /// GPU:MODEL[:COUNT[:WEIGHT/ACTIVATION/KV bits]], in order of creation, in place of `engines`.
    std::vector<std::string> engine_groups;
    std::optional<std::int64_t> limit;  ///< 0 or less: all
    std::string policy;                 ///< random, least_loaded, gpu_count or affinity; empty: random
    std::string precision;              ///< WEIGHT/ACTIVATION/KV bits; empty: 4/4/4
    bool records_steps = false;
};

/// A scenario, as YAML with comments, that does what this call would. Throws InputError, naming the option, for what
/// cannot be.
[[nodiscard]] std::string import_scratchpad(const ScratchpadImport& call);

/// Likewise, on Regatta's own models: servers, pools and a timeline in the ordinary form. Requests come when the trace
/// says, faster or slower as the arrival rate asks for on average. Throws InputError for what is wrong in the files,
/// too.
[[nodiscard]] std::string import_scratchpad_native(const ScratchpadImport& call, const Registries& registries,
                                                   const std::string& catalogue_directory);

}  // namespace regatta::scenario
