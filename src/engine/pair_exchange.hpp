#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/exchange.hpp"
#include "engine/window_message.hpp"

namespace regatta::engine {

/// One message from each rank to each other, with the events and reports for it, what is pending in the sender's
/// domains, and the earliest event that it has sent to any domain: when all have come nothing is under way, and every
/// rank knows what is pending anywhere. One wait, but messages with the square of the ranks, and longer the more there
/// are.
class PairExchange final : public Exchange {
public:
    explicit PairExchange(const Parts& parts);
    Agreement meet() override;
    /// Of a message without events.
    [[nodiscard]] static std::size_t least_bytes(std::uint32_t ranks, std::uint32_t tiers);

private:
    void exchange();

    std::vector<Buffer> outgoing_;
    std::vector<Buffer> incoming_;
    std::vector<WindowMessage> received_;  ///< by rank; the own one is what this rank tells
    std::vector<Pending> pending_;         ///< by rank and tier, messages just sent included
};

}  // namespace regatta::engine
