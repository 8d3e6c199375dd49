#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/domain.hpp"
#include "engine/saved_state.hpp"
#include "engine/tiers.hpp"
#include "engine/window_message.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/partition.hpp"

namespace regatta::engine {

/// The processes of one rank, by domains; sorts what they send to where it goes. It is the context that handlers see.
class RankLoop final : public Context, private Domain::Host {
public:
    RankLoop(const Model& model, const Tiers& tiers, const Partition& partition, std::uint32_t rank);

    /// Plans the first wake-ups of all processes, at time 0.
    void start();
    /// Brings the domain of `tier` to `safe`; calls `look_up` now and then.
    void run_until(std::uint32_t tier, SimTime safe, SimTime lasting, const std::function<void()>& look_up);
    /// Takes the samples up to and including `end` that are still due.
    void sample_through(SimTime end);
    void finish(SimTime end);

    /// Events and reports for the other ranks since the last exchange. By rank; `pending` and `sent` are the caller's.
    [[nodiscard]] std::vector<WindowMessage>& outgoing() { return outgoing_; }
    /// Ranks for which there are any, each once.
    [[nodiscard]] const std::vector<std::uint32_t>& destinations() const { return destinations_; }
    void clear_outgoing();
    void receive(const WindowMessage& message);

    [[nodiscard]] Pending pending(std::uint32_t tier) { return domains_[tier].pending(); }
    [[nodiscard]] SimTime last_event() const;
    /// Everything before has happened on this rank.
    [[nodiscard]] SimTime settled() const;
    /// Something before this instant may have happened on this rank, and nothing at or after it.
    [[nodiscard]] SimTime farthest() const;
    [[nodiscard]] std::int64_t events() const;
    /// The smallest time between a message's receipt and the horizon of the domain that got it: how near to the edge
    /// promises and latencies let the run go. Never when nothing was received.
    [[nodiscard]] SimTime least_slack() const { return least_slack_; }
    [[nodiscard]] LogicalProcess* local(LpId id);

    void wake_at(std::uint32_t slot, SimTime at) override;
    void cancel_wake_up(std::uint32_t slot) override;
    [[nodiscard]] bool go_on_to(SimTime at) override;
    void publish(BoardId board, std::uint32_t entry, std::uint32_t value) override;
    [[nodiscard]] const LogicalProcess& peek(LpId other) override;

    /// What `room` has of memory is used.
    [[nodiscard]] Buffer save(Buffer room) const;
    void load(const SavedState& state);

private:
    /// Where a process lives and what it is, in one look.
    struct Place {
        std::uint32_t rank = 0;
        std::uint16_t group = 0;
        std::uint16_t tier = 0;
    };

    /// What members of this rank have published to a board.
    struct Published {
        std::vector<std::uint32_t> values;     ///< by entry
        std::vector<LpId> publishers;          ///< by entry, of those that have changed
        std::vector<std::uint32_t> changed;    ///< entries since the last report
        std::vector<std::uint8_t> is_changed;  ///< by entry
    };

    void post(Event& event, SimTime delay) override;
    void wake(Domain& domain, std::uint32_t local, const WakeTable::Key& wake_up) override;
    void deliver(Domain& domain, std::uint32_t local, const Event& event) override;
    void carry_out(Domain& domain, const Agenda::Item& item) override;
    void look_up() override { (*look_up_)(); }

    [[nodiscard]] WindowMessage& message_to(std::uint32_t rank);
    [[nodiscard]] std::uint32_t instant_order(SimTime time, std::uint32_t event_class) const;
    void enter(Domain& domain, std::uint32_t local, SimTime now, std::uint32_t depth);
    void push(const Event& event, const Place& place);
    void sample(Domain& domain, SimTime at);
    void report(Domain& domain, const Agenda::Item& item);
    void ask_members(Domain& domain, BoardReport& report) const;
    void change_board(Domain& domain, const Agenda::Item& item);
    void put(BoardId board, std::uint32_t entry, std::uint32_t value, LpId publisher);
    [[nodiscard]] bool speaks_for(std::size_t board) const;
    void save_domain(std::uint32_t tier, StateWriter& writer) const;
    void save_boards(OutArchive& archive) const;
    void load_boards(InArchive& archive);
    [[noreturn]] void fail_latency(const Event& event, SimTime least) const;
    [[noreturn]] void fail_horizon(const Event& event, SimTime horizon) const;

    const Model* model_;
    const Tiers* tiers_;
    std::uint32_t rank_;
    std::vector<Place> places_;            ///< by LpId
    std::vector<std::uint32_t> local_of_;  ///< by LpId: index in its domain
    std::vector<SimTime> latency_;         ///< by group pair; never where there is no link
    std::vector<Domain> domains_;          ///< by tier
    std::vector<bool> ranks_reading_;      ///< by board and rank
    std::vector<WindowMessage> outgoing_;
    std::vector<std::uint32_t> destinations_;
    std::vector<std::vector<std::uint32_t>> board_values_;  ///< by board; empty where nobody here reads
    std::vector<Published> published_;                      ///< by board; empty where it is not published
    std::vector<BoardReport> waiting_reports_;              ///< received or made here, not yet shown
    const std::function<void()>* look_up_ = nullptr;

    Domain* domain_ = nullptr;   ///< whose member handles something
    std::uint32_t current_ = 0;  ///< that member
    std::uint32_t depth_ = 0;
    SimTime least_slack_ = SimTime::never();
};

}  // namespace regatta::engine
