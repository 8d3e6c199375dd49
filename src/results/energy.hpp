#pragma once

#include <optional>

#include "regatta/base/time.hpp"
#include "results/run_description.hpp"
#include "results/summary.hpp"

namespace regatta::results {

/// What the GPUs of some pools drew and cost, from integer sums over the run: the same on any number of ranks. The
/// model is told in docs/model/energy.md.
class EnergyMeter {
public:
    /// The run took until `end`.
    EnergyMeter(const EnergyDescription& site, SimTime end) : site_(site), end_(end) {}

    /// Pools are added in their order. GPUs that a pool added before may have, too, are not to be among `sums.gpus`.
    void add(const PoolSums& sums, const PoolDescription& pool);

    [[nodiscard]] std::optional<EnergyFigures> energy() const;
    [[nodiscard]] std::optional<CostFigures> cost() const;
    [[nodiscard]] std::optional<CarbonFigures> carbon() const;

private:
    EnergyDescription site_;
    SimTime end_;
    bool has_pools_ = false;
    bool knows_power_ = true;  ///< of all pools
    bool knows_price_ = true;
    double gpu_j_ = 0;  ///< of the GPUs alone
    double usd_ = 0;
    double requests_ = 0;
    double output_tokens_ = 0;
    double tokens_ = 0;
};

}  // namespace regatta::results
