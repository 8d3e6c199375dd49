#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/confidence.hpp"
#include "results/headline.hpp"

namespace regatta::results {

/// Headline figures of one replication, in the order of headlines().
struct Replication {
    std::uint64_t seed = 0;
    std::string digest;
    std::vector<std::optional<double>> figures;
};
/// To send replications from rank to rank: exact.
[[nodiscard]] std::string to_text(const std::vector<Replication>& replications);
[[nodiscard]] std::vector<Replication> replications_of(const std::string& text);

[[nodiscard]] Replication replication_of(std::uint64_t seed, const std::string& digest, const Summary& summary);

/// All replications of a scenario, by seed.
struct ReplicatedRun {
    std::string name;
    std::vector<Replication> replications;  ///< at least one

    /// Of headline `i` in the replications that have it.
    [[nodiscard]] std::vector<double> values(std::size_t i) const;
};

/// Reads a run, or all its replications where `path` holds such. Throws as ResultReader does.
[[nodiscard]] ReplicatedRun read_replications(const std::string& path);

/// Each headline figure with its confidence interval, for people and as JSON.
[[nodiscard]] std::string replications_text(const ReplicatedRun& run);
[[nodiscard]] std::string replications_json(const ReplicatedRun& run);

/// What changed from the first to the other, and whether it is more than noise, for people and as JSON. Replications of
/// the same seeds are compared pair by pair.
[[nodiscard]] std::string difference_text(const ReplicatedRun& first, const ReplicatedRun& other);
[[nodiscard]] std::string difference_json(const ReplicatedRun& first, const ReplicatedRun& other);

}  // namespace regatta::results
