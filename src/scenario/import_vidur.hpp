#pragma once

#include <functional>
#include <string>

namespace regatta::scenario {

/// What of a Vidur run stands elsewhere than in its configuration. Paths are written as they are given; empty: none.
struct VidurImport {
    std::string source;  ///< the configuration's file, for messages and comments
    /// Where the scenario finds a file that the configuration names; none: under that name.
    std::function<std::string(const std::string& path)> locate;
    std::string workload;   ///< requests as Vidur made them, in place of the generator
    std::string tables;     ///< predicted times, in place of the profiling files
    std::string replay;     ///< replicas as Vidur's `random` chose them
    std::string predictor;  ///< forest, interpolate or polynomial, in place of the configuration's
};

/// A scenario, as YAML with comments, that does what this configuration of Vidur does: the nested config.json that it
/// writes, or a command line. Throws InputError, naming the key, for what cannot be translated.
[[nodiscard]] std::string import_vidur(const std::string& text, const VidurImport& how);

}  // namespace regatta::scenario
