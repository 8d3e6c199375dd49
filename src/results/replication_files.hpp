#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regatta::results {

/// Where `regatta run --seeds` puts the run of a seed: DIR/seed-7.
[[nodiscard]] std::string replication_directory(const std::string& directory, std::uint64_t seed);
/// The directories of that name in `directory`, by seed; empty when it holds none, or is none.
[[nodiscard]] std::vector<std::string> replications_in(const std::string& directory);

}  // namespace regatta::results
