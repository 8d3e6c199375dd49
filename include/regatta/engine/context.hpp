#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/engine/logical_process.hpp"

namespace regatta::engine {

/// What a logical process may do while it handles something.
class Context {
public:
    virtual ~Context() = default;
    [[nodiscard]] SimTime now() const { return now_; }
    [[nodiscard]] LpId self() const { return self_; }

    /// Sends `payload` to `to`, received at now() + `delay`. There must be a link with at most this latency. `key`
    /// together with the class should be unique among what can reach `to` at one instant.
    template <class Payload>
    void send(LpId to, SimTime delay, EventClass event_class, std::uint64_t key, const Payload& payload) {
        Event event;
        event.time = now_ + delay;
        event.key = key;
        event.receiver = to;
        event.instant_order = event_class;
        event.set_payload(payload);
        post(event, delay);
    }

    /// Plans (or plans anew) the wake-up of `slot` for `at` >= now().
    virtual void wake_at(std::uint32_t slot, SimTime at) = 0;
    virtual void cancel_wake_up(std::uint32_t slot) = 0;
    /// Goes on to `at` > now() within the same call, as if a wake-up of slot 0 planned for it had come: true, and now()
    /// is `at`. Only where the engine is sure that nothing else happens to this process before; else false, nothing has
    /// changed, and a wake-up is to be planned. Slot 0 must not be planned. For processes that wake themselves over and
    /// over.
    [[nodiscard]] virtual bool go_on_to(SimTime at) = 0;
    /// Of a published board: from the next report on, until changed again, `entry` shows `value`. Entries that were
    /// never published show 0.
    virtual void publish(BoardId board, std::uint32_t entry, std::uint32_t value) = 0;
    /// Another member of this process's island, up to date.
    [[nodiscard]] virtual const LogicalProcess& peek(LpId other) = 0;

protected:
    virtual void post(Event& event, SimTime delay) = 0;

    SimTime now_;
    LpId self_;
};

}  // namespace regatta::engine
