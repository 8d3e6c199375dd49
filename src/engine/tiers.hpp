#pragma once

#include <cstdint>
#include <vector>

#include "regatta/engine/model.hpp"

namespace regatta::engine {

/// Groups that advance together: those joined by zero-latency links, every other group alone. The members of a tier on
/// one rank are a domain, with a queue and a clock of its own: domains are to each other like ranks.
class Tiers {
public:
    explicit Tiers(const Model& model);
    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] std::uint32_t of(GroupId group) const { return of_group_[group.index()]; }
    /// How long nothing that a member does reaches another of the tier: over such a stride each may be brought forward
    /// on its own, one after the other, which keeps its state in the cache and needs no order among them. Never where
    /// no member can send to another, 0 in an island.
    [[nodiscard]] SimTime stride(std::uint32_t tier) const { return stride_[tier]; }

    /// Its groups are joined by zero-latency links, so that its members share a rank and may look at each other.
    [[nodiscard]] bool is_island(std::uint32_t tier) const { return is_island_[tier]; }

private:
    std::uint32_t count_ = 0;
    std::vector<std::uint32_t> of_group_;
    std::vector<SimTime> stride_;
    std::vector<bool> is_island_;
};

/// A way by which something reaches a tier: a link or a board.
struct Channel {
    GroupId from;
    GroupId to;
    std::uint32_t from_tier = 0;
    std::uint32_t to_tier = 0;
    SimTime latency;
    bool is_board = false;
    BoardId board;
    EventClass carries = kWakeUp;
};
[[nodiscard]] std::vector<Channel> channels_of(const Model& model, const Tiers& tiers);

/// "gateway -> chat node".
[[nodiscard]] std::string name_of(const Channel& channel, const Model& model);

}  // namespace regatta::engine
