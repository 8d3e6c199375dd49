#include "scenario/schema.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "regatta/llm/data_type.hpp"
#include "scenario/schema_keys.hpp"

namespace regatta::scenario {

const Parameter* PolicyDeclaration::sole_parameter() const {
    const auto is_required = [](const Parameter& parameter) { return parameter.is_required; };
    if (std::count_if(parameters.begin(), parameters.end(), is_required) != 1) return nullptr;
    return &*std::find_if(parameters.begin(), parameters.end(), is_required);
}

const PolicyDeclaration* PolicyTable::find(std::string_view name) const {
    for (const PolicyDeclaration& policy : policies)
        if (policy.name == name) return &policy;
    return nullptr;
}

std::vector<std::string> PolicyTable::names() const {
    std::vector<std::string> result;
    for (const PolicyDeclaration& policy : policies)
        result.push_back(policy.name);
    return result;
}

bool is_optional(const Parameter& parameter) {
    return !parameter.is_required && parameter.default_text.empty();
}

std::vector<std::string> changeable_paths(const Section& schema) {
    std::vector<std::string> paths;
    for (const Key& key : schema.keys) {
        const std::string path = key.parameter.key + (key.shape == Key::Shape::List ? "[]" : "");
        const bool has_section = key.shape == Key::Shape::Map || key.shape == Key::Shape::List;
        const auto is_changeable = [](const Key& inner) { return inner.is_changeable; };
        const bool is_whole =
            has_section && std::all_of(key.section.front().keys.begin(), key.section.front().keys.end(), is_changeable);
        if (key.is_changeable || is_whole)
            paths.push_back(path);
        else if (has_section)
            for (const std::string& inner : changeable_paths(key.section.front()))
                paths.push_back(fmt::format("{}.{}", path, inner));
    }
    return paths;
}

bool Key::takes_none() const {
    return shape == Shape::Value && (may_be_none || is_optional(parameter));
}

using namespace keys;

namespace {

// Limits of what one scenario may describe. Ids are 32 bits wide (16 for pools and streams), and a list this long is
// nearer to a slip than to a fleet.
constexpr double kMostNodes = 1e6;
constexpr double kMostGateways = 1e5;
constexpr double kMostGpusPerNode = 1024;
constexpr double kMostTokens = 1e8;
// Of one GPU: nothing that is built comes near.
constexpr double kMostPower = 1e5;
constexpr double kLeastPrice = 1e-4;
constexpr double kMostPrice = 1e5;

/// A model or GPU: a name of the catalogue, or of a file of the user's alone.
Section named_section(const std::string& what) {
    Parameter name{.key = "name", .kind = Kind::Word, .is_required = true, .sentence = "name of the " + what};
    return {.shorthand_key = "name",
            .keys = {value(std::move(name)),
                     word("file", "", {}, "file in the form of the catalogue that has it, instead of the catalogue")}};
}

Section power_section() {
    const auto power = [](std::string name, std::string sentence) {
        return value({.key = std::move(name),
                      .kind = Kind::Power,
                      .least = 0.001,
                      .most = kMostPower,
                      .sentence = std::move(sentence) + "; none: that of the catalogue"});
    };
    return {.keys = {power("idle", "with a model loaded and nothing to compute"),
                     power("memory_bound", "in steps that only move memory"),
                     power("compute_bound", "at the peak of its arithmetic")}};
}

Section pool_section(const Registries& registries) {
    Parameter tp{.key = "tp",
                 .kind = Kind::Count,
                 .default_text = "1",
                 .least = 1,
                 .most = kMostGpusPerNode,
                 .sentence = "GPUs of one node that share each layer of a replica (tensor parallelism)"};
    Parameter pp{.key = "pp",
                 .kind = Kind::Count,
                 .default_text = "1",
                 .least = 1,
                 .most = kMostGpusPerNode,
                 .sentence =
                     "stages of equally many layers, each on tp GPUs, that batches pass one after the other "
                     "(pipeline parallelism); tp x pp GPUs may take several nodes"};
    Parameter memory_fraction{.key = "memory_fraction",
                              .kind = Kind::Fraction,
                              .default_text = "0.9",
                              .least = 0.01,
                              .sentence = "part of the GPU memory that the engine may use"};
    Parameter weight{.key = "weight",
                     .kind = Kind::Real,
                     .default_text = "1",
                     .least = routing::kLeastWeight,
                     .most = routing::kMostWeight,
                     .sentence =
                         "what a replica counts against one of another pool that serves the same model, where a "
                         "router weighs: its relative capacity"};
    Key gpu = optional_map("gpu", named_section("GPU"), "kind of GPU; none: that of the node type");
    Section node{.shorthand_key = "name",
                 .keys = {word("name", "", {}, "node type of the catalogue; what else is given here replaces its own"),
                          std::move(gpu),
                          count("gpus", "", 1, kMostGpusPerNode,
                                "GPUs of one node; none: those of the node type, or as servers with this GPU are "
                                "usually built")}};
    for (Key& key : server_keys())
        node.keys.push_back(std::move(key));
    Key autoscale =
        changeable(policy("autoscale", false, autoscale_table(registries), "how many replicas serve, as time goes by"));
    autoscale.may_be_none = true;
    return {.keys = {
                word("name", "", {}, "what the pool is called; none: pool-0, pool-1, ..."),
                map("model", true, named_section("model"),
                    "model that the pool serves; a path that ends in .json: a config.json of Hugging Face"),
                count("nodes", "1", 0, kMostNodes, "servers in the pool; 0: fleet.timeline brings them"),
                optional_map("node", std::move(node), "what one server has; none: the pool is on `servers`"),
                word("servers", "", {}, "fleet.servers that the pool shares with others; none: it has its own nodes"),
                word("gpu", "", {}, "which of the servers' kinds of GPU; none: the only one"),
                count("start", "", 0, kMostNodes,
                      "replicas that serve from the start; none: all that find GPUs which no pool before it has"),
                std::move(autoscale),
                map("loading", false, loading_section(), "how the weights of a replica that starts come to its GPUs"),
                map("parallel", false, {.keys = {value(std::move(tp)), value(std::move(pp))}},
                    "how a replica is laid out over GPUs"),
                policy("scheduler", false, table_of(registries.schedulers, "policy", "vllm_v1"),
                       "which requests of a replica the next step computes"),
                policy("speculation", false, speculation_table(),
                       "tokens that something cheaper proposes, and the model checks several of at once"),
                policy("timing", false, table_of(registries.timings, "policy", "roofline"), "how long a step takes"),
                word("weights", "bf16", llm::data_type_names(), "type in which weights are stored"),
                word("activations", "", llm::data_type_names(),
                     "type in which matrix products are computed; none: that of the weights where the GPU is faster in "
                     "it, else 16 bits"),
                word("kv_cache", "bf16", llm::data_type_names(), "type in which keys and values are stored"),
                count("block_tokens", "16", 1, 1024, "tokens that one block of the KV cache holds"),
                value(std::move(memory_fraction)),
                count("kv_blocks", "", 1, 1e12, "KV blocks of a replica; none: what the memory plan leaves"),
                count("max_context_tokens", "", 1, kMostTokens,
                      "longest prompt plus output that a replica accepts; none: the model's own limit"),
                duration("gateway_latency", "", 0,
                         "one way between any gateway and a node of this pool; none: network.gateway_to_node"),
                value(std::move(weight)),
                map("power", false, changeable(power_section()), "what one GPU draws"),
                changeable(value({.key = "price",
                                  .kind = Kind::Price,
                                  .least = kLeastPrice,
                                  .most = kMostPrice,
                                  .sentence = "of one GPU with its part of the server; none: that of the catalogue"})),
                count("max_queue", "", 1, 1e9,
                      "requests that may wait at a replica; what comes on top is rejected there; none: no limit"),
            }};
}

Section fleet_section(const Registries& registries) {
    Key reprovision = policy("reprovision", false, reprovision_table(registries),
                             "which replica makes room for one of another pool on the same servers");
    reprovision.may_be_none = true;
    std::vector<Key> keys{
        list("pools", false, pool_section(registries),
             "groups of equal nodes, each serving one model; required but where environment or engines make them"),
        list("servers", false, servers_section(), "servers that several pools share"),
        map("controller", false, controller_section(), "the control plane, where anything changes"),
        optional_map("failures", failures_section(), "what fails, and is repaired"),
        list("timeline", false, timeline_section(), "hardware that comes and goes"),
        list("maintenance", false, maintenance_section(), "rolling updates"),
        std::move(reprovision)};
    for (Key& key : scratchpad_fleet_keys())
        keys.push_back(std::move(key));
    return {.keys = std::move(keys)};
}

Section gateways_section(const Registries& registries) {
    Parameter period{.key = "period",
                     .kind = Kind::Duration,
                     .is_required = true,
                     .least = 1e-6,
                     .sentence = "time between two reports of a node"};
    PolicyTable reports{
        .select_key = "kind",
        .default_name = "on_completion",
        .policies = {{"on_completion", "each completion is told to the gateway that dispatched the request", {}},
                     {"every", "each node tells its load to all gateways every so often", {period}},
                     {"instant", "gateways look at the replicas as they are; for pools without latency only", {}}}};
    return {.keys = {count("count", "1", 1, kMostGateways, "gateways; request i goes in by gateway i modulo count"),
                     changeable(policy("router", false, table_of(registries.routers, "policy", "least_outstanding"),
                                       "how a gateway chooses the replica of a request")),
                     policy("reports", false, std::move(reports), "what gateways hear from nodes"),
                     policy("unserved", false, unserved_table(), "a request for which there is no replica"),
                     count("retries", "3", 0, 200, "how often a request is sent again when its replica was lost"),
                     duration("retry_after", "2s", 1e-9, "so long after a replica was lost its gateways notice"),
                     changeable(policies("admission", table_of(registries.admissions, "policy", ""),
                                         "rules that must all let a request in; none: every request is dispatched"))}};
}

/// The default is the world's average of 2024, life cycle. Source: Ember, Global Electricity Review 2025.
Section energy_section() {
    Key grid = value({.key = "grid_intensity",
                      .kind = Kind::Intensity,
                      .default_text = "473g/kWh",
                      .least = 0,
                      .most = 1e5,
                      .sentence = "CO2 equivalent of the electricity; the default is the world's average of 2024; "
                                  "none: no emissions are told"});
    grid.may_be_none = true;
    return {.keys = {std::move(grid),
                     value({.key = "pue",
                            .kind = Kind::Real,
                            .default_text = "1",
                            .least = 1,
                            .most = 100,
                            .sentence = "power usage effectiveness: power of the whole site over that of what is "
                                        "counted here, the GPUs"})}};
}

Section network_section() {
    return {.keys = {duration("gateway_to_node", "50us", 0,
                              "one way between a gateway and a node; 0s ties all gateways and nodes to one rank"),
                     duration("node_to_node", "10us", 1e-9,
                              "one way between two nodes; no message of this version travels there")}};
}

Section branch_section() {
    Key at = duration("at", "", 1e-9, "it holds from here on");
    Key change = word("change", "", {}, "path=value, as for --set");
    at.parameter.is_required = change.parameter.is_required = true;
    return {.keys = {std::move(at), list("set", true, {.shorthand_key = "change", .keys = {std::move(change)}},
                                         "what holds in place of what held before")}};
}

}  // namespace

Section scenario_schema(const Registries& registries) {
    Section engine{
        .keys = {word("stepping", "lazy", {"lazy", "stepwise"},
                      "lazy: replicas skip ahead between outside events; stepwise: one event per step, slower, "
                      "with the same result"),
                 changeable(word("bound", "promises", {"promises", "plain"},
                                 "how far ranks may run without hearing from each other: by what nodes and gateways "
                                 "promise, or only by latencies; the result is the same")),
                 changeable(word(
                     "exchange", "auto", {"auto", "pairs", "collective"},
                     "how ranks tell each other between windows: one message from each to each other, or messages "
                     "where there is something to tell and reductions over all ranks; auto: whichever is cheaper on "
                     "so many ranks; the result is the same"))}};
    Key series = duration("series", "1s", 1e-3, "time between two samples of the state of pools");
    series.may_be_none = true;
    Key replicas = count("replicas", "", 1, kMostNodes, "of the first so many replicas of each pool; none: of all");
    Parameter sample{
        .key = "sample",
        .kind = Kind::Fraction,
        .default_text = "1",
        .least = 1e-9,
        .sentence = "part of these steps, chosen by replica and start: the same ones on any number of ranks"};
    Section steps{.keys = {std::move(replicas), duration("from", "0s", 0, "of steps that start from here on"),
                           duration("to", "", 1e-9, "of steps that start before; none: to the end"),
                           value(std::move(sample))}};
    Section output{.keys = {word("requests", "all", {"all"}, "which requests get a row"), std::move(series),
                            word("series_by", "pool", {"pool", "node"}, "node: also of the state of each node"),
                            optional_map("steps", std::move(steps),
                                         "rows of steps, with the time of each kind of operator; 128 bytes of memory "
                                         "each; none: no rows")}};
    Section own_file{.shorthand_key = "file", .keys = {word("file", "", {}, "file in the form of the catalogue")}};
    own_file.keys.front().parameter.is_required = true;
    return {
        .keys = {
            changeable(word("name", "unnamed", {}, "what the scenario is called")),
            word("compat", "none", {"none", "vidur", "scratchpad"},
                 "another simulator whose rules are followed where they affect a schedule, its defects included"),
            changeable(duration("duration", "", 1e-9,
                                "requests arrive in this span; none: to the end of the trace or the streams' limits")),
            count("seed", "1", 0, 1e300, "chooses the random numbers; the same seed gives the same run"),
            map("targets", false, targets_section(), "what users are promised; counts towards goodput"),
            list("catalogue", false, std::move(own_file),
                 "files of your own over the catalogue, in this order: new names are added, an entry of a known "
                 "name changes the values that it gives"),
            map("fleet", true, fleet_section(registries), "what serves"),
            map("gateways", false, gateways_section(registries), "front doors"),
            map("network", false, network_section(), "latencies"),
            map("workload", true, workload_section(registries), "what is asked for: a trace, or streams"),
            changeable(
                word("end", "drain", {"drain", "at_duration"},
                     "drain: until every request has ended; at_duration: what still runs then counts as unfinished")),
            map("measure", false,
                {.keys = {duration("from", "0s", 0, "the summary counts requests that arrive from here on")}},
                "what the summary counts"),
            map("energy", false, changeable(energy_section()), "what the energy of the GPUs comes to"),
            map("engine", false, std::move(engine), "how the simulation itself runs"),
            map("output", false, std::move(output), "what is written"),
            list("branches", false, branch_section(),
                 "what changes while the fleet runs, in order of time: see docs/guide/branches.md")}};
}

}  // namespace regatta::scenario
