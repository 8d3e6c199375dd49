#pragma once

#include "routing/admission_registry.hpp"
#include "routing/registry.hpp"
#include "serving/registry.hpp"
#include "timing/registry.hpp"
#include "workload/registry.hpp"

namespace regatta::scenario {

/// Every policy a scenario can name. A program of one's own takes the built-in ones and adds to them.
struct Registries {
    serving::SchedulerRegistry schedulers = serving::built_in_schedulers();
    timing::StepTimeRegistry timings = timing::built_in_step_time_models();
    routing::RouterRegistry routers = routing::built_in_routers();
    routing::AdmissionRegistry admissions = routing::built_in_admissions();
    workload::ArrivalRegistry arrivals = workload::built_in_arrival_processes();
    workload::LengthRegistry lengths = workload::built_in_length_distributions();
};

}  // namespace regatta::scenario
