#include "serving/reserving.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/batching_parameters.hpp"
#include "serving/batching_stepwise.hpp"
#include "serving/speculation.hpp"

namespace regatta::serving {

/// Vidur rounds the longest sequence down to whole blocks.
Reserve reserve_of(const SchedulerLimits& limits, const ReservingOptions& options) {
    const std::int64_t proposed = limits.speculation == nullptr ? 0 : limits.speculation->tokens;
    const std::int64_t tokens = limits.max_context_tokens + proposed;
    const std::int64_t whole = tokens / limits.block_tokens;
    const std::int64_t rest = tokens % limits.block_tokens;
    Reserve reserve;
    reserve.blocks = std::max<std::int64_t>(limits.is_like_vidur || rest == 0 ? whole : whole + 1, 1);
    const std::int64_t sequences = limits.planned_sequences != INT64_MAX
                                       ? limits.planned_sequences
                                       : limits.kv_blocks / reserve.blocks / limits.pipeline_stages;
    reserve.batch_cap = std::min(options.max_running, std::max<std::int64_t>(sequences, 1));
    return reserve;
}

Reserving::Reserving(const SchedulerLimits& limits, const ReservingOptions& options)
    : Batching(limits),
      reserve_(reserve_of(limits, options).blocks),
      batch_cap_(reserve_of(limits, options).batch_cap) {
    grows_ = false;
}

void Reserving::admit() {
    while (!waiting_.empty() && batch_size() < batch_cap_ && free_blocks() >= reserve_) {
        const std::uint32_t index = admit_first(reserve_);
        add(index, slot(index).prompt);
    }
}

bool Orca::arrival_may_join(const Request& /*request*/) const {
    return waiting_.empty() && free_blocks() >= reserve_;
}

void Orca::form() {
    std::size_t next = 0;
    while (next < ready_.size() && batch_size() < batch_cap_)
        add(ready_[next++], 1);
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next));
    admit();
}

/// Only when nobody runs, or some stage of a pipeline has nothing to do.
bool FasterTransformer::arrival_may_join(const Request& /*request*/) const {
    return limits_.pipeline_stages > 1 || running() == 0;
}

void FasterTransformer::form() {
    if (paused_.empty())
        admit();
    else
        take_again();
}

void FasterTransformer::put_back(Batch& batch) {
    if (batch.pieces.empty())
        used_blocks_ -= batch.kept_blocks;
    else
        paused_.push_back(std::exchange(batch, {}));
}

void FasterTransformer::take_again() {
    const Batch batch = std::move(paused_.front());
    paused_.pop_front();
    forming_->kept_blocks = limits_.is_like_vidur ? 0 : batch.kept_blocks;
    for (const Piece& piece : batch.pieces)
        add(piece.slot, 1);
}

std::int64_t FasterTransformer::least_to_come_outside() const {
    std::int64_t least = INT64_MAX;
    for (const Batch& batch : paused_)
        least = std::min(least, batch.least_to_come);
    return least;
}

void FasterTransformer::forget(std::uint32_t index) {
    for (auto batch = paused_.begin(); batch != paused_.end(); ++batch) {
        if (std::erase_if(batch->pieces, [&](const Piece& piece) { return piece.slot == index; }) == 0) continue;
        batch->kept_blocks += slot(index).blocks;
        if (batch->pieces.empty()) {
            used_blocks_ -= batch->kept_blocks;
            paused_.erase(batch);
        }
        return;
    }
}

void FasterTransformer::save(OutArchive& archive) const {
    Batching::save(archive);
    archive << paused_;
}

void FasterTransformer::load(InArchive& archive) {
    Batching::load(archive);
    archive >> paused_;
}

std::vector<Parameter> reserving_parameters() {
    return {
        max_running_parameter("most sequences of a batch; fewer where memory has no room for so many of the "
                              "longest")};
}

namespace {

ReservingOptions checked_options(const SchedulerLimits& limits, const Parameters& parameters) {
    const ReservingOptions options{.max_running = parameters.count("max_running")};
    const Reserve reserve = reserve_of(limits, options);
    if (reserve.blocks > limits.kv_blocks)
        throw InputError(
            fmt::format("policy: it reserves {} KV blocks for each request, the longest of which has {} "
                        "tokens, but a replica has {}; lower max_context_tokens",
                        reserve.blocks, limits.max_context_tokens, limits.kv_blocks));
    return options;
}

}  // namespace

std::unique_ptr<ReplicaScheduler> make_orca(const SchedulerLimits& limits, const Parameters& parameters,
                                            Stepping stepping) {
    const ReservingOptions options = checked_options(limits, parameters);
    if (stepping == Stepping::Stepwise) return make_orca_stepwise(limits, options);
    return std::make_unique<Orca>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_faster_transformer(const SchedulerLimits& limits, const Parameters& parameters,
                                                          Stepping stepping) {
    const ReservingOptions options = checked_options(limits, parameters);
    if (stepping == Stepping::Stepwise) return make_faster_transformer_stepwise(limits, options);
    return std::make_unique<FasterTransformer>(limits, options);
}

}  // namespace regatta::serving
