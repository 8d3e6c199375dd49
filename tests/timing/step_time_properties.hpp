#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "regatta/timing/step_time_model.hpp"

namespace regatta::timing {

/// A shape that owns its chunks.
struct Batch {
    std::int64_t decodes = 0;
    std::int64_t context = 0;
    std::vector<PrefillChunk> prefills;
    std::int64_t samples = 0;

    [[nodiscard]] BatchShape shape() const { return shape_at(context); }
    [[nodiscard]] BatchShape shape_at(std::int64_t context_tokens) const {
        return {.decodes = decodes, .decode_context_tokens = context_tokens, .prefills = prefills, .samples = samples};
    }
};

inline Batch any_batch() {
    Batch batch;
    batch.decodes = *rc::gen::inRange<std::int64_t>(1, 512);
    batch.context = *rc::gen::inRange<std::int64_t>(batch.decodes, 2'000'000);
    const auto chunks = *rc::gen::inRange(0, 4);
    for (int i = 0; i < chunks; ++i)
        batch.prefills.push_back({.tokens = *rc::gen::inRange<std::int64_t>(1, 4096),
                                  .context_tokens = *rc::gen::inRange<std::int64_t>(0, 100'000)});
    batch.samples = *rc::gen::inRange<std::int64_t>(0, batch.decodes + chunks + 1);
    return batch;
}

inline bool same(const StepLine& a, const StepLine& b) {
    return a.base_fine == b.base_fine && a.slope_fine == b.slope_fine && a.valid_below == b.valid_below;
}

inline std::int64_t fine_time(const StepTimeModel& model, const Batch& batch) {
    return model.line(batch.shape()).at(batch.context);
}

/// All parts of a step together [2^-16 ns].
inline double fine_of(const StepParts& parts) {
    const double seconds = parts.projections + parts.mlp + parts.experts + parts.attention_prefill +
                           parts.attention_decode + parts.head + parts.collectives + parts.other + parts.overhead;
    return seconds * 1e9 * double{kFinePerNs};
}

// What every step-time model promises, for use inside a property.

inline void check_parts_add_up(const StepTimeModel& model) {
    const Batch batch = any_batch();
    const auto step = static_cast<double>(fine_time(model, batch));
    RC_ASSERT(std::abs(fine_of(model.parts(batch.shape())) - step) <= 1e-9 * step + 10);
}

inline void check_pieces_are_lines(const StepTimeModel& model) {
    const Batch batch = any_batch();
    const StepLine line = model.line(batch.shape());
    RC_ASSERT(batch.context < line.valid_below);
    const std::int64_t further =
        *rc::gen::inRange<std::int64_t>(batch.context, std::min<std::int64_t>(line.valid_below, 4'000'000));
    RC_ASSERT(same(model.line(batch.shape_at(further)), line));
}

inline void check_pieces_do_not_drop(const StepTimeModel& model, int most_pieces) {
    Batch batch = any_batch();
    batch.context = batch.decodes;
    for (int pieces = 1;; ++pieces) {
        const StepLine line = model.line(batch.shape());
        if (line.valid_below == INT64_MAX) break;
        RC_ASSERT(pieces < most_pieces);
        RC_ASSERT(line.valid_below > batch.context);
        const std::int64_t last = line.at(line.valid_below - 1);
        batch.context = line.valid_below;
        RC_ASSERT(fine_time(model, batch) >= last);
    }
}

inline void check_none_is_shorter_than_the_least(const StepTimeModel& model) {
    RC_ASSERT(fine_time(model, any_batch()) >= model.least_step_fine());
}

inline void check_never_gets_faster_with_more(const StepTimeModel& model) {
    const Batch batch = any_batch();
    const std::int64_t time = fine_time(model, batch);

    Batch more_decodes = batch;
    ++more_decodes.decodes;
    RC_ASSERT(fine_time(model, more_decodes) >= time);
    Batch more_context = batch;
    ++more_context.context;
    RC_ASSERT(fine_time(model, more_context) >= time);
    Batch more_samples = batch;
    ++more_samples.samples;
    RC_ASSERT(fine_time(model, more_samples) >= time);
    Batch more_prefills = batch;
    more_prefills.prefills.push_back({.tokens = 1});
    RC_ASSERT(fine_time(model, more_prefills) >= time);
    if (batch.prefills.empty()) return;
    Batch longer_chunk = batch;
    ++longer_chunk.prefills.back().tokens;
    RC_ASSERT(fine_time(model, longer_chunk) >= time);
    Batch longer_prefix = batch;
    ++longer_prefix.prefills.back().context_tokens;
    RC_ASSERT(fine_time(model, longer_prefix) >= time);
}

}  // namespace regatta::timing
