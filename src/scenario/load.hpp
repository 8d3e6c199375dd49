#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "regatta/scenario/registries.hpp"
#include "scenario/input_files.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// What is to change from an instant on, each as `path=value`: the keys alone that are marked as changeable.
struct Branch {
    SimTime at;
    std::vector<std::string> overrides;
};

/// What to load: the scenario's path and the `--set path=value` in order.
struct LoadRequest {
    std::string path;
    std::vector<std::string> overrides;
    std::string catalogue_directory;  ///< shipped with the program
    /// By time, after those of the scenario itself: what is run from a state that was saved then. The resolved text has
    /// them all, so that running it gives the same.
    std::vector<Branch> branches = {};
};

/// Reads, checks and resolves a scenario. Throws InputError with everything that is wrong, in file order: the scenario,
/// then each `--set`, then other files.
[[nodiscard]] Scenario load_scenario(const LoadRequest& request, const Registries& registries, InputFiles& files);

/// Of each stream that is a trace.
using TraceSummaries = std::vector<std::optional<workload::TraceSummary>>;

/// Reads the scenario's traces from end to end: the check that load_scenario leaves to one rank, because it takes time.
/// Throws InputError with the first bad line of each.
[[nodiscard]] TraceSummaries check_traces(const Scenario& scenario);

/// Directory of the shipped catalogue: $REGATTA_CATALOGUE if set, else beside the program's installation, else that of
/// the source tree the program was built from.
[[nodiscard]] std::string catalogue_directory(const std::string& program_path, const std::string& otherwise = {});

/// "2 errors in fleet.yaml; nothing was run."
[[nodiscard]] std::string closing_line(std::size_t errors, const std::string& path);

}  // namespace regatta::scenario
