#pragma once

#include <vector>

#include "results/report/run_data.hpp"

namespace regatta::results::report {

// The report, part by part. All runs are of the same report: one is shown by class and pool, several are overlaid.
[[nodiscard]] std::vector<Tile> headline_tiles(const Runs& runs);
[[nodiscard]] Section latency_section(const Runs& runs);
[[nodiscard]] Section time_section(const Runs& runs);
[[nodiscard]] Section stages_section(const Runs& runs);
[[nodiscard]] Section balance_section(const Runs& runs);
[[nodiscard]] Section steps_section(const Runs& runs);
/// Without tables where nobody knows what GPUs draw or cost.
[[nodiscard]] Section energy_section(const Runs& runs);
[[nodiscard]] Section facts_section(const Runs& runs);

/// The axis that all charts over simulated time share.
[[nodiscard]] Axis time_axis(const Runs& runs);

/// At most about `most` points, of which the least and the largest of each stretch stay.
[[nodiscard]] LineSeries thinned(const LineSeries& series, std::size_t most);

}  // namespace regatta::results::report
