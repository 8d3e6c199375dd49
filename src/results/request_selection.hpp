#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {

/// Which requests of a run are wanted; what is not said takes all.
struct RequestSelection {
    SimTime from;                   ///< that arrived at or after
    SimTime to = SimTime::never();  ///< that arrived before
    std::optional<std::string> stream;
    std::optional<std::string> pool;
    std::optional<std::uint32_t> node;  ///< whose replica begins on it
    std::optional<std::uint32_t> replica;
    std::vector<std::uint64_t> requests = {};  ///< by id; empty: all
    double fraction = 1;  ///< of the ids, by their hash: the same requests of every run of the same traffic
};

/// A selection with its names looked up. Throws InputError for a name that the run does not have. What it says of other
/// rows than requests goes by their time, pool, node and replica, as far as they have such.
class RequestFilter {
public:
    RequestFilter(const RequestSelection& selection, const ResultReader& results);
    [[nodiscard]] bool takes(const serving::RequestRecord& record) const;
    [[nodiscard]] bool takes(const serving::StepRecord& step) const;
    /// Those under way in the time chosen. What is of no pool or node in particular is always taken.
    [[nodiscard]] bool takes(const serving::FleetEventRecord& event) const;
    [[nodiscard]] bool takes(const SeriesRow& row) const;
    [[nodiscard]] bool takes(const NodeSeriesRow& row) const;

private:
    [[nodiscard]] bool takes_place(std::uint32_t pool, std::uint32_t replica) const;

    std::int64_t from_ns_;
    std::int64_t to_ns_;
    std::optional<std::uint16_t> stream_;
    std::optional<std::uint16_t> pool_;
    std::optional<std::uint32_t> node_;
    std::optional<std::uint32_t> replica_;
    std::unordered_set<std::uint32_t> replicas_of_node_;
    std::unordered_set<std::uint64_t> requests_;
    std::uint64_t hash_below_;  ///< of 2^32
};

}  // namespace regatta::results
