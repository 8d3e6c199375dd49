#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/exchange.hpp"
#include "engine/window_message.hpp"

namespace regatta::engine {

/// Messages only to ranks that get an event or a report; then, when all have come, one reduction over all ranks for
/// what is pending: of each kind of rank and tier the earliest. What a rank tells does not grow with the number of
/// ranks, and nobody waits for a message of each.
///
/// The reduction does not leave the own rank out: what is pending here counts as if it were on another rank of its
/// kind, too. That makes windows of the rank with the earliest event narrower and is safe.
class CollectiveExchange final : public Exchange {
public:
    explicit CollectiveExchange(const Parts& parts);
    Agreement meet() override;
    /// Numbers of one reduction.
    [[nodiscard]] static std::size_t value_count(std::size_t kinds, std::size_t tiers);

private:
    void deliver();
    Agreement reduce();

    std::vector<Parcel> outgoing_;  ///< grows to the most that went out in a window, and keeps its buffers
    std::vector<Parcel> incoming_;
    WindowMessage received_;
    std::vector<Pending> own_;     ///< by tier
    std::vector<Pending> others_;  ///< by kind and tier
    std::vector<std::int64_t> values_;
};

}  // namespace regatta::engine
