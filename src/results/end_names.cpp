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
    }
    return "";
}

std::string reason_words(serving::EndReason reason) {
    std::string words = reason_name(reason);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

}  // namespace regatta::results
