#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "regatta/control/registry.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "scenario/quantity.hpp"

namespace regatta::scenario {

using serving::Order;
using serving::Phase;

namespace {

/// Which replicas of a pool have their hardware, as the timeline goes by.
class Hardware {
public:
    explicit Hardware(std::uint32_t replicas) : is_there_(replicas, true) {}
    [[nodiscard]] std::uint32_t count() const {
        return static_cast<std::uint32_t>(std::count(is_there_.begin(), is_there_.end(), true));
    }
    /// The first places that are empty, at the end if there are not enough.
    std::vector<std::uint32_t> add(std::uint32_t replicas) {
        std::vector<std::uint32_t> added;
        for (std::uint32_t replica = 0; added.size() < replicas; ++replica) {
            if (replica == is_there_.size()) is_there_.push_back(false);
            if (is_there_[replica]) continue;
            is_there_[replica] = true;
            added.push_back(replica);
        }
        return added;
    }
    /// The last ones, of which there must be as many.
    std::vector<std::uint32_t> remove(std::uint32_t replicas) {
        std::vector<std::uint32_t> removed;
        for (std::size_t replica = is_there_.size(); replica-- > 0 && removed.size() < replicas;) {
            if (!is_there_[replica]) continue;
            is_there_[replica] = false;
            removed.push_back(static_cast<std::uint32_t>(replica));
        }
        std::reverse(removed.begin(), removed.end());
        return removed;
    }
    [[nodiscard]] std::uint32_t places() const { return static_cast<std::uint32_t>(is_there_.size()); }

private:
    std::vector<bool> is_there_;
};

}  // namespace

void Assembly::assemble_changes() {
    const auto found = root_.maps.find("fleet");
    if (found == root_.maps.end() || !found->second.is_sound) return;
    if (std::find(sound_pools_.begin(), sound_pools_.end(), false) != sound_pools_.end()) return;
    Reading& fleet = found->second;
    FleetChanges& changes = scenario_.changes;
    const auto failures = fleet.maps.find("failures");
    const auto reprovision = fleet.policies.find("reprovision");
    const bool has_failures = failures != fleet.maps.end();
    const bool has_reprovision = reprovision != fleet.policies.end();
    bool is_shared = false;
    for (Reading& pool : fleet.lists["pools"])
        is_shared |= pool.has("servers") || pool.has("start") || pool.policies.count("autoscale") > 0;
    changes.is_any = has_failures || has_reprovision || is_shared || !fleet.lists["timeline"].empty() ||
                     !fleet.lists["maintenance"].empty();
    if (!changes.is_any) return check_unserved();
    if (scenario_.compat != Compat::None)
        problems_.add(fleet.place, fleet.path, "with compat the fleet does not change; leave out what changes it");
    const Parameters& controller = fleet.maps.at("controller").values;
    changes.latency = controller.duration("latency");
    changes.period = controller.duration("period");
    changes.health_every = controller.duration("health_checks");
    if (controller.has("drain_limit")) changes.drain_limit = controller.duration("drain_limit");
    assemble_starts(fleet.lists["pools"]);
    assemble_timeline(fleet.lists["timeline"]);
    if (has_failures) assemble_failures(failures->second);
    for (const Reading& update : fleet.lists["maintenance"])
        if (update.is_sound) assemble_update(update);
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i)
        assemble_autoscale(fleet.lists["pools"][i], i);
    if (has_reprovision) assemble_reprovision(reprovision->second);
    assemble_unserved();
}

/// Who serves from the start, and what servers are like.
void Assembly::assemble_starts(std::vector<Reading>& readings) {
    std::vector<std::vector<bool>> taken;  // by servers: GPU of each
    for (const Servers& servers : scenario_.servers)
        taken.emplace_back(std::size_t{servers.count} * servers.gpus_each(), false);
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        Pool& pool = scenario_.pools[i];
        Reading& reading = readings[i];
        pool.loading = {.source = reading.maps.at("loading").values.word("from") == "disk"
                                      ? serving::WeightSource::Disk
                                      : serving::WeightSource::Network,
                        .warm_up = reading.maps.at("loading").values.duration("warm_up")};
        if (!pool.servers) find_server_facts(reading.maps.at("node"), pool.gpu.name, pool.server);
        const std::uint32_t most =
            reading.has("start") ? static_cast<std::uint32_t>(reading.values.count("start")) : pool.replicas();
        if (most > pool.replicas())
            problems_.add(reading.place_of("start"), reading.path_of("start"),
                          fmt::format("{} replicas, but there is room for {}", most, pool.replicas()));
        std::uint32_t started = 0;
        for (std::uint32_t replica = 0; replica < pool.replicas(); ++replica) {
            bool is_free = started < most;
            if (pool.servers && is_free) is_free = take_gpus(pool, replica, taken[*pool.servers]);
            pool.at_start.push_back(is_free ? Phase::Ready : Phase::Off);
            if (is_free) ++started;
        }
        if (reading.has("start") && started < most && most <= pool.replicas())
            problems_.add(reading.place_of("start"), reading.path_of("start"),
                          fmt::format("{} replicas, but the pools before leave GPUs for {}", most, started));
    }
}

bool Assembly::take_gpus(const Pool& pool, std::uint32_t replica, std::vector<bool>& taken) const {
    const std::uint32_t per_node = pool.replicas_per_group();
    const std::size_t first = std::size_t{replica / per_node} * scenario_.servers[*pool.servers].gpus_each() +
                              pool.first_gpu + std::size_t{replica % per_node} * pool.gpus_per_replica();
    const auto begin = taken.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + pool.gpus_per_replica();
    if (std::find(begin, end, true) != end) return false;
    std::fill(begin, end, true);
    return true;
}

/// With other pools, on servers that they have in common.
bool Assembly::shares_gpus(const Pool& pool) const {
    return std::any_of(scenario_.pools.begin(), scenario_.pools.end(), [&](const Pool& other) {
        return &other != &pool && pool.servers && other.servers == pool.servers && other.first_gpu == pool.first_gpu;
    });
}

/// Pools grow to what they have at most; what comes later is there from the start, dormant.
void Assembly::assemble_timeline(std::vector<Reading>& readings) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < readings.size(); ++i)
        if (readings[i].is_sound) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return readings[a].values.duration("at") < readings[b].values.duration("at");
    });
    std::uint64_t moved = 0;
    std::vector<Hardware> hardware;
    for (const Pool& pool : scenario_.pools)
        hardware.emplace_back(pool.replicas());
    for (const std::size_t i : order) {
        const Reading& reading = readings[i];
        const auto index = pool_named(reading);
        if (!index) continue;
        Pool& pool = scenario_.pools[*index];
        if (shares_gpus(pool) || pool.nodes_together() > 1) {
            problems_.add(reading.place_of("pool"), reading.path_of("pool"),
                          fmt::format("pool \"{}\" {}: such hardware does not come or go", pool.name,
                                      pool.servers ? "shares GPUs of servers" : "has replicas over several nodes"));
            continue;
        }
        const bool counts_nodes = reading.has("nodes");
        const char* key = counts_nodes ? "nodes" : "replicas";
        if (counts_nodes == reading.has("replicas") || reading.values.count(key) == 0) {
            problems_.add(reading.place, reading.path,
                          "expected either nodes or replicas, above 0 to add, below to remove");
            continue;
        }
        const std::int64_t change = reading.values.count(key) * (counts_nodes ? pool.replicas_per_group() : 1);
        const auto amount = static_cast<std::uint32_t>(std::abs(change));
        if (change < 0 && amount > hardware[*index].count()) {
            problems_.add(reading.place_of(key), reading.path_of(key),
                          fmt::format("takes away {} replicas, but pool \"{}\" has {} by then", amount, pool.name,
                                      hardware[*index].count()));
            continue;
        }
        if (pool.servers && change > 0 && amount > pool.replicas() - hardware[*index].count()) {
            problems_.add(reading.place_of(key), reading.path_of(key),
                          fmt::format("adds {} replicas, but the servers of pool \"{}\" have room for {} by then; "
                                      "what is new needs a pool of its own",
                                      amount, pool.name, pool.replicas() - hardware[*index].count()));
            continue;
        }
        moved += amount;
        if (moved > kMostReplicas) {
            problems_.add(
                reading.place_of(key), reading.path_of(key),
                fmt::format("moves {} replicas with those before; expected at most {}", moved, kMostReplicas));
            return;
        }
        const bool is_sudden = reading.values.word("how") == "kill";
        scenario_.changes.timeline.push_back(
            {.at = reading.values.duration("at"),
             .pool = *index,
             .replicas = change > 0 ? hardware[*index].add(amount) : hardware[*index].remove(amount),
             .order = change > 0  ? Order::Install
                      : is_sudden ? Order::Rip
                                  : Order::Uninstall});
    }
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        Pool& pool = scenario_.pools[i];
        const std::uint32_t per_node = pool.replicas_per_group();
        if (hardware[i].places() <= pool.replicas()) continue;
        pool.nodes = (hardware[i].places() + per_node - 1) / per_node;
        pool.at_start.resize(pool.replicas(), Phase::Absent);
    }
}

/// A pool that is empty at first is for what comes later.
void Assembly::check_hardware() {
    const auto fleet = root_.maps.find("fleet");
    if (fleet == root_.maps.end()) return;
    const std::vector<Reading>& readings = fleet->second.lists["pools"];
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        if (!sound_pools_[i] || scenario_.pools[i].nodes > 0) continue;
        problems_.add(readings[i].place_of("nodes"), readings[i].path_of("nodes"),
                      "0 nodes, and fleet.timeline adds none; expected at least 1");
        sound_pools_[i] = false;
    }
}

void Assembly::assemble_update(const Reading& reading) {
    const auto pool = pool_named(reading);
    if (!pool) return;
    scenario_.changes.updates.push_back(
        {.pool = *pool,
         .at = reading.values.duration("at"),
         .duration = reading.values.duration("duration"),
         .most_unavailable = static_cast<std::uint32_t>(reading.values.count("max_unavailable")),
         .nodes = scenario_.pools[*pool].node_groups()});
}

void Assembly::assemble_autoscale(Reading& reading, std::size_t index) {
    const auto found = reading.policies.find("autoscale");
    if (found == reading.policies.end()) return;
    Pool& pool = scenario_.pools[index];
    PolicyReading& autoscale = found->second;
    const Parameters& values = autoscale.parameters;
    const auto* entry = registries_.autoscalers.find(autoscale.name);
    with_place(autoscale, [&] { static_cast<void>(entry->make({.seed = scenario_.seed}, values)); });
    const auto count_or = [&](const char* key, std::uint32_t otherwise) {
        return values.has(key) ? static_cast<std::uint32_t>(values.count(key)) : otherwise;
    };
    pool.autoscale.emplace();
    pool.autoscale->policy = choice_of(autoscale);
    pool.autoscale->limits = {.least = count_or("min", 1),
                              .most = count_or("max", pool.replicas()),
                              .spares = count_or("spares", 0),
                              .most_up = count_or("max_up", pool.replicas()),
                              .most_down = count_or("max_down", pool.replicas()),
                              .up_window = values.duration("up_after"),
                              .down_window = values.duration("down_after")};
    scenario_.changes.has_scaling = true;
    const control::ScalingLimits& limits = pool.autoscale->limits;
    const auto place_of = [&](const char* key) {
        const auto given = autoscale.places.find(key);
        return given == autoscale.places.end() ? autoscale.place : given->second;
    };
    if (limits.least > limits.most)
        problems_.add(place_of("min"), autoscale.path + ".min",
                      fmt::format("{} replicas are more than max, {}", limits.least, limits.most));
    if (limits.most > pool.replicas())
        problems_.add(place_of("max"), autoscale.path + ".max",
                      fmt::format("{} replicas, but there is room for {}", limits.most, pool.replicas()));
}

void Assembly::assemble_reprovision(PolicyReading& reading) {
    const auto* entry = registries_.reprovisioners.find(reading.name);
    with_place(reading, [&] { static_cast<void>(entry->make({.seed = scenario_.seed}, reading.parameters)); });
    scenario_.changes.reprovision = choice_of(reading);
    scenario_.changes.requests_per_replica = reading.parameters.real("requests_per_replica");
    scenario_.changes.has_scaling = true;
    if (scenario_.servers.empty())
        problems_.add(reading.place, reading.path,
                      "no replica can make room for another: no pools share fleet.servers");
}

void Assembly::assemble_unserved() {
    const Reading& gateways = root_.maps["gateways"];
    if (!gateways.is_sound) return;
    const PolicyReading& unserved = gateways.policies.at("unserved");
    scenario_.gateways.hold_unserved = unserved.name != "reject";
    scenario_.gateways.tell_demand = unserved.name == "provision";
    if (unserved.parameters.has("max_waiting"))
        scenario_.gateways.max_waiting = unserved.parameters.duration("max_waiting");
    scenario_.gateways.most_retries = static_cast<std::uint32_t>(gateways.values.count("retries"));
    scenario_.gateways.retry_after = gateways.values.duration("retry_after");
    check_unserved();
}

void Assembly::check_unserved() {
    const Reading& gateways = root_.maps["gateways"];
    if (!gateways.is_sound || scenario_.changes.has_scaling) return;
    const PolicyReading& unserved = gateways.policies.at("unserved");
    if (unserved.name == "provision")
        problems_.add(unserved.place, unserved.path,
                      "provision: nobody would; expected fleet.reprovision or a pool's autoscale, or wait");
}

}  // namespace regatta::scenario
