#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/engine/model.hpp"

namespace regatta::engine {

/// Which rank each logical process lives on.
struct Partition {
    std::uint32_t ranks = 1;
    std::vector<std::uint32_t> rank_of;  ///< by LpId
    /// Largest expected load of a rank over the mean: 1 is perfect.
    double imbalance = 1;
    /// Ranks that got nothing, because there are more ranks than islands.
    std::uint32_t idle_ranks = 0;
    /// What ties processes together so that ranks stay idle ("gateway -> node, 0 ns"); empty when none does.
    std::string tied_by;
};

/// Islands to ranks: largest expected load first, each to the rank that has least (ties: lowest rank); runs of equal
/// islands stay together. Deterministic.
[[nodiscard]] Partition partition_by_load(const Model& model, std::uint32_t ranks);
/// Process i to rank i mod ranks (islands whole): the worst case for locality, for tests.
[[nodiscard]] Partition partition_round_robin(const Model& model, std::uint32_t ranks);

}  // namespace regatta::engine
