#pragma once

#include <cstdint>

#include "regatta/timing/step_time_model.hpp"

namespace regatta::timing {

/// Attention of all layers of one kind on one GPU, by the roofline: the longer of its arithmetic and its memory
/// traffic. Formulas and limits: docs/model/roofline.md.
class RooflineAttention {
public:
    struct Costs {
        double pair_s = 0;               ///< arithmetic of one query token with one context token
        double kv_read_s = 0;            ///< reading keys and values of one token
        double query_s = 0;              ///< reading the query and writing the output of one token
        std::int64_t window_tokens = 0;  ///< most tokens that a query attends to; 0: all
    };
    explicit RooflineAttention(const Costs& costs);

    /// What is computed and moved, in the units of the costs.
    struct Work {
        double pairs = 0;
        double read_tokens = 0;
        double queries = 0;
    };
    [[nodiscard]] Work prefill_work(const PrefillChunk& chunk) const;
    [[nodiscard]] Work decode_work(const BatchShape& shape) const;
    [[nodiscard]] double arithmetic_s(const Work& work) const { return work.pairs * costs_.pair_s; }
    [[nodiscard]] double traffic_s(const Work& work) const {
        return work.read_tokens * costs_.kv_read_s + work.queries * costs_.query_s;
    }

    [[nodiscard]] bool has_window() const { return costs_.window_tokens > 0; }

    [[nodiscard]] double prefill_s(const PrefillChunk& chunk) const;
    /// All decodes of a step together, as a straight line in their context sum. In integers, so that pieces meet at
    /// whole numbers of tokens and each line is the same for every shape of its piece.
    [[nodiscard]] StepLine decode_line(const BatchShape& shape) const;

private:
    [[nodiscard]] StepLine unlimited_line(std::int64_t queries_fine, std::int64_t tokens_per_decode,
                                          std::int64_t context_tokens) const;

    Costs costs_;
    // Decode attention is the higher of two straight lines in the context sum, in units of 2^-16 ns.
    std::int64_t context_memory_fine_;
    std::int64_t context_arithmetic_fine_;
};

/// Seconds in units of 2^-16 ns.
[[nodiscard]] std::int64_t fine_of_seconds(double seconds);

}  // namespace regatta::timing
