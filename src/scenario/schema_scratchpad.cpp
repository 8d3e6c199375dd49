// What may stand in a scenario under `compat: scratchpad` only.
#include <utility>

#include "scenario/schema_keys.hpp"

namespace regatta::scenario {

using namespace keys;

namespace {

constexpr double kMostEngines = 1e5;

Key bits(std::string name, const std::string& what) {
    return value({.key = std::move(name),
                  .kind = Kind::Real,
                  .default_text = "4",
                  .least = 0.1,
                  .most = 64,
                  .sentence = "of " + what + "; need not be whole"});
}

Key precision() {
    return optional_map("precision",
                        {.keys = {bits("weight_bits", "a weight"), bits("activation_bits", "an activation"),
                                  bits("kv_bits", "a value of the KV cache")}},
                        "under compat: scratchpad, bits that its roofline computes with; none: 4 each");
}

std::vector<Key> engine_keys() {
    return {count("engines", "", 1, kMostEngines, "under compat: scratchpad, equal engines of one GPU each"),
            word("gpu", "", {}, "of the engines"), word("model", "", {}, "of the engines, as the trace calls it"),
            precision()};
}

}  // namespace

std::vector<Key> scratchpad_fleet_keys() {
    std::vector<Key> keys{word("environment", "", {},
                               "under compat: scratchpad, file of nodes (env.json, also .gz and .zst); relative to the "
                               "scenario file")};
    for (Key& key : engine_keys())
        keys.push_back(std::move(key));
    keys.push_back(list("engine_groups", false, {.keys = engine_keys()},
                        "under compat: scratchpad, engines that differ, in order of their creation"));
    keys.push_back(word("changes", "", {},
                        "under compat: scratchpad, file of engines that come later (env_change.jsonl, also .gz and "
                        ".zst); relative to the scenario file"));
    return keys;
}

PolicyTable with_scratchpad_routers(PolicyTable routers) {
    const std::vector<PolicyDeclaration> own = {
        {"least_loaded", "under compat: scratchpad, a node with the fewest running requests, by chance", {}},
        {"gpu_count", "under compat: scratchpad, a node with the most GPUs on which nothing runs, by chance", {}},
        {"model_affinity",
         "under compat: scratchpad, the node that the model's last request went to while it has a GPU on which nothing "
         "runs, else as least_loaded",
         {}}};
    for (const PolicyDeclaration& policy : own)
        if (routers.find(policy.name) == nullptr) routers.policies.push_back(policy);
    return routers;
}

}  // namespace regatta::scenario
