#include <utility>

#include "regatta/control/registry.hpp"
#include "scenario/schema_keys.hpp"

namespace regatta::scenario {

using namespace keys;

namespace {

constexpr double kMostNodes = 1e6;
constexpr double kMostGpus = 1024;
constexpr double kMostChange = 1e6;
// 30 years: beyond any run.
constexpr double kLongest_s = 1e9;

Parameter mean_time(std::string name, std::string sentence) {
    return {.key = std::move(name),
            .kind = Kind::Duration,
            .is_required = true,
            .least = 1e-9,
            .most = kLongest_s,
            .sentence = std::move(sentence)};
}

Parameter shape(std::string name, std::string sentence) {
    return {.key = std::move(name),
            .kind = Kind::Real,
            .default_text = "1",
            .least = 0.1,
            .most = 10,
            .sentence = std::move(sentence)};
}

Section law_section() {
    return changeable(
        Section{.keys = {value(mean_time("mtbf", "mean time between the end of a repair and the next failure")),
                         value(mean_time("mttr", "mean time to repair")),
                         value(shape("shape", "Weibull shape of the time to failure; 1: exponential")),
                         value(shape("repair_shape", "Weibull shape of the time to repair"))}});
}

Key required_count(std::string name, double least, double most, std::string sentence) {
    Key key = count(std::move(name), "", least, most, std::move(sentence));
    key.parameter.is_required = true;
    return key;
}

Key required_duration(std::string name, double least_s, std::string sentence) {
    Key key = duration(std::move(name), "", least_s, std::move(sentence));
    key.parameter.is_required = true;
    return key;
}

Key required_word(std::string name, std::string sentence) {
    Key key = word(std::move(name), "", {}, std::move(sentence));
    key.parameter.is_required = true;
    return key;
}

Key quantity(std::string name, Kind kind, double least, std::string sentence) {
    return value({.key = std::move(name), .kind = kind, .least = least, .sentence = std::move(sentence)});
}

}  // namespace

std::vector<Key> server_keys() {
    return {quantity("host_memory", Kind::Bytes, 0,
                     "memory of a server that keeps weights which were loaded before; none: that of the node type, or "
                     "of the first in the catalogue with this GPU"),
            quantity("disk_bandwidth", Kind::BytesPerSecond, 1,
                     "at which a server reads weights from its disks; none: 6.8GB/s, one NVMe drive"),
            quantity("host_link", Kind::BytesPerSecond, 1,
                     "between the host and one GPU; none: that of the node type, or of the first with this GPU"),
            quantity("network_bandwidth", Kind::BytesPerSecond, 1,
                     "at which a server gets weights from elsewhere; none: all NICs of the node type together, or of "
                     "the first with this GPU")};
}

Section servers_section() {
    Section gpu{.shorthand_key = "name",
                .keys = {required_word("name", "name of the GPU"),
                         word("file", "", {}, "file in the form of the catalogue that has it")}};
    Section gpus{.keys = {map("gpu", true, std::move(gpu), "kind of GPU"),
                          required_count("count", 1, kMostGpus, "of them in one server")}};
    Section section{.keys = {required_word("name", "what pools call them"),
                             count("count", "1", 1, kMostNodes, "servers"),
                             list("gpus", true, std::move(gpus), "kinds of GPU in one server")}};
    for (Key& key : server_keys())
        section.keys.push_back(std::move(key));
    return section;
}

Section loading_section() {
    return {.keys = {word("from", "disk", {"disk", "network"},
                          "where weights come from that are not in the memory of the server"),
                     duration("warm_up", "20s", 0,
                              "from the weights being in place to the first request; an assumption: measure yours")}};
}

PolicyTable autoscale_table(const Registries& registries) {
    PolicyTable table = table_of(registries.autoscalers, "policy", "");
    const std::vector<Parameter> common = {
        {.key = "min",
         .kind = Kind::Count,
         .default_text = "1",
         .least = 0,
         .most = kMostNodes,
         .sentence = "fewest replicas"},
        {.key = "max",
         .kind = Kind::Count,
         .least = 1,
         .most = kMostNodes,
         .sentence = "most replicas; none: as many as the hardware takes"},
        {.key = "spares",
         .kind = Kind::Count,
         .default_text = "0",
         .least = 0,
         .most = kMostNodes,
         .sentence = "replicas on top of what the policy wants"},
        {.key = "max_up",
         .kind = Kind::Count,
         .least = 1,
         .most = kMostNodes,
         .sentence = "most replicas added in one decision; none: no limit"},
        {.key = "max_down",
         .kind = Kind::Count,
         .least = 1,
         .most = kMostNodes,
         .sentence = "most replicas taken away in one decision; none: no limit"},
        {.key = "up_after",
         .kind = Kind::Duration,
         .default_text = "30s",
         .least = 0,
         .most = kLongest_s,
         .sentence = "more replicas only when they were wanted all the time for so long"},
        {.key = "down_after",
         .kind = Kind::Duration,
         .default_text = "5min",
         .least = 0,
         .most = kLongest_s,
         .sentence = "fewer replicas only when no more were wanted for so long"}};
    for (PolicyDeclaration& policy : table.policies)
        policy.parameters.insert(policy.parameters.end(), common.begin(), common.end());
    return table;
}

Section controller_section() {
    return {
        .keys = {duration("latency", "100ms", 1e-9, "one way from the controller to a node"),
                 duration("period", "10s", 1e-6, "in which the controller hears of nodes and gateways, and decides"),
                 duration("health_checks", "1s", 1e-6, "in which gateways hear which replicas take requests"),
                 duration("drain_limit", "", 1e-9,
                          "after which what still runs on a draining replica is lost; none: it ends")}};
}

Section failures_section() {
    Section rack = law_section();
    rack.keys.push_back(required_count("nodes", 1, kMostNodes, "of a pool that follow one another in one rack"));
    Section script{.keys = {required_duration("at", 0, "when it fails"), required_duration("for", 1e-9, "how long"),
                            required_word("pool", "name of the pool"),
                            count("node", "0", 0, kMostNodes, "of the pool, from 0"),
                            count("gpu", "", 0, kMostGpus, "of the node, from 0; none: the whole node")}};
    return {.keys = {optional_map("gpu", law_section(), "failures of single GPUs"),
                     optional_map("node", law_section(), "failures of whole nodes"),
                     optional_map("rack", std::move(rack), "failures of racks"),
                     list("script", false, std::move(script), "failures at times of your choice")}};
}

Section timeline_section() {
    return {
        .keys = {required_duration("at", 0, "when the controller says so"), required_word("pool", "name of the pool"),
                 count("nodes", "", -kMostChange, kMostChange,
                       "nodes that are added, or below 0 taken away; none: replicas tells"),
                 count("replicas", "", -kMostChange, kMostChange,
                       "replicas that are added with their GPUs, or below 0 taken away"),
                 word("how", "drain", {"drain", "kill"}, "what is taken away first ends what it has, or does not")}};
}

Section maintenance_section() {
    return {.keys = {required_duration("at", 0, "when it begins"), required_word("pool", "name of the pool"),
                     required_duration("duration", 1e-9, "of one node, from drained to ready to load"),
                     count("max_unavailable", "1", 1, kMostNodes,
                           "most nodes that do not serve at a time, failed ones included")}};
}

PolicyTable reprovision_table(const Registries& registries) {
    PolicyTable table = table_of(registries.reprovisioners, "policy", "");
    const Parameter per_replica{.key = "requests_per_replica",
                                .kind = Kind::Real,
                                .default_text = "32",
                                .least = 0.001,
                                .most = 1e9,
                                .sentence = "waiting requests for which one replica more is enough"};
    for (PolicyDeclaration& policy : table.policies)
        policy.parameters.push_back(per_replica);
    return table;
}

PolicyTable unserved_table() {
    const Parameter most{.key = "max_waiting",
                         .kind = Kind::Duration,
                         .default_text = "10min",
                         .least = 0,
                         .most = kLongest_s,
                         .sentence = "after which the request is rejected"};
    return {.select_key = "policy",
            .default_name = "wait",
            .policies = {{"wait", "it waits at its gateway for a replica", {most}},
                         {"provision", "likewise, and the controller hears of it: see fleet.reprovision", {most}},
                         {"reject", "it is rejected", {}}}};
}

}  // namespace regatta::scenario
