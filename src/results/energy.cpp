#include "results/energy.hpp"

#include <algorithm>

namespace regatta::results {
namespace {

constexpr double kSecondsPerNs = 1e-9;
constexpr double kSecondsPerHour = 3600;
constexpr double kJoulesPerKwh = 3.6e6;
constexpr double kMillion = 1e6;

double real(const WideSum& sum) {
    return sum.mean(1);
}

/// Time for which the GPUs of a pool were installed [GPU seconds].
double installed_gpu_s(const PoolSums& sums, const PoolDescription& pool, SimTime end) {
    // Who came at t was away for t before, and who went at t is away for end - t: all that is away at the end has been
    // so since it went, or from the start.
    const std::int64_t away_at_end = pool.absent_gpus - sums.gpus_installed + sums.gpus_removed;
    WideSum installed;
    installed.add(sums.gpus - away_at_end, end.ns());
    installed += sums.removed_gpu_ns;
    return (real(installed) - real(sums.installed_gpu_ns)) * kSecondsPerNs;
}

std::optional<double> ratio(double amount, double count) {
    if (count > 0) return amount / count;
    return std::nullopt;
}

}  // namespace

void EnergyMeter::add(const PoolSums& sums, const PoolDescription& pool) {
    has_pools_ = true;
    knows_power_ = knows_power_ && pool.gpu_idle_mw > 0 && pool.gpu_flops_per_s > 0;
    knows_price_ = knows_price_ && pool.gpu_price_uusd_per_h > 0;
    requests_ += static_cast<double>(sums.finished);
    output_tokens_ += real(sums.finished_output_tokens);
    tokens_ += real(sums.finished_prompt_tokens) + real(sums.finished_output_tokens);

    const double installed_s = installed_gpu_s(sums, pool, end_);
    usd_ += installed_s / kSecondsPerHour * static_cast<double>(pool.gpu_price_uusd_per_h) / kMillion;

    // The GPU is as much nearer to its maximum power as its arithmetic is to its peak.
    const double busy_s = real(sums.busy_gpu_ns) * kSecondsPerNs;
    const double peak_flops = static_cast<double>(pool.gpu_flops_per_s) * busy_s;
    const double compute_fraction = peak_flops > 0 ? std::min(model_flops(sums, pool.work) / peak_flops, 1.0) : 0;
    const auto memory_bound_w = static_cast<double>(pool.gpu_memory_bound_mw) / 1e3;
    const auto compute_bound_w = static_cast<double>(pool.gpu_compute_bound_mw) / 1e3;
    const auto idle_w = static_cast<double>(pool.gpu_idle_mw) / 1e3;
    // The idle time of one pool may be below 0 where pools share GPUs, which are one's idle and another's busy ones;
    // all together it is not.
    gpu_j_ += idle_w * (installed_s - busy_s) +
              busy_s * (memory_bound_w + (compute_bound_w - memory_bound_w) * compute_fraction);
}

std::optional<EnergyFigures> EnergyMeter::energy() const {
    if (!has_pools_ || !knows_power_) return std::nullopt;
    EnergyFigures figures;
    figures.total_j = gpu_j_ * static_cast<double>(site_.pue_millionths) / kMillion;
    if (end_ > SimTime()) figures.mean_w = figures.total_j / end_.seconds();
    figures.j_per_request = ratio(figures.total_j, requests_);
    figures.j_per_million_output_tokens = ratio(figures.total_j * kMillion, output_tokens_);
    figures.j_per_million_tokens = ratio(figures.total_j * kMillion, tokens_);
    return figures;
}

std::optional<CostFigures> EnergyMeter::cost() const {
    if (!has_pools_ || !knows_price_) return std::nullopt;
    return CostFigures{.total_usd = usd_,
                       .usd_per_request = ratio(usd_, requests_),
                       .usd_per_million_output_tokens = ratio(usd_ * kMillion, output_tokens_)};
}

std::optional<CarbonFigures> EnergyMeter::carbon() const {
    const std::optional<EnergyFigures> drawn = energy();
    if (!drawn || !site_.grid_mg_per_kwh) return std::nullopt;
    const double total_g = drawn->total_j / kJoulesPerKwh * static_cast<double>(*site_.grid_mg_per_kwh) / 1e3;
    return CarbonFigures{.total_g = total_g, .g_per_request = ratio(total_g, requests_)};
}

}  // namespace regatta::results
