#include "timing/speculative.hpp"

#include <algorithm>
#include <utility>

namespace regatta::timing {

SpeculativeStepTime::SpeculativeStepTime(std::shared_ptr<StepTimeModel> target, Proposer proposer)
    : target_(std::move(target)), proposer_(std::move(proposer)) {}

void SpeculativeStepTime::prepare(WorkSharing& work) {
    target_->prepare(work);
    if (proposer_.draft != nullptr) proposer_.draft->prepare(work);
}

/// The draft model's first pass computes the chunks of prompts with the decodes, its others decodes alone, whose
/// context is longer by a token each time.
void SpeculativeStepTime::add_proposals(const BatchShape& shape, StepLine& line) const {
    if (shape.decodes > 0) line.base_fine += proposer_.step_fine + shape.decodes * proposer_.sequence_fine;
    if (proposer_.draft == nullptr) return;
    BatchShape pass = shape;
    pass.tokens_per_decode = 1;
    pass.samples = shape.decodes;
    const std::int64_t passes = shape.decodes > 0 ? proposer_.tokens : 1;
    for (std::int64_t i = 0; i < passes; ++i) {
        const std::int64_t added = i * shape.decodes;
        pass.decode_context_tokens = shape.decode_context_tokens + added;
        const StepLine draft = proposer_.draft->line(pass);
        line.base_fine += draft.base_fine + draft.slope_fine * added;
        line.slope_fine += draft.slope_fine;
        if (draft.valid_below != INT64_MAX) line.valid_below = std::min(line.valid_below, draft.valid_below - added);
        pass.prefills = {};
    }
}

StepLine SpeculativeStepTime::line(const BatchShape& shape) const {
    StepLine line = target_->line(shape);
    add_proposals(shape, line);
    return line;
}

StepLine SpeculativeStepTime::stage_line(const BatchShape& shape, bool is_last) const {
    StepLine line = target_->stage_line(shape, is_last);
    if (is_last) add_proposals(shape, line);
    return line;
}

StepParts SpeculativeStepTime::parts(const BatchShape& shape) const {
    StepParts parts = target_->parts(shape);
    StepLine proposals;
    add_proposals(shape, proposals);
    parts.overhead += static_cast<double>(proposals.at(shape.decode_context_tokens)) / (1e9 * double{kFinePerNs});
    return parts;
}

bool SpeculativeStepTime::is_monotone() const {
    return target_->is_monotone() && (proposer_.draft == nullptr || proposer_.draft->is_monotone());
}

}  // namespace regatta::timing
