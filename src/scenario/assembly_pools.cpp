#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "serving/memory_plan.hpp"
#include "timing/data_types.hpp"

namespace regatta::scenario {
namespace {

llm::DataType data_type(const std::string& name) {
    const auto type = llm::data_type_of(name);
    REGATTA_CHECK(type.has_value(), "an unknown data type passed the checks");
    return *type;
}

/// Streams and pools look for each other by name, one by one; and their ids have 16 bits.
constexpr std::size_t kMostPools = 2000;

std::string gib(double bytes) {
    return fmt::format("{:.1f} GiB", bytes / static_cast<double>(std::int64_t{1} << 30));
}

}  // namespace

bool splits_heads(const llm::Model& model, std::int64_t tp) {
    const bool splits_kv = tp <= model.kv_heads ? model.kv_heads % tp == 0 : tp % model.kv_heads == 0;
    return model.heads % tp == 0 && splits_kv;
}

void Assembly::assemble_pools() {
    const auto fleet = root_.maps.find("fleet");
    if (fleet == root_.maps.end()) return;
    std::vector<Reading>& pools = fleet->second.lists["pools"];
    if (pools.empty() && fleet->second.lists.count("engine_groups") > 0 && fleet->second.given.count("pools") == 0)
        problems_.add(fleet->second.place, fleet->second.path_of("pools"),
                      "missing; expected a list with at least one element");
    if (pools.size() > kMostPools) {
        problems_.add(fleet->second.place_of("pools"), fleet->second.path_of("pools"),
                      fmt::format("{} pools; expected at most {}", pools.size(), kMostPools));
        return;
    }
    scenario_.pools.resize(pools.size());
    sound_pools_.assign(pools.size(), false);
    std::set<std::string> names;
    std::uint64_t replicas = 0;
    for (std::size_t i = 0; i < pools.size(); ++i) {
        Reading& reading = pools[i];
        const std::string name = reading.has("name") ? reading.values.word("name") : fmt::format("pool-{}", i);
        if (!names.insert(name).second)
            problems_.add(reading.place_of("name"), reading.path_of("name"),
                          fmt::format("another pool is called \"{}\", too; expected names that differ", name));
        reading.values.set("name", name);
        scenario_.pools[i].name = name;
        if (reading.is_sound) assemble_pool(reading, i);
        if (!sound_pools_[i]) continue;
        const std::uint64_t before = replicas;
        replicas += scenario_.pools[i].replicas();
        if (before <= kMostReplicas && replicas > kMostReplicas)
            problems_.add(reading.place_of("nodes"), reading.path_of("nodes"),
                          fmt::format("makes {} replicas in all; expected at most {}", replicas, kMostReplicas));
        if (replicas > kMostReplicas) sound_pools_[i] = false;
    }
}

void Assembly::assemble_pool(Reading& reading, std::size_t index) {
    const std::size_t before = problems_.size();
    Pool& pool = scenario_.pools[index];
    const Parameters& values = reading.values;
    const bool has_model = find_model(reading.maps.at("model"), pool.model);
    const bool has_gpu = find_gpus(reading, pool);
    pool.weight_type = data_type(values.word("weights"));
    pool.kv_type = data_type(values.word("kv_cache"));
    if (has_gpu) choose_activations(reading, pool);
    if (has_gpu) choose_power(reading, pool);
    pool.nodes = static_cast<std::uint32_t>(values.count("nodes"));
    pool.tensor_parallel = static_cast<std::uint32_t>(reading.maps.at("parallel").values.count("tp"));
    pool.pipeline_parallel = static_cast<std::uint32_t>(reading.maps.at("parallel").values.count("pp"));
    pool.block_tokens = values.count("block_tokens");
    pool.memory_fraction = values.real("memory_fraction");
    if (values.has("kv_blocks")) pool.kv_blocks = values.count("kv_blocks");
    if (has_model && !values.has("max_context_tokens"))
        reading.values.set("max_context_tokens", pool.model.max_context_tokens);
    if (values.has("max_context_tokens")) pool.max_context_tokens = values.count("max_context_tokens");
    const Reading& network = root_.maps["network"];
    if (!values.has("gateway_latency") && network.is_sound)
        reading.values.set("gateway_latency", network.values.duration("gateway_to_node"));
    if (values.has("gateway_latency")) pool.gateway_latency = values.duration("gateway_latency");
    if (values.has("max_queue")) pool.max_queue = values.count("max_queue");
    pool.weight = values.real("weight");
    pool.scheduler = choice_of(reading.policies.at("scheduler"));
    pool.timing = choice_of(reading.policies.at("timing"));
    if (has_model && has_gpu) {
        check_layout(reading, pool);
        if (problems_.size() == before && read_speculation(reading.policies.at("speculation"), pool))
            check_memory(reading, pool);
    }
    sound_pools_[index] = problems_.size() == before && has_model && has_gpu;
}

/// On servers that others use, too, or on nodes of the pool's own.
bool Assembly::find_gpus(Reading& reading, Pool& pool) {
    if (reading.has("servers")) return place_on_servers(reading, pool);
    if (reading.has("gpu")) {
        problems_.add(reading.place_of("gpu"), reading.path_of("gpu"),
                      "chooses among the kinds of servers, which the pool is not on; expected it within node");
        return false;
    }
    const auto node = reading.maps.find("node");
    if (node != reading.maps.end()) return find_node(node->second, pool);
    problems_.add(reading.place, reading.path_of("node"),
                  "missing; expected a map with: gpu, gpus; the name of a node type; or servers in its place");
    return false;
}

/// What the matrix products are computed in: what is given, else what engines do with such weights on such a GPU.
void Assembly::choose_activations(Reading& reading, Pool& pool) {
    const bool is_given = reading.has("activations");
    pool.activation_type = is_given ? data_type(reading.values.word("activations"))
                                    : timing::usual_activations(pool.gpu, pool.weight_type);
    const std::string key = is_given ? "activations" : "weights";
    const std::string problem = timing::problem_with_types(pool.gpu, pool.weight_type, pool.activation_type);
    if (!problem.empty()) problems_.add(reading.place_of(key), reading.path_of(key), problem);
    reading.values.set("activations", std::string(name_of(pool.activation_type)));
}

/// The pool's own over what the catalogue says of its GPU; the resolved text has both.
void Assembly::choose_power(Reading& reading, Pool& pool) {
    const auto take = [](Reading& from, const char* key, double& fact) {
        if (from.has(key))
            fact = from.values.real(key);
        else if (fact > 0)
            from.values.set(key, fact);
    };
    Reading& power = reading.maps.at("power");
    take(reading, "price", pool.gpu.price_usd_per_h);
    take(power, "idle", pool.gpu.idle_w);
    take(power, "memory_bound", pool.gpu.memory_bound_w);
    take(power, "compute_bound", pool.gpu.compute_bound_w);
    if (power.given.empty()) return;  // what the catalogue says was checked there
    for (const std::string& problem : hardware::problems_of_power(pool.gpu)) {
        const std::string key = problem.substr(0, problem.find("_power"));
        problems_.add(power.place_of(key), power.path_of(key), problem.substr(problem.find(": ") + 2));
    }
}

void Assembly::check_layout(const Reading& reading, const Pool& pool) {
    const Reading& parallel = reading.maps.at("parallel");
    const llm::Model& model = pool.model;
    const std::uint32_t tp = pool.tensor_parallel;
    std::vector<std::string> allowed;
    for (std::uint32_t i = 1; i <= pool.gpus_per_node; ++i)
        if (pool.gpus_per_node % i == 0 && splits_heads(model, i)) allowed.push_back(fmt::format("{}", i));
    const auto refuse = [&](const std::string& what) {
        problems_.add(parallel.place_of("tp"), parallel.path_of("tp"), what + "; allowed: " + join(allowed));
    };
    if (tp > pool.gpus_per_node)
        refuse(fmt::format("{} GPUs per replica, but a node has {}", tp, pool.gpus_per_node));
    else if (pool.gpus_per_node % tp != 0)
        refuse(fmt::format("{} GPUs per replica do not divide the {} of a node", tp, pool.gpus_per_node));
    else if (!splits_heads(model, tp))
        refuse(fmt::format("{} GPUs cannot share the {} query and {} KV heads of {} evenly", tp, model.heads,
                           model.kv_heads, model.name));
    check_pipeline(reading, pool);
    // Vidur plans memory for as many tokens as its requests may have, whatever the model takes.
    if (scenario_.compat == Compat::None && pool.max_context_tokens > model.max_context_tokens)
        problems_.add(reading.place_of("max_context_tokens"), reading.path_of("max_context_tokens"),
                      fmt::format("{} tokens, but {} takes at most {}", pool.max_context_tokens, model.name,
                                  model.max_context_tokens));
}

void Assembly::check_pipeline(const Reading& reading, const Pool& pool) {
    const Reading& parallel = reading.maps.at("parallel");
    const std::uint32_t pp = pool.pipeline_parallel;
    if (pp == 1 || pool.tensor_parallel > pool.gpus_per_node) return;
    const auto refuse = [&](const std::string& what) {
        problems_.add(parallel.place_of("pp"), parallel.path_of("pp"), what);
    };
    if (pool.model.layers % pp != 0) {
        std::vector<std::string> allowed;
        for (std::int64_t i = 1; i <= pool.model.layers; ++i)
            if (pool.model.layers % i == 0) allowed.push_back(fmt::format("{}", i));
        refuse(fmt::format("{} stages cannot have equally many of the {} layers of {}; allowed: {}", pp,
                           pool.model.layers, pool.model.name, join(allowed)));
        return;
    }
    const std::uint32_t gpus = pool.gpus_per_replica();
    if (gpus <= pool.gpus_per_node) {
        if (pool.gpus_per_node % gpus != 0)
            refuse(fmt::format("{} x {} GPUs of a replica do not divide the {} of a node", pool.tensor_parallel, pp,
                               pool.gpus_per_node));
    } else if (gpus % pool.gpus_per_node != 0) {
        refuse(fmt::format("{} x {} GPUs of a replica are more than the {} of a node, and no multiple of them",
                           pool.tensor_parallel, pp, pool.gpus_per_node));
    } else if (pool.nodes % pool.nodes_together() != 0) {
        problems_.add(
            reading.place_of("nodes"), reading.path_of("nodes"),
            fmt::format("a replica takes {} nodes, of which {} is no multiple", pool.nodes_together(), pool.nodes));
    }
}

/// The classes that streams name, before streams are assembled.
std::vector<std::string> Assembly::classes_read() const {
    const auto workload = root_.maps.find("workload");
    if (workload == root_.maps.end()) return {};
    const auto streams = workload->second.lists.find("streams");
    if (streams == workload->second.lists.end() || streams->second.empty()) return {"trace"};
    std::vector<std::string> classes;
    for (std::size_t i = 0; i < streams->second.size(); ++i) {
        const Reading& stream = streams->second[i];
        const std::string name = stream.has("name") ? stream.values.word("name") : fmt::format("stream-{}", i);
        classes.push_back(stream.has("class") ? stream.values.word("class") : name);
    }
    return classes;
}

/// Whether the model fits, and whether the policies can be made for what is left.
void Assembly::check_memory(Reading& reading, Pool& pool) {
    // A scheduler that bounds the tokens of a step calls the bound chunk_tokens; one that does not may fill the
    // context.
    const Parameters& scheduling = pool.scheduler.parameters;
    const serving::MemoryRequest request{
        .gpu = pool.gpu,
        .model = pool.model,
        .weight_type = pool.weight_type,
        .kv_type = pool.kv_type,
        .tensor_parallel = pool.tensor_parallel,
        .pipeline_parallel = pool.pipeline_parallel,
        .draft = pool.draft,
        .draft_tensor_parallel = pool.draft_tensor_parallel,
        .memory_fraction = pool.memory_fraction,
        .step_tokens = scheduling.has("chunk_tokens") ? scheduling.count("chunk_tokens") : pool.max_context_tokens,
        .block_tokens = pool.block_tokens,
        .max_context_tokens = pool.max_context_tokens};
    const bool is_vidur = scenario_.compat == Compat::Vidur;
    const serving::MemoryPlan plan =
        is_vidur ? serving::plan_memory_like_vidur(request) : serving::plan_memory(request);
    pool.planned_sequences = plan.sequences;
    pool.weight_bytes = plan.weight_bytes * pool.gpus_per_replica();
    if (!pool.kv_blocks && !plan.fits()) {
        const Reading& model = reading.maps.at("model");
        problems_.add(
            model.place, model.path,
            fmt::format("{} does not fit: each GPU needs {} for weights and {} for activations, and may use {}: "
                        "{} too little; raise parallel.tp, or store smaller weights",
                        pool.model.name, gib(plan.weight_bytes), gib(plan.activation_bytes), gib(plan.usable_bytes),
                        gib(plan.missing_bytes())));
        return;
    }
    const auto* scheduler = registries_.schedulers.find(pool.scheduler.name);
    pool.replica_kv_blocks = pool.kv_blocks.value_or(plan.kv_blocks);
    const std::vector<std::string> classes = classes_read();
    const serving::SchedulerLimits limits{.kv_blocks = pool.replica_kv_blocks,
                                          .block_tokens = pool.block_tokens,
                                          .max_context_tokens = pool.max_context_tokens,
                                          .streams = {},
                                          .classes = classes,
                                          .pipeline_stages = pool.pipeline_parallel,
                                          .planned_sequences = pool.planned_sequences,
                                          .speculation = pool.proposals(),
                                          .is_like_vidur = is_vidur};
    with_place(reading.policies.at("scheduler"),
               [&] { static_cast<void>(scheduler->make(limits, pool.scheduler.parameters, scenario_.stepping)); });
    make_step_time(reading.policies.at("timing"), pool);
    if (pool.step_time != nullptr) add_proposer(reading.policies.at("speculation"), pool);
}

void Assembly::make_step_time(PolicyReading& timing, Pool& pool) {
    const auto* entry = registries_.timings.find(timing.name);
    if (!find_files(timing, entry->parameters)) return;
    pool.timing = choice_of(timing);
    timing::StepTimeTarget target = pool.step_time_target();
    target.read_file = [this](const std::string& path) { return files_.open_data(path).text; };
    with_place(timing, [&] { pool.step_time = entry->make(target, timing.parameters); });
}

}  // namespace regatta::scenario
