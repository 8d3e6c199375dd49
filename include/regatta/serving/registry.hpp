#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "regatta/base/registry.hpp"
#include "regatta/base/time.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::serving {

class ReplicaScheduler;
struct Speculation;

/// What a scheduler may know of the requests of a stream beyond what each of them says.
struct StreamTerms {
    std::int64_t priority = 0;        ///< smaller goes first
    std::uint16_t service_class = 0;  ///< among SchedulerLimits::classes
    /// A client whose answer is not complete so long after its arrival at the gateway gives up.
    SimTime timeout = SimTime::never();
};
/// Those of the stream of `request`, or the default ones.
[[nodiscard]] StreamTerms terms_of(const Request& request, std::span<const StreamTerms> streams);

/// What every replica scheduler must respect.
struct SchedulerLimits {
    std::int64_t kv_blocks = 0;
    std::int64_t block_tokens = 16;
    std::int64_t max_context_tokens = 0;  ///< longest prompt plus output
    /// By stream; those that it does not reach have the default terms. Borrowed: must outlive every scheduler.
    std::span<const StreamTerms> streams = {};
    std::span<const std::string> classes = {};  ///< names of the classes of service; borrowed while one is made
    SimTime gateway_latency = {};               ///< a client's giving up is known to the replica so long after
    std::int64_t pipeline_stages = 1;           ///< so many batches may be in flight
    /// Sequences of the longest kind that the memory plan makes room for in each stage; INT64_MAX: it does not say.
    std::int64_t planned_sequences = INT64_MAX;
    /// Decodes check tokens that something cheaper proposed; null: they do not. Borrowed like the streams.
    const Speculation* speculation = nullptr;
    bool is_like_vidur = false;  ///< follow Vidur where it affects the schedule, its defects included
};

/// Two makers per policy: the one that runs (lazily), and the independent truth that walks its requests every step.
enum class Stepping { Lazy, Stepwise };

using SchedulerFactory = std::unique_ptr<ReplicaScheduler> (*)(const SchedulerLimits&, const Parameters&, Stepping);
using SchedulerRegistry = Registry<SchedulerFactory>;
[[nodiscard]] SchedulerRegistry built_in_schedulers();

}  // namespace regatta::serving
