#include "scenario/scratchpad_refusals.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {
namespace {

class Refusals {
public:
    explicit Refusals(const ScratchpadInput& input) : root_(input.root), problems_(input.problems) {}

    void tell() {
        check_seed_and_network();
        // What is missing altogether has been told.
        if (const auto fleet = root_.maps.find("fleet"); fleet != root_.maps.end()) check_fleet(fleet->second);
        if (const auto found = root_.maps.find("workload"); found != root_.maps.end()) check_workload(found->second);
        check_gateways(root_.maps["gateways"]);
    }

private:
    void refuse(const Reading& reading, const char* key, const std::string& why) {
        problems_.add(reading.place_of(key), reading.path_of(key), fmt::format("{} under compat: scratchpad", why));
    }

    void check_seed_and_network() {
        if (root_.given.count("seed") > 0 && root_.has("seed") && root_.values.count("seed") != 0)
            refuse(root_, "seed", "random numbers are those of the seed 0; leave it out");
        root_.values.set("seed", std::int64_t{0});
        Reading& network = root_.maps["network"];
        if (!network.is_sound) return;
        if (network.given.count("gateway_to_node") > 0 && network.values.duration("gateway_to_node") > SimTime())
            refuse(network, "gateway_to_node", "nothing takes time on its way; expected 0s, or leave it out");
        network.values.set("gateway_to_node", SimTime());
    }

    void check_fleet(Reading& fleet) {
        if (!fleet.is_sound) return;
        const bool has_groups = !fleet.lists["engine_groups"].empty();
        const int ways = (fleet.has("environment") ? 1 : 0) + (fleet.has("engines") ? 1 : 0) + (has_groups ? 1 : 0);
        if (!fleet.lists["pools"].empty())
            refuse(fleet, "pools", "an environment, or engines, are what serves; leave it out");
        for (const char* key : {"servers", "timeline", "maintenance"})
            if (const auto found = fleet.lists.find(key); found != fleet.lists.end() && !found->second.empty())
                refuse(fleet, key, "the fleet does what that simulator does; leave it out");
        if (fleet.maps.count("failures") > 0) refuse(fleet, "failures", "nothing fails; leave it out");
        if (fleet.policies.count("reprovision") > 0)
            refuse(fleet, "reprovision", "an idle node is chosen by random; leave it out");
        if (ways != 1)
            problems_.add(fleet.place, fleet.path,
                          fmt::format("{} one of environment, engines and engine_groups under compat: scratchpad",
                                      ways == 0 ? "expected" : "expected only"));
        for (const char* key : {"gpu", "model"})
            if (fleet.has(key) && !fleet.has("engines")) refuse(fleet, key, "it belongs to engines; leave it out");
        if (fleet.maps.count("precision") > 0 && has_groups)
            refuse(fleet, "precision", "each of the engine_groups has its own; leave it out");
        if (fleet.has("changes") && fleet.has("environment"))
            refuse(fleet, "changes",
                   "nodes do not change: that simulator reads the file and leaves it at that; leave it "
                   "out");
    }

    void check_workload(Reading& workload) {
        if (!workload.is_sound) return;
        if (!workload.lists["streams"].empty())
            refuse(workload, "streams", "requests come from a trace; leave it out");
        else if (!workload.has("trace"))
            problems_.add(workload.place, workload.path_of("trace"),
                          "missing; requests come from a trace under compat: scratchpad");
        for (const char* key :
             {"rate_scale", "prompt_scale", "output_scale", "max_tokens", "trace_model", "pool", "model", "timeout"})
            if (workload.has(key)) refuse(workload, key, "a trace is taken as it is; leave it out");
        for (const char* key : {"columns", "window"})
            if (workload.maps.count(key) > 0) refuse(workload, key, "a trace is taken as it is; leave it out");
    }

    void check_gateways(Reading& gateways) {
        if (!gateways.is_sound) return;
        if (gateways.values.count("count") != 1) refuse(gateways, "count", "there is one; expected 1");
        if (gateways.policies.at("unserved").name != "wait")
            refuse(gateways, "unserved", "requests wait for their model; leave it out");
        if (gateways.policies.at("reports").name == "every")
            refuse(gateways, "reports", "routers see the nodes as they are; leave it out");
        if (!gateways.policy_lists["admission"].empty())
            refuse(gateways, "admission", "everything is let in; leave it out");
    }

    Reading& root_;
    Problems& problems_;
};

}  // namespace

void refuse_what_scratchpad_cannot(const ScratchpadInput& input) {
    Refusals(input).tell();
}

void refuse_scratchpad_keys(Reading& root, Problems& problems) {
    const auto needs_compat = [&](const Reading& reading, const std::string& key) {
        problems.add(reading.place_of(key), reading.path_of(key),
                     "needs compat: scratchpad or none; expected pools otherwise");
    };
    if (const auto found = root.maps.find("fleet"); found != root.maps.end()) {
        const Reading& fleet = found->second;
        for (const char* key : {"environment", "engines", "gpu", "model", "changes"})
            if (fleet.has(key)) needs_compat(fleet, key);
        if (fleet.maps.count("precision") > 0) needs_compat(fleet, "precision");
        if (const auto groups = fleet.lists.find("engine_groups");
            groups != fleet.lists.end() && !groups->second.empty())
            needs_compat(fleet, "engine_groups");
    }
    const auto workload = root.maps.find("workload");
    if (workload == root.maps.end() || !workload->second.has("arrival_rate")) return;
    problems.add(workload->second.place_of("arrival_rate"), workload->second.path_of("arrival_rate"),
                 "needs compat: scratchpad; a trace tells its arrivals itself");
}

}  // namespace regatta::scenario
