#include "engine/pair_exchange.hpp"

namespace regatta::engine {

PairExchange::PairExchange(const Parts& parts)
    : Exchange(parts),
      outgoing_(parts.transport.ranks()),
      incoming_(parts.transport.ranks()),
      received_(parts.transport.ranks()),
      pending_(std::size_t{parts.transport.ranks()} * parts.tiers) {}

std::size_t PairExchange::least_bytes(std::uint32_t ranks, std::uint32_t tiers) {
    constexpr std::size_t kCountBytes = 40;
    return kCountBytes + tiers * sizeof(Pending) + std::size_t{ranks} * tiers * sizeof(SimTime);
}

Agreement PairExchange::meet() {
    const std::uint32_t tiers = parts_.tiers;
    const std::uint32_t own = parts_.transport.rank();
    received_[own].pending.resize(tiers);
    for (std::uint32_t tier = 0; tier < tiers; ++tier)
        received_[own].pending[tier] = parts_.loop.pending(tier);
    const bool is_alone = parts_.transport.ranks() == 1;
    if (!is_alone) exchange();
    Agreement agreement;
    received_[own].wish = static_cast<std::uint64_t>(wish_);
    for (const WindowMessage& message : received_)
        agreement.wish = std::max(agreement.wish, static_cast<Wish>(message.wish));
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        Pending& pending = pending_[i];
        pending = received_[i / tiers].pending[i % tiers];
        if (!is_alone)
            for (const WindowMessage& message : received_)
                pending.message = std::min(pending.message, message.earliest_sent[i]);
        agreement.add(pending);
    }
    parts_.horizon.find_safe(pending_);
    return agreement;
}

void PairExchange::exchange() {
    const std::uint32_t own = parts_.transport.rank();
    const std::uint32_t ranks = parts_.transport.ranks();
    std::vector<WindowMessage>& messages = parts_.loop.outgoing();
    std::vector<SimTime>& sent = received_[own].earliest_sent;
    sent.clear();
    for (const WindowMessage& message : messages)
        sent.insert(sent.end(), message.earliest.begin(), message.earliest.end());
    for (std::uint32_t to = 0; to < ranks; ++to) {
        if (to == own) continue;
        messages[to].pending = received_[own].pending;
        messages[to].earliest_sent = sent;
        messages[to].wish = static_cast<std::uint64_t>(wish_);
        write_message(messages[to], outgoing_[to]);
        ++messages_;
        bytes_ += static_cast<std::int64_t>(outgoing_[to].size());
    }
    parts_.clock.begin_waiting();
    parts_.transport.exchange(outgoing_, incoming_);
    parts_.clock.end_waiting();
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) read_message(incoming_[from], received_[from]);
    for (std::uint32_t from = 0; from < ranks; ++from)
        if (from != own) parts_.loop.receive(received_[from]);
    parts_.loop.clear_outgoing();
}

}  // namespace regatta::engine
