#include "serving/lightllm.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "serving/batching_parameters.hpp"
#include "serving/batching_stepwise.hpp"

namespace regatta::serving {

/// Alone, a request needs what it has in the end, and less than all there is.
bool LightLlm::accepts(const Request& request) const {
    if (limits_.is_like_vidur) return true;
    const std::int64_t prompt = request.prompt_tokens;
    const std::int64_t last = prompt + 1 + std::max<std::int64_t>(std::int64_t{request.output_tokens} - 2, 0);
    return Batching::accepts(request) && prompt <= options_.max_batch_tokens && last < limits_.kv_blocks;
}

void LightLlm::form() {
    const bool has_decodes = !ready_.empty();
    if (has_decodes && iterations_ < options_.max_waiting_iterations) {
        form_decodes();
        return;
    }
    if (has_decodes) iterations_ = 0;
    form_prompts();
    if (batch_size() > 0)
        iterations_ = 0;
    else if (has_decodes)
        form_decodes();
}

void LightLlm::form_decodes() {
    REGATTA_CHECK(free_blocks() >= std::ssize(ready_), "lightllm has let in more than its memory holds");
    ++iterations_;
    for (const std::uint32_t index : ready_) {
        take_blocks(slot(index), 1);
        add(index, 1);
    }
    ready_.clear();
}

void LightLlm::form_prompts() {
    const auto has_more = [](const Growth& a, const Growth& b) { return a.left > b.left; };
    growths_.clear();
    if (!waiting_.empty())
        for (const std::uint32_t index : ready_)
            growths_.push_back(
                {.held = slot(index).done, .left = std::max<std::int64_t>(slot(index).tokens_to_come() - 1, 0)});
    std::sort(growths_.begin(), growths_.end(), has_more);
    std::int64_t tokens = 0;
    while (!waiting_.empty()) {
        const Slot& head = slot(waiting_.front());
        const std::int64_t prompt = head.prompt;
        if (tokens + prompt > options_.max_batch_tokens || running() == options_.max_running) return;
        const Growth growth{.held = prompt + 1, .left = std::max<std::int64_t>(head.target - prompt - 2, 0)};
        growths_.insert(std::upper_bound(growths_.begin(), growths_.end(), growth, has_more), growth);
        if (!will_fit()) return;
        tokens += prompt;
        add(admit_first(prompt), prompt);
    }
}

/// When the k-th longest ends, the k longest hold what they do now and as much more each as that one has to come.
bool LightLlm::will_fit() const {
    std::int64_t held = 0;
    std::int64_t most = 0;
    for (std::size_t k = 0; k < growths_.size(); ++k) {
        held += growths_[k].held;
        most = std::max(most, held + growths_[k].left * static_cast<std::int64_t>(k + 1));
    }
    return most < limits_.kv_blocks;
}

std::int64_t LightLlm::steps_before_next_look() const {
    if (waiting_.empty()) return INT64_MAX;
    return 1 + std::max<std::int64_t>(options_.max_waiting_iterations - iterations_, 0);
}

/// Each forming of decodes counts, and begins anew where it would have looked at who waits.
void LightLlm::skipped(std::int64_t steps) {
    iterations_ = (iterations_ - 1 + steps) % std::max<std::int64_t>(options_.max_waiting_iterations, 1) + 1;
}

void LightLlm::save(OutArchive& archive) const {
    Batching::save(archive);
    archive << iterations_;
}

void LightLlm::load(InArchive& archive) {
    Batching::load(archive);
    archive >> iterations_;
}

std::vector<Parameter> lightllm_parameters() {
    return {max_running_parameter("most sequences that run"),
            {.key = "max_batch_tokens",
             .kind = ParameterKind::Count,
             .default_text = "4096",
             .least = 1,
             .most = 1e8,
             .sentence = "most tokens of a batch of prompts"},
            {.key = "max_waiting_iterations",
             .kind = ParameterKind::Count,
             .default_text = "10",
             .least = 0,
             .most = 1e6,
             .sentence = "who waits is looked at after so many steps of decodes, or when nothing runs"}};
}

std::unique_ptr<ReplicaScheduler> make_lightllm(const SchedulerLimits& limits, const Parameters& parameters,
                                                Stepping stepping) {
    if (limits.block_tokens != 1)
        throw InputError("policy: lightllm counts KV memory by the token; expected block_tokens: 1 in the pool");
    if (limits.pipeline_stages != 1) throw InputError("policy: lightllm has no pipelines; expected parallel.pp: 1");
    if (limits.speculation != nullptr)
        throw InputError("policy: lightllm looks ahead by one token a step; expected speculation: none");
    const LightLlmOptions options{.max_running = parameters.count("max_running"),
                                  .max_batch_tokens = parameters.count("max_batch_tokens"),
                                  .max_waiting_iterations = parameters.count("max_waiting_iterations")};
    if (stepping == Stepping::Stepwise) return make_lightllm_stepwise(limits, options);
    return std::make_unique<LightLlm>(limits, options);
}

}  // namespace regatta::serving
