#include "serving/paged_batching.hpp"

#include <algorithm>

#include "serving/batching_parameters.hpp"
#include "serving/batching_stepwise.hpp"

namespace regatta::serving {

namespace {

/// So many requests are called for before they are looked at.
constexpr std::size_t kAhead = 6;

}  // namespace

PagedBatching::PagedBatching(const SchedulerLimits& limits, const PagedOptions& options)
    : Batching(limits),
      options_(options),
      watermark_(static_cast<std::int64_t>(options.watermark * static_cast<double>(limits.kv_blocks))),
      batch_cap_(options.max_running / limits.pipeline_stages) {}

bool PagedBatching::grow_or_give_way(std::uint32_t index, std::vector<std::uint32_t>& line, std::size_t behind) {
    const std::int64_t more = std::max<std::int64_t>(blocks_of_decode(slot(index)) - slot(index).blocks, 0);
    // Whether or not this token needs a block: one must be free.
    while (free_blocks() < std::max<std::int64_t>(more, 1)) {
        if (line.size() == behind) {
            preempt(index);
            return false;
        }
        const std::uint32_t victim = line.back();
        line.pop_back();
        preempt(victim);
    }
    take_blocks(slot(index), more);
    return true;
}

bool VllmV0::accepts(const Request& request) const {
    return Batching::accepts(request) &&
           (limits_.is_like_vidur || std::int64_t{request.prompt_tokens} <= options_.max_batch_tokens);
}

/// First come, first served: while somebody waits, none can pass; and what is used only grows while the batch holds.
bool VllmV0::arrival_may_join(const Request& request) const {
    return waiting_.empty() && running() < options_.max_running && has_room_for_prompt(request.prompt_tokens);
}

void VllmV0::form() {
    form_prompts();
    if (batch_size() == 0) form_decodes();
}

void VllmV0::form_prompts() {
    std::int64_t longest = 0;
    while (!waiting_.empty()) {
        const Slot& head = slot(waiting_.front());
        if (!has_room_for_prompt(head.prompt)) return;
        longest = std::max(longest, head.prompt);
        // One that has come this far before is let in alone, although its answer has made it too long. Vidur lets it
        // wait forever.
        const bool may_be_long = batch_size() == 0 && was_preempted(waiting_.front()) && !limits_.is_like_vidur;
        if ((batch_size() + 1) * longest > options_.max_batch_tokens && !may_be_long) return;
        if (running() == options_.max_running || batch_size() == batch_cap_) return;
        const std::int64_t prompt = head.prompt;
        add(admit_first(blocks_for(prompt)), prompt);
    }
}

void VllmV0::form_decodes() {
    sort_by_arrival(ready_);
    std::size_t next = 0;
    while (next < ready_.size() && batch_size() < batch_cap_) {
        if (next + kAhead < ready_.size()) call_for(ready_[next + kAhead]);
        const std::uint32_t index = ready_[next++];
        if (grow_or_give_way(index, ready_, next)) add(index, 1);
    }
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next));
}

bool Sarathi::arrival_may_join(const Request& request) const {
    return waiting_.empty() && running() < options_.max_running && has_room_for_prompt(request.prompt_tokens);
}

void Sarathi::form() {
    batch_tokens_ = 0;
    add_decodes();
    continue_prompts();
    admit();
}

/// Decodes are not held to chunk_tokens.
void Sarathi::add_decodes() {
    unfinished_prompts_.clear();
    std::size_t next = 0;
    while (next < ready_.size() && batch_size() < batch_cap_) {
        if (next + kAhead < ready_.size()) call_for(ready_[next + kAhead]);
        const std::uint32_t index = ready_[next++];
        if (!slot(index).is_prefilled()) {
            unfinished_prompts_.push_back(index);
        } else if (grow_or_give_way(index, ready_, next)) {
            add(index, 1);
            batch_tokens_ += 1 + lookahead_;
        }
    }
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(next));
}

std::int64_t Sarathi::next_chunk(std::uint32_t index) const {
    const Slot& prompt = slot(index);
    return std::max<std::int64_t>(std::min(prompt.prompt - prompt.done, options_.chunk_tokens - batch_tokens_), 0);
}

void Sarathi::continue_prompts() {
    left_out_.clear();
    for (const std::uint32_t index : unfinished_prompts_) {
        const std::int64_t tokens = next_chunk(index);
        if (tokens == 0) {
            left_out_.push_back(index);
            continue;
        }
        batch_tokens_ += tokens;
        add(index, tokens);
    }
    if (left_out_.empty() && ready_.empty()) return;
    ready_.insert(ready_.begin(), left_out_.begin(), left_out_.end());
    sort_by_arrival(ready_);
}

void Sarathi::admit() {
    while (!waiting_.empty() && running() < options_.max_running && batch_size() < batch_cap_) {
        const std::uint32_t head = waiting_.front();
        const std::int64_t tokens = next_chunk(head);
        if (tokens == 0 || !has_room_for_prompt(slot(head).prompt)) return;
        batch_tokens_ += tokens;
        add(admit_first(blocks_for(slot(head).prompt)), tokens);
    }
}

std::vector<Parameter> vllm_v0_parameters() {
    return {max_running_parameter("most sequences that hold KV blocks; a batch of a pipeline has its part of them"),
            watermark_parameter(),
            {.key = "max_batch_tokens",
             .kind = ParameterKind::Count,
             .default_text = "4096",
             .least = 1,
             .most = 1e8,
             .sentence = "a batch of prompts is padded: their number times the longest of them is at most this"}};
}

std::vector<Parameter> sarathi_parameters() {
    return {max_running_parameter("most sequences that hold KV blocks; a batch of a pipeline has its part of them"),
            watermark_parameter(),
            {.key = "chunk_tokens",
             .kind = ParameterKind::Count,
             .default_text = "512",
             .least = 1,
             .most = 1e6,
             .sentence = "a step is filled up to so many tokens with pieces of prompts"}};
}

namespace {

PagedOptions options_of(const SchedulerLimits& limits, const Parameters& parameters) {
    check_stages(limits, parameters);
    PagedOptions options{.max_running = parameters.count("max_running"), .watermark = parameters.real("watermark")};
    if (parameters.has("max_batch_tokens")) options.max_batch_tokens = parameters.count("max_batch_tokens");
    if (parameters.has("chunk_tokens")) options.chunk_tokens = parameters.count("chunk_tokens");
    return options;
}

}  // namespace

std::unique_ptr<ReplicaScheduler> make_vllm_v0(const SchedulerLimits& limits, const Parameters& parameters,
                                               Stepping stepping) {
    const PagedOptions options = options_of(limits, parameters);
    if (stepping == Stepping::Stepwise) return make_vllm_v0_stepwise(limits, options);
    return std::make_unique<VllmV0>(limits, options);
}

std::unique_ptr<ReplicaScheduler> make_sarathi(const SchedulerLimits& limits, const Parameters& parameters,
                                               Stepping stepping) {
    const PagedOptions options = options_of(limits, parameters);
    if (stepping == Stepping::Stepwise) return make_sarathi_stepwise(limits, options);
    return std::make_unique<Sarathi>(limits, options);
}

}  // namespace regatta::serving
