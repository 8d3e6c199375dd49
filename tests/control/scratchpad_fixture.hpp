#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <tuple>
#include <vector>

#include "control/scratchpad_fleet.hpp"
#include "workload/scratchpad_draws.hpp"

namespace regatta::control {

inline constexpr double kForever = std::numeric_limits<double>::infinity();

/// A prompt takes 1 s, a decode 0.5 s.
class EvenTimes final : public serving::ScratchpadTimes {
public:
    [[nodiscard]] double prefill_s(std::int64_t /*prompt_tokens*/) const override { return 1; }
    [[nodiscard]] double decode_s(std::int64_t /*context_tokens*/, std::int64_t /*sequences*/) const override {
        return 0.5;
    }
};

/// Keeps what it is told.
class KeepingWatcher final : public ScratchpadWatcher {
public:
    void made(const ScratchpadPlace& place, double at_s) override {
        engines.emplace_back(place.replica, place.kind, at_s);
    }
    void gone(const ScratchpadPlace& place, double at_s) override { left.emplace_back(place.replica, at_s); }
    void iterated(const ScratchpadPlace& place, const serving::ScratchpadIteration& iteration) override {
        starts.emplace_back(place.replica, iteration.start_s);
    }

    void changed(const ScratchpadEvent& event) override { events.push_back(event); }

    std::vector<ScratchpadEvent> events;
    std::vector<std::tuple<std::uint32_t, std::uint16_t, double>> engines;
    std::vector<std::pair<std::uint32_t, double>> left;
    std::vector<std::pair<std::uint32_t, double>> starts;
};

/// A fleet with kinds of two models on one type of GPU.
class ScratchpadDriver : public ::testing::Test {
protected:
    ScratchpadDriver() {
        const auto times = std::make_shared<EvenTimes>();
        fleet_.kinds = {{times, 100, 0}, {times, 100, 1}};
        fleet_.kind_of = {{0, 1}};
        fleet_.reprovisioning_s = {10, 20};
        fleet_.model_bytes = {100, 200};
    }

    void arrive(double at_s, std::uint16_t model = 0, std::int64_t output = 2, std::int64_t prompt = 16) {
        requests_.push_back({.line = requests_.size(),
                             .arrival_s = at_s,
                             .prompt_tokens = prompt,
                             .output_tokens = output,
                             .model = model});
    }

    ScratchpadFleet fleet_;
    std::vector<serving::ScratchpadRequest> requests_;
    workload::ScratchpadDraws draws_;
    KeepingWatcher watcher_;
};

}  // namespace regatta::control
