#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "regatta/control/registry.hpp"

namespace regatta::control {

/// Any idle replica, all equally likely.
class RandomIdle final : public Reprovisioner {
public:
    explicit RandomIdle(std::uint64_t seed) : seed_(seed) {}
    [[nodiscard]] std::optional<std::size_t> choose(const std::vector<Donor>& donors, double load, SimTime now,
                                                    std::uint64_t number) override;

private:
    std::uint64_t seed_;
};

/// The replica that has been idle longest, the first of several.
class LongestIdle final : public Reprovisioner {
public:
    [[nodiscard]] std::optional<std::size_t> choose(const std::vector<Donor>& donors, double load, SimTime now,
                                                    std::uint64_t number) override;
};

/// A replica of the pool with the least load, the least loaded of it, also when it is busy (it drains first): where
/// the loads of the two pools differ by more than a factor. The factor is the hysteresis: what has just moved does not
/// move back, for then the loads are nearer to each other.
class ByDemand final : public Reprovisioner {
public:
    explicit ByDemand(double factor) : factor_(factor) {}
    [[nodiscard]] std::optional<std::size_t> choose(const std::vector<Donor>& donors, double load, SimTime now,
                                                    std::uint64_t number) override;
    [[nodiscard]] bool is_demand_driven() const override { return true; }

private:
    double factor_;
};

[[nodiscard]] std::vector<Parameter> by_demand_parameters();

}  // namespace regatta::control
