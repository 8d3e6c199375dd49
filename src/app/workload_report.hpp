#pragma once

#include <string>

#include "scenario/scenario.hpp"
#include "scenario/traffic_survey.hpp"

namespace regatta::app {

/// For people: rate over time as bars, lengths per stream, totals, and the load on each pool.
[[nodiscard]] std::string workload_text(const scenario::Scenario& scenario, const scenario::TrafficSurvey& survey);
/// The same as one JSON document, times in seconds.
[[nodiscard]] std::string workload_json(const scenario::Scenario& scenario, const scenario::TrafficSurvey& survey);

}  // namespace regatta::app
