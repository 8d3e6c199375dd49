#pragma once

#include <string>

#include "regatta/serving/records.hpp"

namespace regatta::results {

/// As files and JSON name it: "finished", "timed_out", ...
[[nodiscard]] std::string state_name(serving::EndState state);

/// Why a request was not served, likewise: "waited_too_long"; empty for what was served, and for numbers without a
/// meaning.
[[nodiscard]] std::string reason_name(serving::EndReason reason);
/// What happened to the fleet, and who wanted it: "warming up", "GPU down"; "autoscaler".
[[nodiscard]] std::string event_name(serving::FleetEvent event);
[[nodiscard]] std::string cause_name(serving::FleetCause cause);
/// As people read it: "waited too long".
[[nodiscard]] std::string reason_words(serving::EndReason reason);

}  // namespace regatta::results
