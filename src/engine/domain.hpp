#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/agenda.hpp"
#include "engine/bucket_queue.hpp"
#include "engine/horizon.hpp"
#include "engine/saved_state.hpp"
#include "engine/wake_table.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/engine/logical_process.hpp"
#include "regatta/engine/model.hpp"

namespace regatta::engine {

/// The members of one tier on one rank, with what is pending for them. Knows nothing of other domains.
///
/// Two ways to bring it to the end of a window, with the same results: in the total order over all members, or, where
/// members do not reach each other at once, member by member in strides.
class Domain {
public:
    struct Member {
        std::unique_ptr<LogicalProcess> process;
        LpId id;
        GroupId group;
        std::uint32_t sent = 0;  ///< messages so far: the next sequence number
        std::uint32_t slots = 0;
    };
    /// Who carries out what is due: the rank, as context of the handlers.
    class Host {
    public:
        virtual ~Host() = default;
        virtual void wake(Domain& domain, std::uint32_t local, const WakeTable::Key& wake_up) = 0;
        virtual void deliver(Domain& domain, std::uint32_t local, const Event& event) = 0;
        virtual void carry_out(Domain& domain, const Agenda::Item& item) = 0;
        /// Between events, every now and then.
        virtual void look_up() = 0;
    };

    /// `stride`: see Tiers. `local_of` gives each process's index in its domain, by LpId; it must outlive the domain.
    Domain(SimTime stride, Agenda agenda, const std::vector<std::uint32_t>& local_of);

    std::uint32_t add_member(Member member);
    [[nodiscard]] std::vector<Member>& members() { return members_; }
    [[nodiscard]] const std::vector<Member>& members() const { return members_; }
    [[nodiscard]] Agenda& agenda() { return agenda_; }

    void push(const Event& event);
    /// Plans a slot anew for `at`, or for no time at all; what was planned before does not count any more.
    void plan(std::uint32_t local, std::uint32_t slot, SimTime at, std::uint32_t depth);

    /// Whether `local`, being visited, may go on to `at` as if woken there: nothing else is due for it before. Counts
    /// as an event.
    [[nodiscard]] bool goes_on(std::uint32_t local, SimTime at, Host& host);

    /// Handles everything before `safe`. Fixed instants are carried out only as far as the run is known to last: up to
    /// `lasting`, or to an event seen here; where that is not known the domain stays, and goes on in a later window.
    void run_until(SimTime safe, SimTime lasting, Host& host);
    [[nodiscard]] Pending pending();
    /// Everything before has been handled: nothing may arrive there.
    [[nodiscard]] SimTime horizon() const { return horizon_; }
    [[nodiscard]] SimTime last_event() const { return last_event_; }
    [[nodiscard]] std::int64_t events() const { return events_; }
    /// Messages that have not been handled.
    [[nodiscard]] std::vector<Event> messages() const;

    /// What is kept of a member, but for messages and what it has published.
    void describe(std::uint32_t local, ProcessState& state) const;
    /// Into a domain that has not begun.
    void restore(std::uint32_t local, const ProcessState& state);
    /// What belongs to no member: the same for this tier on all ranks, but for what each knows and counts.
    void save_rest(OutArchive& archive) const;
    /// To be called with what each rank saved; `counts`: this domain goes on with the counts of all.
    void load_rest(InArchive& archive, bool counts);

private:
    static bool comes_before(const Event& a, const Event& b) { return engine::is_before(a, b); }
    /// A message due in the window being run, by the member it is for.
    struct Due {
        std::uint32_t local = 0;
        std::uint32_t message = 0;  ///< in due_messages_
    };
    /// A member that has something due, and its messages: of `due_`, from `first` up to `last`.
    struct Visit {
        std::uint32_t local = 0;
        std::uint32_t first = 0;
        std::uint32_t last = 0;
    };

    SimTime run_in_order(SimTime safe, SimTime lasting, Host& host);
    SimTime run_by_member(SimTime safe, SimTime lasting, Host& host);
    [[nodiscard]] bool lasts_to(SimTime instant, SimTime lasting);
    [[nodiscard]] SimTime next_message_time();
    void gather_due(SimTime end);
    void sort_due();
    void gather_visits();
    void visit_all(Host& host);
    void visit(std::uint32_t local, std::span<Due> messages, Host& host);
    void count(SimTime time, Host& host);

    SimTime stride_;
    Agenda agenda_;
    const std::vector<std::uint32_t>* local_of_;
    std::vector<Member> members_;
    WakeTable wakes_;
    BucketQueue<Event, comes_before> messages_;
    /// Where no member sends to another: messages since the last window, in the order in which they came. Most are due
    /// in the next one, and never see the queue.
    std::vector<Event> inbox_;
    SimTime earliest_in_inbox_ = SimTime::never();

    // Of the window being run member by member.
    SimTime visit_end_;
    std::uint32_t visited_ = UINT32_MAX;  ///< member being visited
    SimTime next_own_message_;            ///< of that member, in this window
    std::vector<Event> due_messages_;
    std::vector<Due> due_;                  ///< by member
    std::vector<std::uint32_t> due_wakes_;  ///< members with wake-ups due, ascending
    std::vector<Visit> visits_;             ///< of both, by member
    std::vector<Due> other_due_;            ///< scratch of the sort
    std::vector<std::uint32_t> places_;     ///< scratch of the sort

    SimTime horizon_;
    SimTime reached_;  ///< the agenda has been carried out before this instant
    SimTime lasting_;  ///< see Pending
    SimTime last_event_;
    std::int64_t events_ = 0;
};

}  // namespace regatta::engine
