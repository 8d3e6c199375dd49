#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/agenda.hpp"
#include "engine/event_queue.hpp"
#include "engine/window_message.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::engine {

/// The processes of one rank and their event loop, up to an instant that others vouch for. It is also the context that
/// handlers see.
class RankLoop final : public Context {
public:
    RankLoop(const Model& model, const Partition& partition, std::uint32_t rank);

    /// Plans the first wake-ups of all processes, at time 0.
    void start();
    /// Handles everything before `safe`; calls `observe` now and then.
    template <class Observe>
    void run_until(SimTime safe, Observe&& observe);
    /// Takes samples up to and including `end`.
    void sample_through(SimTime end);
    void finish(SimTime end);

    /// Events, reports and bounds for the other ranks since the last exchange. By rank.
    [[nodiscard]] std::vector<WindowMessage>& outgoing() { return outgoing_; }
    void clear_outgoing();
    void receive(const WindowMessage& message, std::uint32_t from);

    [[nodiscard]] SimTime next_event() const { return queue_.next_time(); }
    [[nodiscard]] SimTime next_report() const { return agenda_.next_report(); }
    [[nodiscard]] SimTime last_event() const { return last_event_; }
    [[nodiscard]] SimTime settled() const { return std::max(now_, horizon_); }
    void set_horizon(SimTime horizon) { horizon_ = horizon; }
    [[nodiscard]] std::int64_t events() const { return events_; }
    [[nodiscard]] LogicalProcess* local(LpId id);

    void wake_at(std::uint32_t slot, SimTime at) override;
    void cancel_wake_up(std::uint32_t slot) override;
    [[nodiscard]] const LogicalProcess& peek(LpId other) override;

    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    static constexpr std::uint32_t kElsewhere = UINT32_MAX;
    /// Which planning of a wake-up slot is the valid one.
    struct WakeSlot {
        std::uint32_t planning = 0;
        bool is_planned = false;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& planning& is_planned;
        }
    };
    struct Local {
        std::unique_ptr<LogicalProcess> process;
        LpId id;
        GroupId group;
        std::uint32_t sent = 0;        ///< messages so far: the next sequence number
        std::uint32_t first_slot = 0;  ///< of its wake-ups
        std::uint32_t slots = 0;
    };

    void post(Event& event, SimTime delay) override;
    [[nodiscard]] std::uint32_t instant_order(SimTime time, std::uint32_t order) const;
    void handle(const Event& event);
    void run_agenda_item();
    void report(const Agenda::Item& item);
    void change_board(const Agenda::Item& item);
    void enter(std::uint32_t index, SimTime now, std::uint32_t depth);
    [[nodiscard]] WakeSlot& wake_slot(std::uint32_t slot);

    const Model* model_;
    const Partition* partition_;
    std::uint32_t rank_;
    std::vector<Local> locals_;
    std::vector<std::uint32_t> local_of_;  ///< by LpId: index in locals_, or kElsewhere
    std::vector<std::uint16_t> group_of_;  ///< by LpId
    std::vector<SimTime> latency_;         ///< by group pair; never where there is no link
    std::vector<WakeSlot> wake_slots_;

    EventQueue queue_;
    Agenda agenda_;
    std::vector<WindowMessage> outgoing_;
    std::vector<std::vector<std::uint32_t>> board_values_;  ///< by board; empty where nobody here reads
    std::vector<BoardReport> waiting_reports_;              ///< received or made here, not yet shown

    std::uint32_t current_ = 0;  ///< index of the process that handles something
    std::uint32_t depth_ = 0;
    SimTime horizon_;  ///< everything before has been handled: nothing may arrive there
    SimTime last_event_;
    std::int64_t events_ = 0;
};

/// How many events are handled between two looks at what else is to be done (progress, settling of results).
inline constexpr std::int64_t kEventsPerObservation = 16'384;

template <class Observe>
void RankLoop::run_until(SimTime safe, Observe&& observe) {
    std::int64_t next_observation = events_ + kEventsPerObservation;
    while (true) {
        const SimTime next = queue_.next_time();
        if (agenda_.next_time() <= next) {
            // Fixed instants keep no run alive: without a bound and without events there is nothing to wait for.
            if (agenda_.next_time() >= safe || (safe.is_never() && queue_.is_empty())) return;
            run_agenda_item();
            continue;
        }
        if (next >= safe) return;
        const Event event = queue_.top();
        queue_.pop();
        handle(event);
        if (events_ >= next_observation) {
            next_observation = events_ + kEventsPerObservation;
            observe();
        }
    }
}

}  // namespace regatta::engine
