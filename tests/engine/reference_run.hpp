#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/model.hpp"

namespace regatta::engine::test {

/// The contract, written down as a program: all processes in one place, all events in one sorted set, one at a time.
/// Shares with the engine nothing but the order of events; knows no windows, ranks, bounds or promises, and checks no
/// causality.
class ReferenceRun final : public Context {
public:
    explicit ReferenceRun(const Model& model);
    /// From start to finish; gives the end as a run's report does.
    SimTime run(SimTime until);
    [[nodiscard]] std::int64_t events() const { return events_; }

    void wake_at(std::uint32_t slot, SimTime at) override;
    void cancel_wake_up(std::uint32_t slot) override;
    [[nodiscard]] bool go_on_to(SimTime /*at*/) override { return false; }
    void publish(BoardId board, std::uint32_t entry, std::uint32_t value) override {
        latest_[board.index()].at(entry) = value;
    }
    [[nodiscard]] const LogicalProcess& peek(LpId other) override;

private:
    void post(Event& event, SimTime delay) override;
    void enter(std::uint32_t id, SimTime now, std::uint32_t depth);
    [[nodiscard]] SimTime next_instant() const;
    void carry_out_instant(SimTime at);
    void sample(SimTime at);
    void report(std::uint32_t board, SimTime at);
    void change(std::uint32_t board, SimTime at);
    void handle(const Event& event);
    void finish(SimTime end);

    using InOrder = bool (*)(const Event&, const Event&);
    const Model* model_;
    std::vector<std::unique_ptr<LogicalProcess>> processes_;  ///< by LpId
    std::vector<std::uint32_t> sent_;
    std::multiset<Event, InOrder> pending_{is_before};
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::multiset<Event, InOrder>::iterator> wake_ups_;
    std::vector<std::map<SimTime, std::vector<std::uint32_t>>> reported_;  ///< by board and instant: values then
    std::vector<std::vector<std::uint32_t>> latest_;                       ///< by board
    SimTime next_sample_;
    std::vector<SimTime> next_report_;
    std::vector<SimTime> next_change_;
    std::uint32_t depth_ = 0;
    std::int64_t events_ = 0;
    SimTime last_event_;
};

}  // namespace regatta::engine::test
