#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/run_description.hpp"

namespace regatta::results {

/// Which requests of a run are wanted; what is not said takes all.
struct RequestSelection {
    SimTime from;                   ///< that arrived at or after
    SimTime to = SimTime::never();  ///< that arrived before
    std::optional<std::string> stream;
    std::optional<std::string> pool;
    std::optional<std::uint32_t> replica;
    double fraction = 1;  ///< of the ids, by their hash: the same requests of every run of the same traffic
};

/// A selection with its names looked up. Throws InputError for a name that the run does not have.
class RequestFilter {
public:
    RequestFilter(const RequestSelection& selection, const RunDescription& run);
    [[nodiscard]] bool takes(const serving::RequestRecord& record) const;
    /// By the step's start, pool and replica; streams and fractions of requests say nothing of steps.
    [[nodiscard]] bool takes(const serving::StepRecord& step) const;

private:
    std::int64_t from_ns_;
    std::int64_t to_ns_;
    std::optional<std::uint16_t> stream_;
    std::optional<std::uint16_t> pool_;
    std::optional<std::uint32_t> replica_;
    std::uint64_t hash_below_;  ///< of 2^32
};

}  // namespace regatta::results
