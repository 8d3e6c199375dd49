#pragma once

#include <string>
#include <vector>

#include "regatta/scenario/registries.hpp"
#include "scenario/input_files.hpp"
#include "scenario/load.hpp"
#include "scenario/reading.hpp"

namespace regatta::scenario {

/// What stands in place of `environment`, `engines`, `engine_groups` and `changes` outside `compat: scratchpad`.
struct ScratchpadExpansion {
    std::string fleet;        ///< keys of `fleet`, as YAML with comments
    std::string streams;      ///< one for each model that the trace asks for, likewise; empty: the workload stays
    std::string model;        ///< that the workload asks for, when it is one and does not say so; empty: as it is
    bool provisions = false;  ///< models are loaded when requests wait for them
    std::vector<std::string> notes;
};

/// Whether the scenario has any of these keys, and no compat that means them.
[[nodiscard]] bool needs_scratchpad_expansion(const Reading& root);

/// What an expansion is made of.
struct ExpansionInput {
    Reading& root;
    const Registries& registries;
    const std::string& scenario_path;
    const std::string& catalogue_directory;
    InputFiles& files;
    Problems& problems;
};

/// Of no use when a problem was added.
[[nodiscard]] ScratchpadExpansion expand_scratchpad(const ExpansionInput& input);

/// Puts it into the document, to be read as if the user had written it.
void put_scratchpad_expansion(const ScratchpadExpansion& expansion, const Reading& root, Node& document,
                              Problems& problems);

/// A scenario to be written in the ordinary form.
struct NativeRequest {
    std::string text;    ///< `fleet` and `workload` as YAML, with what is to be turned into pools
    std::string router;  ///< empty: the usual one
    std::string more;    ///< last lines
};

/// The same as one of Regatta's own, as YAML with comments to go on from. Throws InputError.
[[nodiscard]] std::string write_native(const NativeRequest& request, const Registries& registries,
                                       const std::string& catalogue_directory);

}  // namespace regatta::scenario
