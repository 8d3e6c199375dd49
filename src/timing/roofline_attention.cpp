#include "timing/roofline_attention.hpp"

#include <algorithm>

#include "regatta/base/time.hpp"

namespace regatta::timing {
namespace {

double real(std::int64_t count) {
    return static_cast<double>(count);
}

}  // namespace

std::int64_t fine_of_seconds(double seconds) {
    return rounded(seconds * 1e9 * static_cast<double>(kFinePerNs));
}

RooflineAttention::RooflineAttention(const Costs& costs)
    : costs_(costs),
      context_memory_fine_(fine_of_seconds(costs.kv_read_s)),
      context_arithmetic_fine_(fine_of_seconds(costs.pair_s)) {}

RooflineAttention::Work RooflineAttention::prefill_work(const PrefillChunk& chunk) const {
    const double tokens = real(chunk.tokens);
    const double context = real(chunk.context_tokens);
    const double window = real(costs_.window_tokens);
    // Causal: token i of the chunk attends to the context and to itself and the i - 1 before it, or to the window.
    double pairs = tokens * context + tokens * (tokens + 1) / 2;
    double read_tokens = context + tokens;
    if (costs_.window_tokens > 0 && read_tokens > window) {
        const double below = std::max(window - context, 0.0);  // tokens that attend to less than the window
        pairs = below * context + below * (below + 1) / 2 + (tokens - below) * window;
        read_tokens = std::min(context, window - 1) + tokens;
    }
    return {.pairs = pairs, .read_tokens = read_tokens, .queries = tokens};
}

RooflineAttention::Work RooflineAttention::decode_work(const BatchShape& shape) const {
    std::int64_t read_tokens = shape.decode_context_tokens;
    if (costs_.window_tokens > 0) read_tokens = std::min(read_tokens, shape.decodes * costs_.window_tokens);
    return {.pairs = real(read_tokens * shape.tokens_per_decode),
            .read_tokens = real(read_tokens),
            .queries = real(shape.decode_tokens())};
}

double RooflineAttention::prefill_s(const PrefillChunk& chunk) const {
    const Work work = prefill_work(chunk);
    return std::max(arithmetic_s(work), traffic_s(work));
}

StepLine RooflineAttention::decode_line(const BatchShape& shape) const {
    const std::int64_t queries = fine_of_seconds(real(shape.decode_tokens()) * costs_.query_s);
    const std::int64_t each = shape.tokens_per_decode;
    if (costs_.window_tokens == 0) return unlimited_line(queries, each, shape.decode_context_tokens);
    // Only the sum of the contexts is known. The decodes attend to min(context, window) each, together to at most
    // min(sum, decodes x window): that is taken, as if all were as long as their mean.
    const std::int64_t most = shape.decodes * costs_.window_tokens;
    if (shape.decode_context_tokens >= most) return {.base_fine = unlimited_line(queries, each, most).at(most)};
    StepLine line = unlimited_line(queries, each, shape.decode_context_tokens);
    line.valid_below = std::min(line.valid_below, most);
    return line;
}

/// Keys and values are read once for all tokens of a decode.
StepLine RooflineAttention::unlimited_line(std::int64_t queries_fine, std::int64_t tokens_per_decode,
                                           std::int64_t context_tokens) const {
    const std::int64_t arithmetic = context_arithmetic_fine_ * tokens_per_decode;
    const std::int64_t steeper = arithmetic - context_memory_fine_;
    if (steeper <= 0) return {.base_fine = queries_fine, .slope_fine = context_memory_fine_};
    // The first context sum at which arithmetic takes longer.
    const std::int64_t first_above = queries_fine / steeper + 1;
    if (context_tokens >= first_above) return {.base_fine = 0, .slope_fine = arithmetic};
    return {.base_fine = queries_fine, .slope_fine = context_memory_fine_, .valid_below = first_above};
}

}  // namespace regatta::timing
