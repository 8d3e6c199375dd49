#include "control/schedule_autoscaler.hpp"

#include <fmt/format.h>

#include <cmath>

#include "regatta/base/errors.hpp"

namespace regatta::control {

std::uint32_t ScheduleAutoscaler::wanted(const PoolState& pool) {
    const SimTime at = SimTime::from_ns(pool.now.ns() % period_.ns());
    std::uint32_t replicas = entries_.back().replicas;
    for (const Entry& entry : entries_)
        if (entry.from <= at) replicas = entry.replicas;
    return replicas;
}

std::vector<Parameter> schedule_parameters() {
    return {{.key = "hours",
             .kind = ParameterKind::Numbers,
             .is_required = true,
             .least = 0,
             .most = 1e6,
             .sentence = "times within the period, rising, in hours: [0, 7, 22]"},
            {.key = "replicas",
             .kind = ParameterKind::Numbers,
             .is_required = true,
             .least = 0,
             .most = 1e6,
             .sentence = "as many from each of these times on: [2, 10, 4]"},
            {.key = "period",
             .kind = ParameterKind::Duration,
             .default_text = "24h",
             .least = 1,
             .sentence = "after which it starts over"}};
}

std::unique_ptr<Autoscaler> make_schedule(const ControlTarget& /*target*/, const Parameters& parameters) {
    const std::vector<double>& hours = parameters.numbers("hours");
    const std::vector<double>& replicas = parameters.numbers("replicas");
    const SimTime period = parameters.duration("period");
    if (hours.size() != replicas.size())
        throw InputError(
            fmt::format("replicas: {} numbers for {} hours; expected one for each", replicas.size(), hours.size()));
    std::vector<ScheduleAutoscaler::Entry> entries;
    for (std::size_t i = 0; i < hours.size(); ++i) {
        const SimTime from = SimTime::from_seconds(hours[i] * 3600);
        if (!entries.empty() && from <= entries.back().from)
            throw InputError(
                fmt::format("hours[{}]: {} does not come after {}; expected rising hours", i, hours[i], hours[i - 1]));
        if (from >= period)
            throw InputError(fmt::format("hours[{}]: {} is not within the period of {} hours", i, hours[i],
                                         period.seconds() / 3600));
        if (replicas[i] != std::floor(replicas[i]))
            throw InputError(fmt::format("replicas[{}]: expected a whole number, found {}", i, replicas[i]));
        entries.push_back({.from = from, .replicas = static_cast<std::uint32_t>(replicas[i])});
    }
    return std::make_unique<ScheduleAutoscaler>(std::move(entries), period);
}

}  // namespace regatta::control
