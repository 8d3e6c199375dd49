#pragma once

#include <cstdint>
#include <memory>

#include "regatta/base/registry.hpp"

namespace regatta::serving {

class ReplicaScheduler;

/// What every replica scheduler must respect.
struct SchedulerLimits {
    std::int64_t kv_blocks = 0;
    std::int64_t block_tokens = 16;
    std::int64_t max_context_tokens = 0;  ///< longest prompt plus output
};

/// Two makers per policy: the one that runs (lazily), and the independent truth that walks its requests every step.
enum class Stepping { Lazy, Stepwise };

using SchedulerFactory = std::unique_ptr<ReplicaScheduler> (*)(const SchedulerLimits&, const Parameters&, Stepping);
using SchedulerRegistry = Registry<SchedulerFactory>;
[[nodiscard]] SchedulerRegistry built_in_schedulers();

}  // namespace regatta::serving
