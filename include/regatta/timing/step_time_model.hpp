#pragma once

#include <cstdint>
#include <span>

#include "regatta/base/time.hpp"

namespace regatta::timing {

/// Durations of steps are kept in units of 2^-16 ns, so that a run of decode steps is an exact arithmetic series and
/// the replica's clock carries the remainder below a nanosecond.
inline constexpr int kFineBits = 16;
inline constexpr std::int64_t kFinePerNs = std::int64_t{1} << kFineBits;

/// Prompt tokens of one sequence computed in a step, `context_tokens` of it being in the KV cache before the step.
struct PrefillChunk {
    std::int64_t tokens = 0;
    std::int64_t context_tokens = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& tokens& context_tokens;
    }
};

/// What a step computes, as sums: never requests.
struct BatchShape {
    std::int64_t decodes = 0;  ///< sequences that get one token each
    /// Sum over the decodes of the KV length each attends to, its own new token included [tokens].
    std::int64_t decode_context_tokens = 0;
    std::span<const PrefillChunk> prefills;
    std::int64_t samples = 0;  ///< sequences whose next token is sampled: decodes and prefills that complete
};

/// Time of a step as a straight line in `decode_context_tokens`, everything else of the shape held fixed:
/// base + slope * decode_context_tokens, in units of 2^-16 ns.
/// Valid while decode_context_tokens < `valid_below`. A model that is not piecewise linear gives slope 0 and
/// valid_below = decode_context_tokens + 1.
/// Contract: two shapes that differ only in decode_context_tokens and lie in the same piece give the same line, bit for
/// bit: base and slope may depend on decode_context_tokens only through the choice of the piece.
struct StepLine {
    std::int64_t base_fine = 0;
    std::int64_t slope_fine = 0;
    std::int64_t valid_below = INT64_MAX;

    [[nodiscard]] std::int64_t at(std::int64_t decode_context_tokens) const {
        return base_fine + slope_fine * decode_context_tokens;
    }
};

/// Where the time of a step goes [s], by kind of operator. Each is the longer of its arithmetic and its traffic; they
/// add up to the step, up to rounding and to the least duration of a step.
struct StepParts {
    double projections = 0;        ///< query, key, value and output projections
    double mlp = 0;                ///< dense MLPs, shared experts
    double experts = 0;            ///< routers and routed experts
    double attention_prefill = 0;  ///< of prefill chunks
    double attention_decode = 0;   ///< of decodes
    double head = 0;               ///< LM head and sampling
    double collectives = 0;        ///< all-reduces and gathering of logits
    double other = 0;              ///< norms, activations, embedding; all that a model without operators cannot tell
    double overhead = 0;           ///< of the step and its layers besides operators
};

class WorkSharing;

/// How long one forward pass of a replica takes. Implementations are immutable once prepared, and shared by all replicas
/// of a pool.
class StepTimeModel {
public:
    virtual ~StepTimeModel() = default;
    /// Does what takes long, such as training on measurements: not needed to check a scenario, but before any other
    /// call. Once, on all ranks together.
    virtual void prepare(WorkSharing& /*work*/) {}
    /// `shape` has at least one decode or prefill chunk. Every step takes at least one nanosecond (implementations
    /// clamp base and slope accordingly).
    [[nodiscard]] virtual StepLine line(const BatchShape& shape) const = 0;
    /// Likewise of one stage of a pipeline: the last one, or any other, which also sends its activations on. In a
    /// pipeline of one stage, that is the last one and takes what line() says.
    [[nodiscard]] virtual StepLine stage_line(const BatchShape& shape, bool /*is_last*/) const { return line(shape); }
    /// Where the time of the step goes; all of it is `other` where the model does not know. Not on the hot path.
    [[nodiscard]] virtual StepParts parts(const BatchShape& shape) const {
        const auto fine = static_cast<double>(line(shape).at(shape.decode_context_tokens));
        StepParts parts;
        parts.other = fine / (1e9 * static_cast<double>(kFinePerNs));
        return parts;
    }
    /// Whether a step with more in it (further sequences, chunks, tokens of context) never takes less time. Lets a
    /// replica sleep through arrivals.
    [[nodiscard]] virtual bool is_monotone() const { return false; }
    /// No step is shorter [2^-16 ns]. How far ahead ranks may run rests on it: a request cannot be answered sooner.
    [[nodiscard]] virtual std::int64_t least_step_fine() const { return kFinePerNs; }
};

}  // namespace regatta::timing
