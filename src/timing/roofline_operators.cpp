// What a step is made of, for reports: off the hot path, from the numbers that the times are made of.
#include <string>

#include "regatta/base/errors.hpp"
#include "timing/roofline.hpp"

namespace regatta::timing {
namespace {

double real(std::int64_t count) {
    return static_cast<double>(count);
}

double seconds_of_fine(std::int64_t fine) {
    return static_cast<double>(fine) / (1e9 * double{kFinePerNs});
}

double sequences_of(const BatchShape& shape) {
    return real(shape.decodes) + static_cast<double>(shape.prefills.size());
}

Bound slower(double arithmetic_s, double traffic_s) {
    return arithmetic_s < traffic_s ? Bound::Memory : Bound::Compute;
}

}  // namespace

StepParts RooflineStepTime::parts(const BatchShape& shape) const {
    if (stages_.empty()) return own_parts(shape);
    StepParts parts = stages_.back().own_parts(shape);
    const StepParts inner = stages_.front().own_parts(shape);
    for (double StepParts::*part : {&StepParts::projections, &StepParts::mlp, &StepParts::experts,
                                    &StepParts::attention_prefill, &StepParts::attention_decode, &StepParts::head,
                                    &StepParts::collectives, &StepParts::other, &StepParts::overhead})
        parts.*part += static_cast<double>(pipeline_ - 1) * (inner.*part);
    return parts;
}

StepParts RooflineStepTime::own_parts(const BatchShape& shape) const {
    StepParts parts;
    const std::int64_t tokens = rows_of(shape);
    for (const PrefillChunk& chunk : shape.prefills)
        for (const RooflineAttention& attention : attention_)
            parts.attention_prefill += attention.prefill_s(chunk);
    const double rows = real(tokens);
    for (const MatrixProduct& product : layer_products_)
        parts.*product.part += product.seconds(rows);
    if (experts_.experts > 0) parts.experts += experts_.seconds(tokens);
    if (shape.decodes > 0)
        for (const RooflineAttention& attention : attention_)
            parts.attention_decode += seconds_of_fine(attention.decode_line(shape).at(shape.decode_context_tokens));
    const double samples = has_head_ ? real(shape.samples) : 0;
    parts.collectives = collectives_.step_s + rows * collectives_.token_s + samples * collectives_.sample_s;
    parts.overhead = step_s_ - collectives_.step_s + sequences_of(shape) * sequence_s_;
    parts.other = rows * (token_s_ - collectives_.token_s);
    if (!(samples > 0)) return parts;
    parts.head = head_.seconds(samples) + samples * (sample_s_ - collectives_.sample_s);
    parts.collectives += gather_s_;
    return parts;
}

Operator RooflineStepTime::MatrixProduct::described(double rows, double matrices) const {
    const double arithmetic_s = arithmetic_s_per_row * rows;
    return {.name = name,
            .repeats = work.repeats,
            .flops = work.flops_per_row * rows,
            .bytes = {.load_weight = work.weight_bytes * matrices,
                      .load_activation = work.input_bytes_per_row * rows,
                      .store_activation = work.output_bytes_per_row * rows},
            .seconds = seconds(rows, matrices),
            .bound = slower(arithmetic_s, weights_s * matrices + activations_s_per_row * rows)};
}

void RooflineStepTime::add_attention(std::vector<Operator>& operators, const BatchShape& shape) const {
    for (std::size_t i = 0; i < attention_.size(); ++i) {
        const RooflineAttention& attention = attention_[i];
        const AttentionUnits& units = attention_units_[i];
        const auto add = [&](const char* name, const RooflineAttention::Work& work, double seconds) {
            const double query_bytes = work.queries * units.query_bytes / 2;
            operators.push_back({.name = std::string(name) + (attention.has_window() ? "_window" : ""),
                                 .repeats = units.repeats,
                                 .flops = work.pairs * units.pair_flops,
                                 .bytes = {.load_activation = query_bytes,
                                           .store_activation = query_bytes,
                                           .load_kv = work.read_tokens * units.kv_bytes},
                                 .seconds = seconds,
                                 .bound = slower(attention.arithmetic_s(work), attention.traffic_s(work))});
        };
        RooflineAttention::Work chunks;
        double chunks_s = 0;
        for (const PrefillChunk& chunk : shape.prefills) {
            const RooflineAttention::Work work = attention.prefill_work(chunk);
            chunks.pairs += work.pairs;
            chunks.read_tokens += work.read_tokens;
            chunks.queries += work.queries;
            chunks_s += attention.prefill_s(chunk);
        }
        if (!shape.prefills.empty()) add("attention_prefill", chunks, chunks_s);
        if (shape.decodes > 0)
            add("attention_decode", attention.decode_work(shape),
                seconds_of_fine(attention.decode_line(shape).at(shape.decode_context_tokens)));
    }
}

void RooflineStepTime::add_collectives(std::vector<Operator>& operators, double rows, double samples) const {
    if (!(collectives_.all_reduces > 0)) return;
    const double reduced_s = rows * collectives_.token_s;
    operators.push_back({.name = "all_reduce",
                         .repeats = collectives_.all_reduces,
                         .link_bytes = reduced_s / collectives_.link_byte_s,
                         .seconds = collectives_.step_s + reduced_s,
                         .bound = Bound::Network});
    if (!(samples > 0)) return;
    const double gathered_s = samples * collectives_.sample_s;
    operators.push_back({.name = "all_gather",
                         .link_bytes = gathered_s / collectives_.link_byte_s,
                         .seconds = gather_s_ + gathered_s,
                         .bound = Bound::Network});
}

std::vector<Operator> RooflineStepTime::operators(const BatchShape& shape) const {
    REGATTA_CHECK(stages_.empty(), "operators of a pipeline");
    std::vector<Operator> operators;
    const std::int64_t tokens = rows_of(shape);
    const double rows = real(tokens);
    for (const MatrixProduct& product : layer_products_)
        operators.push_back(product.described(rows));
    if (experts_.experts > 0)
        for (const MatrixProduct& product : experts_.products)
            operators.push_back(product.described(rows, experts_.in_use(tokens)));
    add_attention(operators, shape);
    for (const Traffic& traffic : traffic_) {
        const OperatorBytes bytes = rows * traffic.token_bytes;
        operators.push_back({.name = traffic.name,
                             .repeats = traffic.repeats,
                             .bytes = bytes,
                             .seconds = bytes.total() * byte_s_,
                             .bound = Bound::Memory});
    }
    const double samples = real(shape.samples);
    if (samples > 0) {
        operators.push_back(head_.described(samples));
        operators.push_back({.name = "sampler",
                             .bytes = {.load_activation = samples * sampler_bytes_},
                             .seconds = samples * sampler_bytes_ * byte_s_,
                             .bound = Bound::Memory});
    }
    add_collectives(operators, rows, samples);
    operators.push_back({.name = "overhead",
                         .seconds = step_s_ - collectives_.step_s + sequences_of(shape) * sequence_s_,
                         .bound = Bound::Overhead});
    return operators;
}

}  // namespace regatta::timing
