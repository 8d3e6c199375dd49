#pragma once

#include <memory>
#include <vector>

#include "regatta/control/registry.hpp"

namespace regatta::control {

/// As many replicas as the clock says, the same every day.
class ScheduleAutoscaler final : public Autoscaler {
public:
    struct Entry {
        SimTime from;  ///< within the period
        std::uint32_t replicas = 0;
    };
    /// `entries` rise and are at least one; before the first of the period the last one holds.
    ScheduleAutoscaler(std::vector<Entry> entries, SimTime period) : entries_(std::move(entries)), period_(period) {}
    [[nodiscard]] std::uint32_t wanted(const PoolState& pool) override;
    [[nodiscard]] PoolWatch looks_at() const override { return {}; }

private:
    std::vector<Entry> entries_;
    SimTime period_;
};

[[nodiscard]] std::vector<Parameter> schedule_parameters();
[[nodiscard]] std::unique_ptr<Autoscaler> make_schedule(const ControlTarget& target, const Parameters& parameters);

}  // namespace regatta::control
