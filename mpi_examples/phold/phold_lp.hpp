#pragma once

#include <cstdint>
#include <memory>

#include "regatta/base/digest.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/model.hpp"

namespace regatta::phold {

/// PHOLD, the usual benchmark of parallel discrete-event engines: a fixed population of events; handling one makes one.
/// Source: Fujimoto, "Performance of Time Warp under synthetic workloads", SCS Distributed Simulation, 1990.
struct PholdOptions {
    std::uint32_t processes = 1024;
    std::uint32_t population = 1;               ///< events that each process starts with
    double remote_fraction = 0.1;               ///< chance that the next event goes to a process drawn from all
    SimTime lookahead = SimTime::from_ms(100);  ///< least time from an event to the one it makes
    /// The increment is the lookahead plus an exponential one, 1 s together on average (2 s when the lookahead is 1 s).
    SimTime mean_increment = SimTime::from_s(1);
    std::uint64_t seed = 1;
};

/// Sums over the processes of a rank, filled in as they finish.
struct PholdTotals {
    std::int64_t events = 0;
    Digest digest;
};

class PholdLp final : public engine::LogicalProcess {
public:
    PholdLp(const PholdOptions& options, LpId id, PholdTotals& totals);
    void start(engine::Context& context) override;
    void handle(const engine::Event& event, engine::Context& context) override;
    void wake(std::uint32_t slot, engine::Context& context) override;
    [[nodiscard]] std::uint32_t wake_up_slots() const override { return 0; }
    void finish(SimTime end, std::span<const engine::Event> undelivered) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    void send_on(std::uint64_t token, engine::Context& context);

    const PholdOptions* options_;
    LpId id_;
    PholdTotals* totals_;
    std::uint64_t draws_ = 0;
    std::int64_t handled_ = 0;
    std::uint64_t history_ = 0;  ///< hash of what was handled, in order
};

/// `options` and `totals` must outlive what is made of the model.
[[nodiscard]] engine::Model phold_model(const PholdOptions& options, PholdTotals& totals);

}  // namespace regatta::phold
