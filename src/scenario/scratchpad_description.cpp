#include "scenario/scratchpad_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/scratchpad_loading.hpp"

namespace regatta::scenario {
namespace {

using nlohmann::json;

json engine(std::uint32_t replica, const json& id, const ScratchpadKinds::Kind& kind) {
    return {{"replica", replica},
            {"id", id},
            {"model", kind.model},
            {"hardware", kind.gpu},
            {"w_bit", kind.precision.weight_bits},
            {"a_bit", kind.precision.activation_bits},
            {"kv_bit", kind.precision.kv_bits}};
}

}  // namespace

std::string describe_scratchpad(const ScratchpadScenario& made, const Scenario& scenario, const ScratchpadKinds& kinds,
                                const ScratchpadEnvironment& environment,
                                const std::vector<ScratchpadEnvironmentChange>& changes) {
    const control::ScratchpadFleet& fleet = made.fleet;
    json text = {{"mode", fleet.has_nodes() ? "node" : "legacy"}};
    json& engines = text["engines"] = json::array();
    json& loads = text["loads"] = json::array();
    std::uint32_t replica = 0;
    for (std::size_t model = 0; fleet.has_nodes() && model < kinds.models().size(); ++model)
        for (const control::ScratchpadNode& node : fleet.nodes)
            for (std::size_t gpu = 0; gpu < node.gpus.size(); ++gpu)
                engines.push_back(engine(replica++, fmt::format("{}-{}", node.id, gpu),
                                         kinds.kinds()[fleet.kind_of[node.gpus[gpu]][model]]));
    for (const control::ScratchpadEngines& group : fleet.engines)
        for (std::uint32_t i = 0; i < group.count; ++i, ++replica)
            engines.push_back(engine(replica, replica + 1, kinds.kinds()[group.kind]));
    for (std::size_t i = 0; i < fleet.changes.size(); ++i) {
        const control::ScratchpadChange& change = fleet.changes[i];
        for (std::int64_t added = 0; added < change.count; ++added, ++replica)
            engines.push_back(engine(replica, replica + 1, kinds.kinds()[change.kind]));
        text["changes"].push_back({{"gpu_name", changes[i].gpu},
                                   {"amount", changes[i].amount},
                                   {"timestamp", changes[i].at_s},
                                   {"total_engines_after", replica + std::min<std::int64_t>(change.count, 0)}});
    }
    for (std::size_t i = 0; !environment.preloads && i < fleet.nodes.size(); ++i) {
        const control::ScratchpadNode& node = fleet.nodes[i];
        for (std::size_t gpu = 0, of_type = 0; gpu < node.gpus.size(); ++gpu, ++of_type) {
            if (gpu > 0 && node.gpus[gpu] != node.gpus[gpu - 1]) of_type = 0;
            const std::string& model = kinds.models()[node.model];
            const double otherwise = environment.nodes[i].model.empty() ? 140 : 1;
            loads.push_back({{"model", model},
                             {"node_id", node.id},
                             {"gpu_id", of_type},
                             {"hardware", environment.nodes[i].gpus[gpu]},
                             {"model_size_gb", control::scratchpad_model_gb(model, otherwise)},
                             {"loading_time_s", node.loading_s}});
        }
    }
    text["pools"] = json::array();
    for (std::size_t i = 0; i < scenario.pools.size(); ++i)
        text["pools"].push_back(
            {{"model", kinds.kinds()[i].model}, {"kv_blocks", scenario.pools[i].replica_kv_blocks}});
    return text.dump();
}

}  // namespace regatta::scenario
