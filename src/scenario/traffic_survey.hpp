#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "regatta/scenario/registries.hpp"
#include "scenario/pool_capacity.hpp"
#include "scenario/scenario.hpp"
#include "workload/survey.hpp"

namespace regatta::scenario {

/// What a scenario's gateways will be asked, without a fleet that answers.
struct TrafficSurvey {
    SimTime every;
    SimTime span;  ///< the scenario's duration, else up to the last arrival
    std::vector<workload::StreamSurvey> streams;
    struct PoolLoad {
        workload::RequestMix mix;
        double peak_per_s = 0;                 ///< requests, in the busiest stretch
        std::optional<PoolCapacity> capacity;  ///< none: no stream asks this pool
    };
    std::vector<PoolLoad> pools;

    /// Requests of all streams together, per stretch.
    [[nodiscard]] std::vector<std::uint64_t> per_stretch() const;
    /// How long the stretch is that begins at `index` times every: the last one ends with the span, unless less than
    /// half of it is left, too little to tell a rate from.
    [[nodiscard]] double stretch_s(std::size_t index) const;
};

/// Draws every request of all gateways in order of (arrival, id), and shows each to `visit`.
[[nodiscard]] TrafficSurvey survey_traffic(const Scenario& scenario, const Registries& registries, SimTime every,
                                           const std::function<void(const Request&)>& visit);

}  // namespace regatta::scenario
