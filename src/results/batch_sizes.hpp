#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "results/checked_sum.hpp"

namespace regatta::results {

/// How many steps had so many sequences in their batch: exact counts, for batches are small numbers.
class BatchSizes {
public:
    void add(std::int64_t sequences, std::int64_t steps) {
        const auto index = static_cast<std::size_t>(sequences);
        if (index >= steps_.size()) [[unlikely]]
            steps_.resize(index + 1);
        steps_[index] += steps;
    }
    BatchSizes& operator+=(const BatchSizes& other) {
        if (other.steps_.size() > steps_.size()) steps_.resize(other.steps_.size());
        for (std::size_t i = 0; i < other.steps_.size(); ++i)
            add_checked(steps_[i], other.steps_[i]);
        return *this;
    }

    /// Element i: steps with i sequences.
    [[nodiscard]] const std::vector<std::int64_t>& steps() const { return steps_; }
    [[nodiscard]] std::int64_t count() const {
        std::int64_t count = 0;
        for (const std::int64_t steps : steps_)
            add_checked(count, steps);
        return count;
    }
    /// Mean over the steps; 0 when there are none.
    [[nodiscard]] double mean() const {
        double sequences = 0;
        for (std::size_t i = 0; i < steps_.size(); ++i)
            sequences += static_cast<double>(i) * static_cast<double>(steps_[i]);
        return sequences / static_cast<double>(std::max<std::int64_t>(count(), 1));
    }
    /// The size of the batch at rank ceil(p * count) of the steps in order of size; 0 < p <= 1. 0 without steps.
    [[nodiscard]] std::int64_t quantile(double p) const {
        const double rank = p * static_cast<double>(count());
        double below = 0;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            below += static_cast<double>(steps_[i]);
            if (steps_[i] > 0 && below >= rank) return static_cast<std::int64_t>(i);
        }
        return 0;
    }

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& steps_;
    }

private:
    std::vector<std::int64_t> steps_;
};

}  // namespace regatta::results
