#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/engine/model.hpp"
#include "regatta/engine/partition.hpp"

namespace regatta::engine {

/// The least time that lies between an event on one rank and anything it can cause on another, over any chain of ranks.
/// From a rank to itself: the shortest way out and back.
class Lookahead {
public:
    Lookahead(const Model& model, const Partition& partition);
    [[nodiscard]] SimTime between(std::uint32_t from, std::uint32_t to) const { return least_[from * ranks_ + to]; }

private:
    std::size_t ranks_;
    std::vector<SimTime> least_;
};

}  // namespace regatta::engine
