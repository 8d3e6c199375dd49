#include "scenario/native_fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "serving/memory_plan.hpp"

namespace regatta::scenario {
namespace {

// Beyond it what a file says of memory is another GPU's.
constexpr double kMostMemoryDeviation = 0.2;
constexpr std::ptrdiff_t kMostIdsNamed = 4;
// Of a block of the KV cache, as of a pool that does not say.
constexpr std::int64_t kBlockTokens = 16;

std::string gib(double bytes) {
    return fmt::format("{:.1f} GiB", bytes / static_cast<double>(std::int64_t{1} << 30));
}

/// "1 to 3, 7": numbers that rise, runs as ranges.
std::string ranges_of(const std::vector<std::uint32_t>& ids, const char* to, const char* comma) {
    std::string text;
    for (std::size_t i = 0; i < ids.size();) {
        std::size_t last = i;
        while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1)
            ++last;
        if (!text.empty()) text += comma;
        text += fmt::format("{}", ids[i]);
        if (last > i) text += fmt::format("{}{}", to, ids[last]);
        i = last + 1;
    }
    return text;
}

}  // namespace

void NativeFleet::tell(const Origin& origin, const std::string& key, const std::string& what) {
    if (origin.file.empty()) {
        problems_.add(origin.place, key.empty() ? origin.path : origin.path + "." + key, what);
        return;
    }
    // Each GPU and model of a file is told of once, however many entries name it.
    if (std::find(told_.begin(), told_.end(), what) != told_.end()) return;
    told_.push_back(what);
    const bool is_whole_file = origin.file.find(": ") == std::string::npos;
    problems_.add_told(fmt::format("{}{}{}: {}", origin.file,
                                   key.empty()     ? ""
                                   : is_whole_file ? ": "
                                                   : ".",
                                   key, what));
}

void NativeFleet::note(const std::string& text) {
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(text);
}

template <class Facts>
const Facts* NativeFleet::find(const Catalogue<Facts>& entries, const std::string& name, const Origin& origin,
                               const PartName& part) {
    if (const auto* entry = entry_of(entries, name)) return &entry->facts;
    tell(origin, "",
         fmt::format("no {} \"{}\" in the catalogue; `regatta catalog {}` lists all {}{}", part.noun, name, part.list,
                     entries.size(), did_you_mean(name, names_of(entries))));
    return nullptr;
}

const hardware::Gpu* NativeFleet::find_gpu(const std::string& name, const Origin& origin) {
    return find(catalogue_.gpus(), name, origin, {.noun = "GPU", .list = "hardware"});
}

const llm::Model* NativeFleet::find_model(const std::string& name, const Origin& origin) {
    return find(catalogue_.models(), name, origin, {.noun = "model", .list = "models"});
}

std::optional<NativeTypes> NativeFleet::types_of(const hardware::Gpu& gpu, const Bits& bits, const Origin& origin) {
    const Read<NativeTypes> types = native_types(gpu, bits);
    if (!types) {
        tell(origin, "precision", types.error());
        return std::nullopt;
    }
    if (types->is_wider)
        note(fmt::format("{} does not compute faster in {} bits: activations are {}", gpu.name,
                         write_number(bits.activation), name_of(types->activations)));
    return *types;
}

NativeFleet::Fit NativeFleet::fit(const hardware::Gpu& gpu, const llm::Model& model, const NativeTypes& types,
                                  std::int64_t most_gpus, bool must_divide) const {
    Fit found;
    std::int64_t most_blocks = 0;
    const std::int64_t longest = (model.max_context_tokens + kBlockTokens - 1) / kBlockTokens;
    for (std::int64_t tp = 1; tp <= most_gpus; ++tp) {
        if ((must_divide && most_gpus % tp != 0) || !splits_heads(model, tp)) continue;
        const serving::MemoryPlan plan = serving::plan_memory({.gpu = gpu,
                                                               .model = model,
                                                               .weight_type = types.weights,
                                                               .kv_type = types.kv_cache,
                                                               .tensor_parallel = tp,
                                                               .step_tokens = step_tokens_,
                                                               .block_tokens = kBlockTokens});
        if (plan.kv_blocks >= longest) return {.tensor_parallel = tp, .why = ""};
        if (plan.kv_blocks > most_blocks) {
            most_blocks = plan.kv_blocks;
            found.tensor_parallel = tp;
        }
        found.why = fmt::format("of {} {} ({}) each needs {} for weights and {} for activations, and may use {}", tp,
                                gpu.name, gib(gpu.memory_bytes), gib(plan.weight_bytes), gib(plan.activation_bytes),
                                gib(plan.usable_bytes));
    }
    return found;
}

void NativeFleet::add_engines(const std::string& gpu_name, const std::string& model_name, std::int64_t count,
                              const Bits& bits, const Origin& origin) {
    const hardware::Gpu* gpu = find_gpu(gpu_name, {origin.file, origin.place, origin.path + ".gpu"});
    const llm::Model* model = find_model(model_name, {origin.file, origin.place, origin.path + ".model"});
    if (gpu == nullptr || model == nullptr) return;
    const auto types = types_of(*gpu, bits, origin);
    if (!types) return;
    const Fit layout = fit(*gpu, *model, *types, gpu->gpus_per_node, false);
    if (layout.tensor_parallel == 0) {
        tell(origin, "model",
             fmt::format("{} does not fit: {}; expected a smaller one, larger GPUs, or fewer bits of precision",
                         model->name, layout.why));
        return;
    }
    if (pools_.empty()) first_bits_ = bits;
    pools_.push_back({.name = free_name(fmt::format("{}/{}", model->name, gpu->name)),
                      .model = *model,
                      .gpu = *gpu,
                      .tensor_parallel = layout.tensor_parallel,
                      .types = *types,
                      .servers = std::nullopt,
                      .nodes = count,
                      .start = 0,
                      .now = count});
}

void NativeFleet::add_environment(const std::string& path, const ScratchpadEnvironment& environment,
                                  const std::vector<std::string>& models, const Bits& bits) {
    environment_ = environment;
    first_bits_ = bits;
    if (!environment.nodes.front().model.empty()) {
        for (std::size_t i = 0; i < environment.nodes.size(); ++i)
            add_listed(environment.nodes[i], i, path, environment.preloads);
        if (pools_.empty() && told_.empty())
            tell({.file = path}, "gpus", "every amount is 0; expected at least one engine");
        return;
    }
    add_nodes(path, environment);
    std::vector<Asked> asked;
    for (const std::string& name : models) {
        const llm::Model* model = find_model(name, {.file = path});
        if (model == nullptr) continue;
        const auto is_same = [&](const Asked& one) { return one.model.name == model->name; };
        if (std::none_of(asked.begin(), asked.end(), is_same))
            asked.push_back({.name = name, .model = *model, .is_held = false, .reasons = {}});
    }
    for (std::size_t i = 0; i < servers_.size(); ++i)
        for (const Kind& kind : servers_[i].kinds)
            add_pools_on(i, kind, asked, bits, environment.preloads, {.file = path});
    if (!told_.empty()) return;
    if (servers_.empty()) tell({.file = path}, "nodes", "no node has a GPU; expected gpu_count_per_type above 0");
    for (const Asked& one : asked)
        if (!one.is_held && !servers_.empty())
            tell({.file = path}, "nodes",
                 fmt::format("{} fits on none: {}; expected more or larger GPUs in a node, or fewer bits of precision",
                             one.name, join(one.reasons)));
}

/// Nodes of the same GPUs are servers of one name, which tells their ids.
void NativeFleet::add_nodes(const std::string& path, const ScratchpadEnvironment& environment) {
    check_memory(path, environment);
    std::vector<std::vector<std::pair<std::string, std::uint32_t>>> kinds_of;  // by servers
    for (const ScratchpadEnvironment::Node& node : environment.nodes) {
        std::vector<std::pair<std::string, std::uint32_t>> kinds;
        std::vector<Kind> known;
        for (const ScratchpadEnvironment::Gpus& gpus : node.kinds) {
            const hardware::Gpu* gpu = find_gpu(gpus.type, {.file = path});
            if (gpu == nullptr || gpus.count == 0) continue;
            const auto same =
                std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first == gpu->name; });
            if (same == kinds.end()) {
                kinds.emplace_back(gpu->name, gpus.count);
                known.push_back({*gpu, gpus.count});
            } else {
                same->second += gpus.count;
                known[static_cast<std::size_t>(same - kinds.begin())].count += gpus.count;
            }
        }
        if (kinds.empty()) {
            note(fmt::format("{}: node {} has no GPU and is left out", path, node.id));
            continue;
        }
        const auto group = std::find(kinds_of.begin(), kinds_of.end(), kinds);
        if (group == kinds_of.end()) {
            kinds_of.push_back(kinds);
            servers_.push_back({.name = node.name, .kinds = known, .ids = {node.id}, .count = 1, .comment = ""});
            continue;
        }
        Servers& servers = servers_[static_cast<std::size_t>(group - kinds_of.begin())];
        servers.ids.push_back(node.id);
        ++servers.count;
    }
    std::vector<std::string> names;
    for (Servers& servers : servers_) {
        std::sort(servers.ids.begin(), servers.ids.end());
        const bool is_alone = servers.ids.size() == 1;
        servers.comment = fmt::format("node_id {}", ranges_of(servers.ids, " to ", ", "));
        if (is_alone && !servers.name.empty() && std::find(names.begin(), names.end(), servers.name) == names.end()) {
            names.push_back(servers.name);
            continue;
        }
        const std::string ids = ranges_of(servers.ids, "-to-", "-");
        const bool is_short = std::count(ids.begin(), ids.end(), '-') <= kMostIdsNamed;
        servers.name = is_alone   ? fmt::format("node-{}", servers.ids.front())
                       : is_short ? fmt::format("nodes-{}", ids)
                                  : fmt::format("nodes-{}-and-{}-more", servers.ids.front(), servers.ids.size() - 1);
        names.push_back(servers.name);
    }
}

void NativeFleet::check_memory(const std::string& path, const ScratchpadEnvironment& environment) {
    for (std::size_t i = 0; i < environment.nodes.size(); ++i) {
        for (const ScratchpadEnvironment::Gpus& gpus : environment.nodes[i].kinds) {
            const auto* entry = entry_of(catalogue_.gpus(), gpus.type);
            if (entry == nullptr) continue;
            const double known_gb = entry->facts.memory_bytes / 1e9;
            if (std::abs(gpus.memory_gb - known_gb) <= kMostMemoryDeviation * known_gb) continue;
            note(fmt::format("{}: memory_per_gpu_gb: {} GB is not what {} has; the catalogue's {:.0f} GB count", path,
                             write_number(gpus.memory_gb), gpus.type, known_gb));
        }
    }
}

/// Of the older list: so many engines, each on servers of its own, for nothing says that they share one.
void NativeFleet::add_listed(const ScratchpadEnvironment::Node& entry, std::size_t index, const std::string& path,
                             bool preloads) {
    const Origin origin{.file = fmt::format("{}: gpus[{}]", path, index)};
    const hardware::Gpu* gpu = find_gpu(entry.gpus.front(), origin);
    const llm::Model* model = find_model(entry.model, origin);
    if (gpu == nullptr || model == nullptr) return;
    if (entry.amount <= 0) {
        note(fmt::format("{}: gpus[{}].amount is {}: no engines", path, index, entry.amount));
        return;
    }
    const Bits bits{entry.weight_bits, entry.activation_bits, entry.kv_bits};
    const auto types = types_of(*gpu, bits, origin);
    if (!types) return;
    const Fit layout = fit(*gpu, *model, *types, gpu->gpus_per_node, false);
    if (layout.tensor_parallel == 0) {
        tell(origin, "model",
             fmt::format("{} does not fit: {}; expected a smaller one, larger GPUs, or fewer bits of precision",
                         entry.model, layout.why));
        return;
    }
    if (pools_.empty()) first_bits_ = bits;
    servers_.push_back({.name = fmt::format("gpus-{}", index),
                        .kinds = {{*gpu, static_cast<std::uint32_t>(layout.tensor_parallel)}},
                        .ids = {},
                        .count = entry.amount,
                        .comment = fmt::format("gpus[{}]", index)});
    pools_.push_back({.name = free_name(fmt::format("{}/{}", model->name, servers_.back().name)),
                      .model = *model,
                      .gpu = *gpu,
                      .tensor_parallel = layout.tensor_parallel,
                      .types = *types,
                      .servers = servers_.size() - 1,
                      .nodes = 0,
                      .start = preloads ? entry.amount : 0,
                      .now = entry.amount});
}

void NativeFleet::add_pools_on(std::size_t index, const Kind& kind, std::vector<Asked>& asked, const Bits& bits,
                               bool preloads, const Origin& origin) {
    const Servers& servers = servers_[index];
    const auto types = types_of(kind.gpu, bits, origin);
    if (!types) return;
    std::vector<Pool> own;
    for (Asked& one : asked) {
        const Fit layout = fit(kind.gpu, one.model, *types, kind.count, true);
        if (layout.tensor_parallel == 0) {
            one.reasons.push_back(layout.why);
            continue;
        }
        one.is_held = true;
        const bool has_others = servers.kinds.size() > 1;
        own.push_back({.name = free_name(
                           fmt::format("{}/{}{}", one.model.name, servers.name, has_others ? "/" + kind.gpu.name : "")),
                       .model = one.model,
                       .gpu = kind.gpu,
                       .tensor_parallel = layout.tensor_parallel,
                       .types = *types,
                       .servers = index,
                       .nodes = 0,
                       .start = 0,
                       .now = servers.count * (kind.count / layout.tensor_parallel)});
    }
    if (own.empty())
        note(fmt::format("no model that is asked for fits on {} of {}: they stay idle", kind.gpu.name, servers.name));
    if (preloads) share_out(own, servers, kind);
    pools_.insert(pools_.end(), own.begin(), own.end());
}

/// Equally many GPUs for each model, as far as they go; what is left goes to those that came first. The largest
/// replicas come first in the pools, for they need GPUs that follow one another.
void NativeFleet::share_out(std::vector<Pool>& pools, const Servers& servers, const Kind& kind) const {
    std::int64_t free = servers.count * kind.count;
    for (bool has_given = true; has_given;) {
        Pool* poorest = nullptr;
        for (Pool& pool : pools)
            if (pool.tensor_parallel <= free &&
                (poorest == nullptr || pool.start * pool.tensor_parallel < poorest->start * poorest->tensor_parallel))
                poorest = &pool;
        has_given = poorest != nullptr;
        if (!has_given) break;
        ++poorest->start;
        free -= poorest->tensor_parallel;
    }
    std::stable_sort(pools.begin(), pools.end(),
                     [](const Pool& a, const Pool& b) { return a.tensor_parallel > b.tensor_parallel; });
    // As Assembly::assemble_starts takes them.
    std::vector<bool> taken(static_cast<std::size_t>(servers.count) * kind.count, false);
    for (Pool& pool : pools) {
        std::int64_t placed = 0;
        const auto each = static_cast<std::size_t>(pool.tensor_parallel);
        for (std::size_t first = 0; first + each <= taken.size() && placed < pool.start; first += each) {
            const auto begin = taken.begin() + static_cast<std::ptrdiff_t>(first);
            const auto end = begin + pool.tensor_parallel;
            if (std::find(begin, end, true) != end) continue;
            std::fill(begin, end, true);
            ++placed;
        }
        pool.start = placed;
    }
}

bool NativeFleet::serves(const std::string& model) {
    const std::string name = catalogue_.model_name(model);
    return std::any_of(pools_.begin(), pools_.end(), [&](const Pool& pool) { return pool.model.name == name; });
}

std::string NativeFleet::free_name(const std::string& name) const {
    const auto is_taken = [&](const std::string& wanted) {
        return std::any_of(pools_.begin(), pools_.end(), [&](const Pool& pool) { return pool.name == wanted; });
    };
    std::string free = name;
    for (int number = 2; is_taken(free); ++number)
        free = fmt::format("{}-{}", name, number);
    return free;
}

}  // namespace regatta::scenario
