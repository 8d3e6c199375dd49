#include "engine/collective_exchange.hpp"

#include <span>

namespace regatta::engine {

namespace {

/// For the agreement, and for each kind and tier.
constexpr std::size_t kCommonValues = 5;
constexpr std::size_t kPendingValues = 4;

}  // namespace

CollectiveExchange::CollectiveExchange(const Parts& parts)
    : Exchange(parts),
      own_(parts.tiers),
      others_(parts.horizon.kinds() * parts.tiers),
      values_(value_count(parts.horizon.kinds(), parts.tiers)) {}

std::size_t CollectiveExchange::value_count(std::size_t kinds, std::size_t tiers) {
    return kCommonValues + kinds * tiers * kPendingValues;
}

Agreement CollectiveExchange::meet() {
    deliver();
    for (std::uint32_t tier = 0; tier < parts_.tiers; ++tier)
        own_[tier] = parts_.loop.pending(tier);
    const Agreement agreement = reduce();
    parts_.horizon.find_safe(own_, others_);
    return agreement;
}

void CollectiveExchange::deliver() {
    std::vector<WindowMessage>& messages = parts_.loop.outgoing();
    const std::vector<std::uint32_t>& destinations = parts_.loop.destinations();
    if (outgoing_.size() < destinations.size()) outgoing_.resize(destinations.size());
    for (std::size_t i = 0; i < destinations.size(); ++i) {
        const std::uint32_t to = destinations[i];
        outgoing_[i].rank = to;
        write_message(messages[to], outgoing_[i].bytes);
        ++messages_;
        bytes_ += static_cast<std::int64_t>(outgoing_[i].bytes.size());
    }
    parts_.clock.begin_waiting();
    const std::size_t came = parts_.transport.deliver(std::span(outgoing_).first(destinations.size()), incoming_);
    parts_.clock.end_waiting();
    for (std::size_t i = 0; i < came; ++i) {
        read_message(incoming_[i].bytes, received_);
        parts_.loop.receive(received_);
    }
    parts_.loop.clear_outgoing();
}

/// Nothing is under way: what each rank has pending is all there is. Largest values travel as the smallest of their
/// opposites.
Agreement CollectiveExchange::reduce() {
    Agreement agreement;
    for (const Pending& pending : own_)
        agreement.add(pending);
    std::fill(values_.begin(), values_.end(), SimTime::never().ns());
    values_[0] = agreement.event.ns();
    values_[1] = agreement.fixed.ns();
    values_[2] = -agreement.last_event.ns();
    values_[3] = -agreement.lasting.ns();
    values_[4] = -static_cast<std::int64_t>(wish_);
    const std::size_t kind = parts_.horizon.kind_of(parts_.transport.rank());
    std::size_t next = kCommonValues + kind * parts_.tiers * kPendingValues;
    for (const Pending& pending : own_)
        for (const SimTime time : {pending.wake_up, pending.message, pending.report, pending.change})
            values_[next++] = time.ns();
    parts_.clock.begin_waiting();
    parts_.transport.smallest(values_);
    parts_.clock.end_waiting();
    reductions_ += 2;  // one more counts the messages for each rank

    next = kCommonValues;
    for (Pending& pending : others_)
        for (SimTime* time : {&pending.wake_up, &pending.message, &pending.report, &pending.change})
            *time = SimTime::from_ns(values_[next++]);
    return {.event = SimTime::from_ns(values_[0]),
            .fixed = SimTime::from_ns(values_[1]),
            .last_event = SimTime::from_ns(-values_[2]),
            .lasting = SimTime::from_ns(-values_[3]),
            .wish = static_cast<Wish>(-values_[4])};
}

}  // namespace regatta::engine
