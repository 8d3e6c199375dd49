#include "results/end_names.hpp"

#include <algorithm>

namespace regatta::results {

std::string state_name(serving::EndState state) {
    switch (state) {
        case serving::EndState::Finished:
            return "finished";
        case serving::EndState::Rejected:
            return "rejected";
        case serving::EndState::Failed:
            return "failed";
        case serving::EndState::Unfinished:
            return "unfinished";
        case serving::EndState::TimedOut:
            return "timed_out";
    }
    return "unknown";
}

std::string reason_name(serving::EndReason reason) {
    switch (reason) {
        case serving::EndReason::None:
            return "";
        case serving::EndReason::TooLong:
            return "too_long";
        case serving::EndReason::WaitedTooLong:
            return "waited_too_long";
        case serving::EndReason::QueueFull:
            return "queue_full";
        case serving::EndReason::RateLimited:
            return "rate_limited";
        case serving::EndReason::ClientGone:
            return "client_gone";
        case serving::EndReason::NoReplica:
            return "no_replica";
        case serving::EndReason::ReplicaLost:
            return "replica_lost";
    }
    return "";
}

std::string event_name(serving::FleetEvent event) {
    switch (event) {
        case serving::FleetEvent::Loading:
            return "loading";
        case serving::FleetEvent::WarmingUp:
            return "warming up";
        case serving::FleetEvent::Serving:
            return "serving";
        case serving::FleetEvent::Draining:
            return "draining";
        case serving::FleetEvent::Lost:
            return "lost";
        case serving::FleetEvent::GpuDown:
            return "GPU down";
        case serving::FleetEvent::NodeDown:
            return "node down";
        case serving::FleetEvent::RackDown:
            return "rack down";
        case serving::FleetEvent::Updating:
            return "updating";
        case serving::FleetEvent::Installed:
            return "installed";
        case serving::FleetEvent::Removed:
            return "removed";
        case serving::FleetEvent::ScaleUp:
            return "scale up";
        case serving::FleetEvent::ScaleDown:
            return "scale down";
        case serving::FleetEvent::Reprovision:
            return "re-provisioning";
        case serving::FleetEvent::Maintenance:
            return "rolling update";
    }
    return "unknown";
}

std::string cause_name(serving::FleetCause cause) {
    switch (cause) {
        case serving::FleetCause::Start:
            return "start";
        case serving::FleetCause::Failure:
            return "failure";
        case serving::FleetCause::Script:
            return "script";
        case serving::FleetCause::Autoscaler:
            return "autoscaler";
        case serving::FleetCause::Reprovision:
            return "re-provisioning";
        case serving::FleetCause::Maintenance:
            return "maintenance";
    }
    return "unknown";
}

std::string reason_words(serving::EndReason reason) {
    std::string words = reason_name(reason);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

}  // namespace regatta::results
