// Fleets as the Scratchpad simulator has them: under `compat: scratchpad` as there, else turned into pools.
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
    return optional_map(
        "precision",
        {.keys = {bits("weight_bits", "a weight"), bits("activation_bits", "an activation"),
                  bits("kv_bits", "a value of the KV cache")}},
        "bits that stand for data types: 16, 8 or 4; none: 16 each. Under compat: scratchpad, bits that its roofline "
        "computes with, whole or not; none: 4 each");
}

std::vector<Key> engine_keys() {
    return {count("engines", "", 1, kMostEngines,
                  "equal engines, in place of pools: replicas on as many GPUs as the model needs, under compat: "
                  "scratchpad on one"),
            word("gpu", "", {}, "of the engines"), word("model", "", {}, "of the engines, as the trace calls it"),
            precision()};
}

}  // namespace

std::vector<Key> scratchpad_fleet_keys() {
    std::vector<Key> keys{
        word("environment", "", {},
             "file of nodes (env.json of Scratchpad, also .gz and .zst) in place of pools; relative to the "
             "scenario file")};
    for (Key& key : engine_keys())
        keys.push_back(std::move(key));
    keys.push_back(
        list("engine_groups", false, {.keys = engine_keys()}, "engines that differ, in order of their creation"));
    keys.push_back(word("changes", "", {},
                        "file of engines that come and go (env_change.jsonl of Scratchpad, also .gz and "
                        ".zst); relative to the scenario file"));
    return keys;
}

}  // namespace regatta::scenario
