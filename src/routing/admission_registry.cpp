#include "regatta/routing/admission_registry.hpp"

#include "routing/queue_limit.hpp"
#include "routing/rate_limit.hpp"

namespace regatta::routing {

AdmissionRegistry built_in_admissions() {
    return AdmissionRegistry({
        {"queue_limit", "no request goes to a replica that has as many outstanding, as far as the gateway knows",
         queue_limit_parameters(), make_queue_limit},
        {"rate_limit", "token buckets: so many requests or tokens per second of a class, and so many at once",
         rate_limit_parameters(), make_rate_limit},
    });
}

}  // namespace regatta::routing
