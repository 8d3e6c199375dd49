#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "results/report/sections.hpp"

namespace regatta::results::report {
namespace {

/// One number of a pool, or of the fleet; none where it is not known.
struct Figure {
    const char* label;
    const char* unit;
    std::optional<double> (*read)(const PoolFigures& pool);
};

template <auto PoolFigures::*group, auto figure>
std::optional<double> read(const PoolFigures& pool) {
    const auto& of = pool.*group;
    if (!of) return std::nullopt;
    return (*of).*figure;
}

constexpr auto kEnergy = &PoolFigures::energy;
constexpr auto kCost = &PoolFigures::cost;
constexpr auto kCarbon = &PoolFigures::carbon;
constexpr std::array kFigures = {
    Figure{"energy", "J", read<kEnergy, &EnergyFigures::total_j>},
    Figure{"mean power", "W", read<kEnergy, &EnergyFigures::mean_w>},
    Figure{"per request", "J", read<kEnergy, &EnergyFigures::j_per_request>},
    Figure{"per million output tokens", "J", read<kEnergy, &EnergyFigures::j_per_million_output_tokens>},
    Figure{"per million tokens", "J", read<kEnergy, &EnergyFigures::j_per_million_tokens>},
    Figure{"cost", "USD", read<kCost, &CostFigures::total_usd>},
    Figure{"per request", "USD", read<kCost, &CostFigures::usd_per_request>},
    Figure{"per million output tokens", "USD", read<kCost, &CostFigures::usd_per_million_output_tokens>},
    Figure{"emissions", "gCO2", read<kCarbon, &CarbonFigures::total_g>},
    Figure{"per request", "gCO2", read<kCarbon, &CarbonFigures::g_per_request>}};

bool is_known(const Runs& runs, const Figure& figure) {
    return std::any_of(runs.begin(), runs.end(), [&](const ReportRun& run) {
        const std::vector<PoolFigures>& pools = run.summary().pools;
        return figure.read(run.summary().fleet) ||
               std::any_of(pools.begin(), pools.end(),
                           [&](const PoolFigures& pool) { return figure.read(pool).has_value(); });
    });
}

}  // namespace

Section energy_section(const Runs& runs) {
    Section section{.id = "energy",
                    .title = "Energy, cost, emissions",
                    .text =
                        "Of the GPUs, over the whole run, with the site's share by its PUE; per finished request and "
                        "token."};
    Table table{.id = "energy", .title = "By pool", .columns = {{"pool", "text"}}};
    std::vector<Figure> shown;
    std::copy_if(kFigures.begin(), kFigures.end(), std::back_inserter(shown),
                 [&](const Figure& figure) { return is_known(runs, figure); });
    if (shown.empty()) return section;
    for (const Figure& figure : shown)
        table.columns.push_back({figure.label, figure.unit});
    for (std::size_t run = 0; run < runs.size(); ++run) {
        const auto add = [&](const std::string& name, const PoolFigures& pool) {
            std::vector<Cell> row = {label_of(runs, run, name)};
            for (const Figure& figure : shown)
                row.push_back(cell(figure.read(pool)));
            table.rows.push_back(std::move(row));
        };
        add("all", runs[run].summary().fleet);
        if (runs[run].summary().pools.size() < 2) continue;
        for (const PoolFigures& pool : runs[run].summary().pools)
            add(pool.name, pool);
    }
    section.tables.push_back(std::move(table));
    return section;
}

}  // namespace regatta::results::report
