#pragma once

#include "regatta/control/registry.hpp"
#include "regatta/routing/admission_registry.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/serving/registry.hpp"
#include "regatta/timing/registry.hpp"
#include "regatta/workload/registry.hpp"

namespace regatta::scenario {

/// Every policy a scenario can name. A program of one's own takes the built-in ones and adds to them.
struct Registries {
    serving::SchedulerRegistry schedulers = serving::built_in_schedulers();
    timing::StepTimeRegistry timings = timing::built_in_step_time_models();
    routing::RouterRegistry routers = routing::built_in_routers();
    routing::AdmissionRegistry admissions = routing::built_in_admissions();
    control::AutoscalerRegistry autoscalers = control::built_in_autoscalers();
    control::ReprovisionerRegistry reprovisioners = control::built_in_reprovisioners();
    workload::ArrivalRegistry arrivals = workload::built_in_arrival_processes();
    workload::LengthRegistry lengths = workload::built_in_length_distributions();
};

}  // namespace regatta::scenario
