#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "engine/horizon.hpp"
#include "engine/rank_loop.hpp"
#include "engine/wall_clock.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// What all ranks know of all once they have met: the same numbers on each.
struct Agreement {
    SimTime event = SimTime::never();  ///< earliest waiting or planned
    SimTime fixed = SimTime::never();  ///< next report to a board, or change of one
    SimTime last_event;                ///< handled so far
    /// Until when it is certain, and so on any number of ranks alike, that something happens: by what has happened, by
    /// messages, which cannot be called back, and by wake-ups as far as nothing that comes before can cancel them.
    SimTime lasting;

    Wish wish = Wish::None;  ///< the strongest of all ranks

    /// What one domain knows counts too.
    void add(const Pending& pending) {
        event = std::min(event, pending.event());
        fixed = std::min({fixed, pending.report, pending.change});
        last_event = std::max(last_event, pending.last_event);
        lasting = std::max({lasting, pending.last_event, pending.lasting});
        if (!pending.message.is_never()) lasting = std::max(lasting, pending.message);
        if (!pending.wake_up.is_never()) lasting = std::max(lasting, std::min(pending.wake_up, pending.reached));
    }
};

/// How ranks tell each other, between two windows, what they have sent and what is pending: phases 1 and 2 of a window.
class Exchange {
public:
    /// What an exchange works on; all outlive it.
    struct Parts {
        std::uint32_t tiers;
        Transport& transport;
        RankLoop& loop;
        Horizon& horizon;
        WallClock& clock;
    };
    explicit Exchange(const Parts& parts) : parts_(parts) {}
    virtual ~Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Brings events and reports to where they go, and the horizon up to date. All ranks call it.
    virtual Agreement meet() = 0;
    /// What this rank wants, to be told with the next meeting.
    void want(Wish wish) { wish_ = wish; }
    /// Adds what was sent since the last call.
    void count_into(Progress& progress);

protected:
    Parts parts_;
    Wish wish_ = Wish::None;
    std::int64_t messages_ = 0;
    std::int64_t bytes_ = 0;
    std::int64_t reductions_ = 0;
};

/// `Auto` is settled by measuring both ways where neither is known to be cheaper; all ranks call it.
[[nodiscard]] std::unique_ptr<Exchange> make_exchange(ExchangeWay way, const Exchange::Parts& parts);

}  // namespace regatta::engine
