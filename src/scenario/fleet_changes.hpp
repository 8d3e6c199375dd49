#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/controller_lp.hpp"
#include "control/rolling_update.hpp"
#include "control/scaling.hpp"
#include "regatta/base/parameters.hpp"
#include "regatta/base/time.hpp"
#include "regatta/hardware/gpu.hpp"
#include "serving/outages.hpp"
#include "serving/weight_loading.hpp"

namespace regatta::scenario {

/// A policy by its registry key, with its parameters complete and checked.
struct PolicyChoice {
    std::string name;
    Parameters parameters;
    friend bool operator==(const PolicyChoice&, const PolicyChoice&) = default;
};

/// What of a server weights pass on their way to the GPUs.
struct ServerFacts {
    double host_memory_bytes = 0;
    serving::LoadRates rates;
};

/// Servers that several pools have in common, with GPUs of one kind or of several.
struct Servers {
    struct Gpus {
        hardware::Gpu gpu;
        std::uint32_t count = 0;
        std::uint32_t first = 0;  ///< number of the first of them on the server
    };
    std::string name;
    std::uint32_t count = 1;
    std::vector<Gpus> gpus;
    ServerFacts facts;

    [[nodiscard]] std::uint32_t gpus_each() const { return gpus.empty() ? 0 : gpus.back().first + gpus.back().count; }
};

/// How the weights of a pool come to its GPUs.
struct Loading {
    serving::WeightSource source = serving::WeightSource::Disk;
    SimTime warm_up;
};

/// How many replicas a pool has, as time goes by.
struct Autoscale {
    PolicyChoice policy;
    control::ScalingLimits limits;
    friend bool operator==(const Autoscale&, const Autoscale&) = default;
};

/// Failures by chance, and the user's.
struct Failures {
    std::optional<serving::FailureLaw> gpu;
    std::optional<serving::FailureLaw> node;
    std::optional<serving::FailureLaw> rack;
    std::uint32_t nodes_per_rack = 1;
    struct Scripted {
        std::uint16_t pool = 0;
        std::uint32_t node = 0;            ///< within the pool
        std::optional<std::uint32_t> gpu;  ///< none: the whole node
        serving::Outage outage;
    };
    std::vector<Scripted> script;
};

/// What changes while the fleet serves. A fleet without any of it is built without a controller.
struct FleetChanges {
    bool is_any = false;
    SimTime latency;       ///< of the controller to the nodes
    SimTime period;        ///< in which it is told, and decides
    SimTime health_every;  ///< gateways are told who takes requests
    SimTime drain_limit = SimTime::never();
    Failures failures;
    std::vector<control::ScriptedChange> timeline;  ///< by time
    std::vector<control::RollingUpdate::Plan> updates;
    std::optional<PolicyChoice> reprovision;
    double requests_per_replica = 1;
    [[nodiscard]] bool needs_controller() const { return !timeline.empty() || !updates.empty() || has_scaling; }
    bool has_scaling = false;  ///< of some pool, or re-provisioning
};

}  // namespace regatta::scenario
