// What comes and goes of a fleet that was the Scratchpad simulator's, and how all of it is written.
#include <fmt/format.h>

#include <algorithm>

#include "scenario/decode.hpp"
#include "scenario/native_fleet.hpp"

namespace regatta::scenario {
namespace {

std::string seconds(double time_s) {
    return write_duration(SimTime::from_seconds(time_s));
}

}  // namespace

void NativeFleet::add_changes(const std::string& path, const std::vector<ScratchpadEnvironmentChange>& changes) {
    if (pools_.empty()) return;  // and why was told
    for (const ScratchpadEnvironmentChange& change : changes)
        add_change(change, {.file = fmt::format("{}:{}", path, change.line)});
}

void NativeFleet::add_change(const ScratchpadEnvironmentChange& change, const Origin& origin) {
    const hardware::Gpu* gpu = find_gpu(change.gpu, {.file = origin.file + ": gpu_name"});
    if (gpu == nullptr || change.amount == 0) return;
    if (change.amount < 0) {
        take_away(change, *gpu, origin);
        return;
    }
    const auto index = pool_for_more(gpu->name, origin);
    if (!index) return;
    pools_[*index].now += change.amount;
    changes_.push_back({change.at_s, *index, change.amount});
}

/// Of the first model: its pool on nodes with this GPU of their own, new where there is none.
std::optional<std::size_t> NativeFleet::pool_for_more(const std::string& gpu_name, const Origin& origin) {
    const llm::Model model = pools_.front().model;
    for (std::size_t i = 0; i < pools_.size(); ++i)
        if (!pools_[i].servers && pools_[i].gpu.name == gpu_name && pools_[i].model.name == model.name) return i;
    const hardware::Gpu* gpu = find_gpu(gpu_name, origin);
    const auto types = types_of(*gpu, first_bits_, origin);
    if (!types) return std::nullopt;
    const Fit layout = fit(*gpu, model, *types, gpu->gpus_per_node, false);
    if (layout.tensor_parallel == 0) {
        tell({.file = origin.file + ": gpu_name"}, "",
             fmt::format("{} does not fit on what is added: {}; expected larger GPUs, or fewer bits of precision",
                         model.name, layout.why));
        return std::nullopt;
    }
    pools_.push_back({.name = free_name(fmt::format("{}/{}-added", model.name, gpu->name)),
                      .model = model,
                      .gpu = *gpu,
                      .tensor_parallel = layout.tensor_parallel,
                      .types = *types,
                      .servers = std::nullopt,
                      .nodes = 0,
                      .start = 0,
                      .now = 0});
    return pools_.size() - 1;
}

/// What was added last goes first.
void NativeFleet::take_away(const ScratchpadEnvironmentChange& change, const hardware::Gpu& gpu, const Origin& origin) {
    std::int64_t left = -change.amount;
    bool is_kept = false;
    for (std::size_t i = pools_.size(); i-- > 0 && left > 0;) {
        Pool& pool = pools_[i];
        if (pool.gpu.name != gpu.name || pool.now == 0) continue;
        if (is_shared(pool)) {
            is_kept = true;
            continue;
        }
        const std::int64_t taken = std::min(left, pool.now);
        pool.now -= taken;
        left -= taken;
        changes_.push_back({change.at_s, i, -taken});
    }
    if (left == 0) return;
    if (is_kept) {
        tell({.file = origin.file + ": amount"}, "",
             fmt::format("takes away {} {} more than came later, but those that several models share stay; expected "
                         "fewer, or a trace of one model",
                         left, gpu.name));
        return;
    }
    note(fmt::format("{}: takes away {} {}; by then the fleet has {}", origin.file, -change.amount, gpu.name,
                     -change.amount - left));
}

bool NativeFleet::is_shared(const Pool& pool) const {
    return std::any_of(pools_.begin(), pools_.end(), [&](const Pool& other) {
        return &other != &pool && pool.servers && other.servers == pool.servers && other.gpu.name == pool.gpu.name;
    });
}

std::string NativeFleet::rates_text() const {
    if (!environment_) return "";
    std::string text =
        fmt::format(", disk_bandwidth: {}, host_link: {}", write_bandwidth(environment_->disk_mb_per_s * 1e6),
                    write_bandwidth(environment_->pcie_gb_per_s * 1e9));
    if (environment_->network_gb_per_s > 0)
        text += fmt::format(", network_bandwidth: {}", write_bandwidth(environment_->network_gb_per_s * 1e9));
    return text;
}

std::string NativeFleet::text() const {
    std::string text;
    if (!servers_.empty()) text += "  servers:\n";
    for (const Servers& servers : servers_) {
        std::string gpus;
        for (const Kind& kind : servers.kinds)
            gpus += fmt::format("{}{{gpu: {}, count: {}}}", gpus.empty() ? "" : ", ", quote_if_needed(kind.gpu.name),
                                kind.count);
        text += fmt::format("    - {{name: {}, count: {}, gpus: [{}]{}}}  # {}\n", quote_if_needed(servers.name),
                            servers.count, gpus, rates_text(), servers.comment);
    }
    text += "  pools:\n";
    for (const Pool& pool : pools_) {
        text += fmt::format("    - name: {}\n      model: {}\n", quote_if_needed(pool.name),
                            quote_if_needed(pool.model.name));
        if (pool.servers)
            text +=
                fmt::format("      servers: {}\n      gpu: {}\n      start: {}\n",
                            quote_if_needed(servers_[*pool.servers].name), quote_if_needed(pool.gpu.name), pool.start);
        else
            text += fmt::format("      nodes: {}\n      node: {{gpu: {}, gpus: {}{}}}\n", pool.nodes,
                                quote_if_needed(pool.gpu.name), pool.tensor_parallel, rates_text());
        text +=
            fmt::format("      parallel: {{tp: {}}}\n      weights: {}\n      activations: {}\n      kv_cache: {}\n",
                        pool.tensor_parallel, name_of(pool.types.weights), name_of(pool.types.activations),
                        name_of(pool.types.kv_cache));
    }
    if (!changes_.empty()) text += "  timeline:\n";
    for (const Change& change : changes_)
        text += fmt::format("    - {{at: {}, pool: {}, replicas: {}}}\n", seconds(change.at_s),
                            quote_if_needed(pools_[change.pool].name), change.replicas);
    return text;
}

}  // namespace regatta::scenario
