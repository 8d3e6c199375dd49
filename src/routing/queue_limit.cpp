#include "routing/queue_limit.hpp"

#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

serving::EndReason QueueLimit::at_replica(const Request& /*request*/, const Candidates& candidates,
                                          std::uint32_t chosen) {
    const bool is_full = candidates.load(serving::Load::Requests, chosen) >= max_outstanding_;
    return is_full ? serving::EndReason::QueueFull : serving::EndReason::None;
}

std::vector<Parameter> queue_limit_parameters() {
    return {
        {.key = "max_outstanding",
         .kind = ParameterKind::Count,
         .is_required = true,
         .least = 1,
         .most = 1e9,
         .sentence = "requests outstanding at a replica, as far as the gateway knows, from which on it gets no more"}};
}

std::unique_ptr<Admission> make_queue_limit(const AdmissionTarget& /*target*/, const Parameters& parameters) {
    return std::make_unique<QueueLimit>(static_cast<std::uint64_t>(parameters.count("max_outstanding")));
}

}  // namespace regatta::routing
