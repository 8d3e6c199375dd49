#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "regatta/base/time.hpp"
#include "routing/bit_tree.hpp"

namespace regatta::routing {

/// Which of a pool's replicas take requests, as the gateways of a rank have been told: they all hear it at the same
/// instants, and share it.
class Availability {
public:
    /// By replica, at least one: who takes requests from the start.
    explicit Availability(const std::vector<bool>& at_start);

    [[nodiscard]] std::uint32_t replicas() const { return replicas_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] bool is_whole() const { return count_ == replicas_; }
    [[nodiscard]] bool has(std::uint32_t replica) const { return members_.contains(replica); }
    /// The one that has `n` < count() others before it. Logarithmic.
    [[nodiscard]] std::uint32_t nth(std::uint32_t n) const;
    /// The first at or after `replica`, wrapping round; there must be one.
    [[nodiscard]] std::uint32_t next(std::uint32_t replica) const { return members_.first_from(replica); }
    /// Higher after each change.
    [[nodiscard]] std::uint64_t version() const { return version_; }

    void set(std::uint32_t replica, bool takes_requests);
    /// What a board of phases showed at `tick`; told again by each gateway of the rank, which costs nothing.
    void told(std::span<const std::uint32_t> phases, SimTime tick);

private:
    void add(std::uint32_t replica, std::uint32_t by);

    std::vector<bool> at_start_;
    std::uint32_t replicas_;
    std::uint32_t count_ = 0;
    std::uint64_t version_ = 0;
    SimTime told_at_ = SimTime::from_ns(-1);
    BitTree members_;
    /// Sums over ranges of replicas. Source: Fenwick, "A new data structure for cumulative frequency tables",
    /// Software: Practice and Experience 24(3), 1994, pp. 327-336.
    std::vector<std::uint32_t> sums_;
};

}  // namespace regatta::routing
