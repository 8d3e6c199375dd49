#pragma once

#include <map>
#include <string>
#include <vector>

#include "scenario/registries.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// Every file a scenario was read from, by path, so that one rank reads and the others get the same bytes.
/// A path that could not be read is kept with its reason, so that all ranks reach the same verdict.
struct InputFiles {
    struct File {
        bool is_readable = false;
        std::string text;    ///< when readable
        std::string reason;  ///< when not: "no such file", "permission denied", ...
    };
    std::map<std::string, File> files;
    bool reads_disk = true;  ///< false: what is not in `files` does not exist (the other ranks)

    [[nodiscard]] const File& open(const std::string& path);

    template <class Archive>
    void serialize(Archive& archive, unsigned version);
};

/// What to load: the scenario's path and the `--set path=value` in order.
struct LoadRequest {
    std::string path;
    std::vector<std::string> overrides;
    std::string catalogue_directory;  ///< shipped with the program
};

/// Reads, checks and resolves a scenario. Throws InputError with everything that is wrong, in file order.
[[nodiscard]] Scenario load_scenario(const LoadRequest& request, const Registries& registries, InputFiles& files);

/// Directory of the shipped catalogue: $REGATTA_CATALOGUE if set, else beside the program (build tree or install tree).
[[nodiscard]] std::string catalogue_directory(const std::string& program_path);

}  // namespace regatta::scenario
