#include "scenario/pool_capacity.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/timing/step_time_model.hpp"

namespace regatta::scenario {
namespace {

constexpr int kBatchesTried = 64;
constexpr double kFinePerSecond = static_cast<double>(timing::kFinePerNs) * 1e9;

/// Means over the requests of a mix.
struct Means {
    double prompt = 0;
    double decodes = 0;         ///< steps of a request after the one that made its first token
    double decode_context = 0;  ///< KV length that such a step attends to
    /// Prompt that the mean prompt token belongs to: long prompts hold more of them.
    double prompt_of_token = 0;
};

/// A step brings each decode `tokens_per_step` tokens on average.
Means means_of(const workload::RequestMix& mix, double tokens_per_step) {
    const auto count = static_cast<double>(mix.requests);
    Means means;
    means.prompt = mix.mean_prompt();
    means.decodes = mix.mean_output() - 1;
    // The decodes of a request with prompt P and output O attend to P + 1, ..., P + O - 1 tokens.
    const double contexts =
        (mix.prompt_times_output - mix.prompt_tokens) + (mix.output_tokens_squared - mix.output_tokens) / 2;
    means.decode_context = means.decodes > 0 ? contexts / (means.decodes * count) : 0;
    means.prompt_of_token = mix.prompt_tokens_squared / mix.prompt_tokens;
    means.decodes /= tokens_per_step;
    return means;
}

struct Limit {
    double completions = 0;  ///< per step
    std::string bound;
};

/// That a step computes, proposals included.
double tokens_per_decode(const Pool& pool) {
    return pool.speculation ? static_cast<double>(1 + pool.speculation->tokens) : 1;
}

/// These keep room for the longest sequence for each request, and count sequences by the batch.
bool reserves(const Pool& pool) {
    return pool.scheduler.name == "orca" || pool.scheduler.name == "faster_transformer";
}

/// The most requests that may end per step on average, and why no more. A pipeline has as many batches in flight as it
/// has stages: they share what may run and what memory holds, but not the tokens of a step.
Limit limit_of(const Pool& pool, const Means& means) {
    const Parameters& scheduling = pool.scheduler.parameters;
    const auto batches = static_cast<double>(pool.pipeline_parallel);
    const auto tokens = static_cast<double>(scheduling.has("chunk_tokens") ? scheduling.count("chunk_tokens")
                                                                           : pool.max_context_tokens);
    Limit limit{.completions = tokens / (means.prompt + means.decodes * tokens_per_decode(pool)),
                .bound = "chunk_tokens"};
    const auto consider = [&](double completions, const char* bound) {
        if (completions < limit.completions) limit = {completions, bound};
    };
    // A request is in the batch for its decodes and for at least one step of its prompt.
    if (scheduling.has("max_running")) {
        const double sharing = reserves(pool) ? 1 : batches;
        consider(static_cast<double>(scheduling.count("max_running")) / sharing / (means.decodes + 1), "max_running");
    }
    const auto block = static_cast<double>(pool.block_tokens);
    const double kept = reserves(pool) ? (means.decodes + 1) * static_cast<double>(pool.max_context_tokens)
                                       : means.decodes * (means.decode_context + block / 2) + means.prompt + block / 2;
    consider(static_cast<double>(pool.replica_kv_blocks) * block / kept / batches, "KV cache");
    return limit;
}

/// From the end of one step to the end of the next in a replica that is never short of work: the slowest stage of a
/// pipeline sets the pace [s].
double seconds_per_step(const Pool& pool, const timing::BatchShape& shape) {
    const auto stage = [&](bool is_last) {
        return pool.step_time->stage_line(shape, is_last).at(shape.decode_context_tokens);
    };
    const std::int64_t slowest = pool.pipeline_parallel == 1 ? stage(true) : std::max(stage(false), stage(true));
    return static_cast<double>(slowest) / kFinePerSecond;
}

/// Chunks of `tokens` prompt tokens that attend to as much as prompts computed from end to end do.
std::vector<timing::PrefillChunk> chunks_of(double tokens, double prompt) {
    std::vector<timing::PrefillChunk> chunks;
    const auto whole = std::max<std::int64_t>(1, std::llround(prompt));
    auto left = std::llround(tokens);
    for (; left >= whole; left -= whole)
        chunks.push_back({.tokens = whole, .context_tokens = 0});
    // n tokens after c others attend to n c + n^2 / 2; so does the mean n-th part of a prompt when c = (prompt - n)
    // / 2.
    if (left > 0) chunks.push_back({.tokens = left, .context_tokens = (whole - left) / 2});
    return chunks;
}

}  // namespace

PoolCapacity capacity_of(const Pool& pool, const workload::RequestMix& mix) {
    REGATTA_CHECK(pool.step_time != nullptr, "a pool without step times passed the checks");
    const Means means = means_of(mix, pool.speculation ? pool.speculation->tokens_per_step() : 1);
    const Limit limit = limit_of(pool, means);
    PoolCapacity best;
    best.bound = limit.bound;
    for (int i = 1; i <= kBatchesTried; ++i) {
        const double completions = limit.completions * i / kBatchesTried;
        const double decodes = completions * means.decodes;
        const auto chunks = chunks_of(std::max(1.0, completions * means.prompt), means.prompt_of_token);
        timing::BatchShape shape;
        shape.decodes = std::llround(decodes);
        shape.tokens_per_decode = std::llround(tokens_per_decode(pool));
        shape.decode_context_tokens = std::llround(decodes * means.decode_context);
        shape.prefills = chunks;
        shape.samples = std::max<std::int64_t>(1, shape.decode_tokens() + std::llround(completions));
        const double step_s = seconds_per_step(pool, shape);
        const double requests_per_s = pool.replicas() * completions / step_s;
        if (requests_per_s <= best.requests_per_s) continue;
        best.requests_per_s = requests_per_s;
        best.decodes = shape.decodes;
        best.prefill_tokens = std::llround(completions * means.prompt);
        best.step_s = step_s;
    }
    best.prompt_tokens_per_s = best.requests_per_s * mix.mean_prompt();
    best.output_tokens_per_s = best.requests_per_s * mix.mean_output();
    return best;
}

}  // namespace regatta::scenario
