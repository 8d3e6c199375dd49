// A node whose changes are told in words.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "serving/node_changes.hpp"

namespace regatta::serving {

inline SimTime s(double seconds) {
    return SimTime::from_seconds(seconds);
}

inline const char* name_of(FleetEvent kind) {
    constexpr const char* kNames[] = {"loading",   "warming",   "serving",  "draining",  "lost",   "gpu_down",
                                      "node_down", "rack_down", "updating", "installed", "removed"};
    return kNames[static_cast<std::size_t>(kind)];
}
inline const char* name_of(FleetCause cause) {
    constexpr const char* kNames[] = {"start", "failure", "script", "autoscaler", "reprovision", "maintenance"};
    return kNames[static_cast<std::size_t>(cause)];
}

/// Weights of 100 bytes, which come from the disk in 10 s (shared), from the host in 1 s; warming up takes 2 s; two
/// GPUs, a replica on each.
inline NodeChanges::Setup two_replicas() {
    NodeChanges::Setup setup{.slots = {},
                             .parts = {},
                             .rates = {.disk_bytes_per_s = 10, .network_bytes_per_s = 20, .host_link_bytes_per_s = 100},
                             .host_memory_bytes = 100,
                             .gpus = 2,
                             .first_node = NodeId(5),
                             .seed = 1,
                             .failures = {.until = SimTime::never()},
                             .drain_grace = s(1)};
    for (std::uint32_t slot = 0; slot < 2; ++slot)
        setup.slots.push_back({.pool = PoolId(static_cast<std::uint16_t>(slot)),
                               .replica = ReplicaId(40 + slot),
                               .first_gpu = slot,
                               .gpus = 1,
                               .weight_bytes = 100,
                               .warm_up = s(2)});
    return setup;
}

inline FailingPart outage(FleetEvent kind, std::uint32_t first_gpu, std::uint32_t end_gpu, SimTime from, SimTime to) {
    return {.kind = kind, .first_gpu = first_gpu, .end_gpu = end_gpu, .law = {}, .script = {{from, to}}};
}

/// Wakes the node whenever it wants to be, and keeps what it says: "0 loading 3..13" of slot or part, with times in s.
class World final : private NodeChanges::Host {
public:
    explicit World(NodeChanges::Setup setup) : changes(std::move(setup)) {}

    void run_to(double end_s) {
        while (changes.wake_at() <= s(end_s)) {
            now_ = changes.wake_at();
            changes.wake(now_, *this);
            ASSERT_GT(changes.wake_at(), now_) << "wants to be woken at an instant that has been";
        }
        now_ = s(end_s);
    }
    void order(double at_s, Order order, std::uint32_t slot = 0, double duration_s = 0,
               FleetCause cause = FleetCause::Script) {
        run_to(at_s);
        changes.order({.duration_ns = s(duration_s).ns(), .slot = slot, .order = order, .cause = cause}, now_, *this);
    }
    /// The replica ends what it has.
    void empty(double at_s, std::uint32_t slot) {
        run_to(at_s);
        requests[slot] = 0;
        changes.emptied(slot, now_, *this);
    }
    void finish(double at_s) {
        run_to(at_s);
        changes.finish(now_, *this);
    }
    [[nodiscard]] Phase phase(std::uint32_t slot) const { return changes.phase(slot); }
    /// What was told since the last call.
    [[nodiscard]] std::vector<std::string> told() { return std::exchange(told_, {}); }

    NodeChanges changes;
    std::map<std::uint32_t, std::int64_t> requests;  ///< by slot
    std::map<std::uint32_t, Phase> shown;            ///< likewise

private:
    std::int64_t lose(std::uint32_t slot, SimTime /*now*/) override { return std::exchange(requests[slot], 0); }
    [[nodiscard]] std::int64_t outstanding(std::uint32_t slot) const override {
        const auto found = requests.find(slot);
        return found == requests.end() ? 0 : found->second;
    }
    void phase_changed(std::uint32_t slot, Phase phase) override {
        EXPECT_EQ(changes.phase(slot), phase);
        shown[slot] = phase;
    }
    void tell(const FleetEventRecord& record) override {
        std::ostringstream text;
        if (record.replica != kNoReplica)
            text << record.replica - 40;
        else if (record.gpu != kNoGpu)
            text << "gpu " << record.gpu;
        else
            text << "node " << record.node;
        text << ' ' << name_of(record.kind) << ' ' << static_cast<double>(record.start_ns) * 1e-9;
        if (record.end_ns != record.start_ns) text << ".." << static_cast<double>(record.end_ns) * 1e-9;
        if (record.kind == FleetEvent::Lost) text << " (" << record.amount << ')';
        text << ' ' << name_of(record.cause);
        told_.push_back(text.str());
    }

    SimTime now_;
    std::vector<std::string> told_;
};

}  // namespace regatta::serving
