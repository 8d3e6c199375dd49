#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"
#include "routing/level_index.hpp"

namespace regatta::routing {

/// How many of one gateway's own requests are outstanding at each replica: its dispatches less the completions told to
/// it. Small numbers, of which few differ.
class OwnRequests {
public:
    explicit OwnRequests(std::uint32_t replicas) : counts_(replicas, 0) {}

    [[nodiscard]] std::uint32_t replicas() const { return static_cast<std::uint32_t>(counts_.size()); }
    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const { return counts_[replica]; }
    void dispatched(std::uint32_t replica);
    void completed(std::uint32_t replica);
    /// Linear only in the first call.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& counts_;
        if constexpr (Archive::is_loading::value) index_.reset();
    }

private:
    std::vector<std::uint32_t> counts_;
    std::optional<LevelIndex> index_;  ///< made by the first least(): most routers never ask
};

}  // namespace regatta::routing
