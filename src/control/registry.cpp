#include "regatta/control/registry.hpp"

#include "control/attainment_autoscaler.hpp"
#include "control/load_autoscaler.hpp"
#include "control/reprovisioners.hpp"
#include "control/schedule_autoscaler.hpp"

namespace regatta::control {

AutoscalerRegistry built_in_autoscalers() {
    return AutoscalerRegistry({
        {"outstanding", "so many replicas that each has a target of outstanding requests", outstanding_parameters(),
         make_outstanding},
        {"kv_use", "so many replicas that each has a target part of its KV cache in use", kv_use_parameters(),
         make_kv_use},
        {"attainment", "more while too few requests meet their targets, fewer while nearly all do",
         attainment_parameters(), make_attainment},
        {"schedule", "as many as the time of day says", schedule_parameters(), make_schedule},
    });
}

ReprovisionerRegistry built_in_reprovisioners() {
    return ReprovisionerRegistry({
        {"random_idle",
         "any replica without requests, all equally likely",
         {},
         [](const ControlTarget& target, const Parameters&) -> std::unique_ptr<Reprovisioner> {
             return std::make_unique<RandomIdle>(target.seed);
         }},
        {"longest_idle",
         "the replica that has been without requests longest",
         {},
         [](const ControlTarget&, const Parameters&) -> std::unique_ptr<Reprovisioner> {
             return std::make_unique<LongestIdle>();
         }},
        {"demand", "a replica of the pool with the least load, before anybody has to wait", by_demand_parameters(),
         [](const ControlTarget&, const Parameters& parameters) -> std::unique_ptr<Reprovisioner> {
             return std::make_unique<ByDemand>(parameters.real("factor"));
         }},
    });
}

}  // namespace regatta::control
