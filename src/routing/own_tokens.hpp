#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "routing/least_tree.hpp"

namespace regatta::routing {

/// The prompt tokens of one gateway's own outstanding requests at each replica: of its dispatches less the completions
/// told to it.
class OwnTokens {
public:
    explicit OwnTokens(std::uint32_t replicas) : tokens_(replicas, 0) {}

    [[nodiscard]] std::uint32_t replicas() const { return static_cast<std::uint32_t>(tokens_.size()); }
    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const { return tokens_[replica]; }
    void dispatched(std::uint32_t replica, std::uint32_t tokens);
    void completed(std::uint32_t replica, std::uint32_t tokens);
    /// Linear only in the first call.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& tokens_;
        if constexpr (Archive::is_loading::value) tree_.reset();
    }

private:
    std::vector<std::uint64_t> tokens_;
    std::optional<LeastTree> tree_;  ///< made by the first least()
};

}  // namespace regatta::routing
