#include "timing/profile_times.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "regatta/base/time.hpp"

namespace regatta::timing {
namespace {

constexpr std::int64_t kTokenUnit = 8;  // token-level operators are looked up at multiples of it
constexpr std::int64_t kForever = INT64_MAX;
constexpr double kFinePerMs = 1e6 * static_cast<double>(kFinePerNs);
/// Batches that engines run, laid out flat even where the table has only smaller ones.
constexpr std::int64_t kUsualBatches = 1024;
/// Sums of two still are numbers of 64 bits.
constexpr double kMostFine = 0x1p61;
/// Longer tables are looked up where they are.
constexpr std::int64_t kMostFlat = std::int64_t{1} << 20;

std::int64_t rounded_up(std::int64_t count, std::int64_t unit) {
    return (count + unit - 1) / unit * unit;
}

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

}  // namespace

const std::vector<const char*> ProfileOps::kAttention = {"attn_pre_proj", "attn_post_proj", "attn_rope",
                                                         "input_layernorm"};
const std::vector<const char*> ProfileOps::kMlp = {"mlp_up_proj", "mlp_down_proj", "mlp_act",
                                                   "post_attention_layernorm", "add"};
const std::vector<const char*> ProfileOps::kCpu = {"schedule", "sampler_e2e", "prepare_inputs_e2e",
                                                   "process_model_outputs", "ray_comm_time"};

bool ProfileOps::may_be_missing(std::string_view op) {
    return op == "input_layernorm" || op == "post_attention_layernorm" || op == "add" || op == "attn_kv_cache_save";
}

std::vector<std::string> ProfileOps::of(const ProfileTarget& target) {
    std::vector<std::string> ops(kAttention.begin(), kAttention.end());
    ops.insert(ops.end(), kMlp.begin(), kMlp.end());
    ops.insert(ops.end(), {"attn_kv_cache_save", "attn_decode", "attn_prefill"});
    if (target.tensor_parallel > 1) ops.emplace_back("all_reduce");
    if (target.stages > 1) ops.emplace_back("send_recv");
    if (target.models_cpu_overhead) ops.insert(ops.end(), kCpu.begin(), kCpu.end());
    return ops;
}

ProfileTimes::ProfileTimes(const ProfileTarget& target, OpTables tables)
    : target_(target), tables_(std::move(tables)), layers_(static_cast<double>(target.layers_per_stage)) {
    std::vector<std::string> missing;
    for (const std::string& op : ProfileOps::of(target_))
        if (tables_.find(op) == tables_.end() && !ProfileOps::may_be_missing(op)) missing.push_back(op);
    if (!missing.empty()) throw InputError(fmt::format("no times of {}", fmt::join(missing, ", ")));
    const auto table = [&](const char* op) {
        const auto found = tables_.find(op);
        return found == tables_.end() ? nullptr : &found->second;
    };
    attn_decode_ = table("attn_decode");
    attn_prefill_ = table("attn_prefill");
    kv_save_ = table("attn_kv_cache_save");
    if (target_.stages > 1) send_recv_ = table("send_recv");
    if (target_.has_grouped_queries) {
        decode_factor_ += target_.decode_batching_overhead;
        prefill_factor_ += target_.prefill_batching_overhead;
    }
    const std::int64_t tokens = std::min(tables_.find("attn_pre_proj")->second.last_b(), kMostFlat);
    for (std::int64_t n = 0; n <= tokens; n += kTokenUnit) {
        const std::int64_t at = std::max<std::int64_t>(n, 1);
        token_ms_.push_back(token_ms(at));
        if (send_recv_ != nullptr) send_ms_.push_back(send_recv_->at(at));
    }
    for (std::int64_t n = 0; n <= tokens; ++n)
        kv_save_ms_.push_back(kv_save_ == nullptr ? 0 : kv_save_->at(n));
    if (target_.models_cpu_overhead)
        for (std::int64_t n = 0; n <= attn_decode_->last_a(); ++n)
            cpu_ms_.push_back(cpu_ms(n));
    fill_decodes();
}

void ProfileTimes::fill_decodes() {
    const std::int64_t unit = target_.kv_granularity;
    decode_batches_ = std::max(attn_decode_->last_a(), kUsualBatches) + 1;
    decode_kvs_ = attn_decode_->last_b() / unit + 1;
    if (decode_batches_ * decode_kvs_ > kMostFlat) decode_batches_ = attn_decode_->last_a() + 1;
    if (decode_batches_ * decode_kvs_ > kMostFlat) decode_kvs_ = kMostFlat / decode_batches_;
    decode_cells_.resize(index(decode_batches_ * decode_kvs_));
    for (std::int64_t batch = 1; batch < decode_batches_; ++batch) {
        DecodeCell* cells = &decode_cells_[index(batch * decode_kvs_)];
        const double factor = batch > 1 ? decode_factor_ : 1;
        for (std::int64_t k = 0; k < decode_kvs_; ++k)
            cells[k].ms = attn_decode_->at(batch, k * unit) * factor;
        // Beyond the grid times go on straight: as they are for good, or other ones at once.
        const std::int64_t last = decode_kvs_ - 1;
        const bool stays = attn_decode_->at(batch, decode_kvs_ * unit) * factor == cells[last].ms &&
                           decode_kvs_ * unit > attn_decode_->last_b();
        cells[last].until = stays ? kForever : decode_kvs_;
        for (std::int64_t k = last - 1; k >= 0; --k)
            cells[k].until = cells[k].ms == cells[k + 1].ms ? cells[k + 1].until : k + 1;
    }
}

ProfileTimes::DecodeTime ProfileTimes::decode_time(std::int64_t decodes, std::int64_t context_tokens) const {
    const std::int64_t unit = target_.kv_granularity;
    // The mean context, truncated, then rounded up to a multiple of the granularity.
    const std::int64_t k = (context_tokens / decodes + unit - 1) / unit;
    if (decodes >= decode_batches_ || k >= decode_kvs_) return decode_time_beyond(decodes, k * unit);
    const DecodeCell& cell = decode_cells_[index(decodes * decode_kvs_ + k)];
    if (cell.until == kForever) return {.ms = cell.ms};
    // The mean, truncated, is at most (until - 1) units as long as the sum is below one more, times the decodes.
    return {.ms = cell.ms, .valid_below = ((cell.until - 1) * unit + 1) * decodes};
}

ProfileTimes::DecodeTime ProfileTimes::decode_time_beyond(std::int64_t decodes, std::int64_t kv) const {
    const double factor = decodes > 1 ? decode_factor_ : 1;
    const auto ms_at = [&](std::int64_t tokens) { return attn_decode_->at(decodes, tokens) * factor; };
    const double ms = ms_at(kv);
    std::int64_t last = kv;
    while (ms_at(last + target_.kv_granularity) == ms) {
        last += target_.kv_granularity;
        if (last > attn_decode_->last_b()) return {.ms = ms};  // flat for good
    }
    return {.ms = ms, .valid_below = (last + 1) * decodes};
}

double ProfileTimes::prefill_ms(const BatchShape& shape) const {
    if (shape.prefills.empty()) return 0;
    std::int64_t kv = 0;
    std::int64_t squares = 0;
    for (const PrefillChunk& chunk : shape.prefills) {
        kv += rounded_up(chunk.context_tokens, target_.kv_granularity);
        squares += chunk.tokens * chunk.tokens;
    }
    // One chunk that attends to itself as much as all of them do. The square root of a whole number never ends in
    // exactly one half, so that it does not matter how that is rounded.
    const std::int64_t chunk = std::llround(std::sqrt(static_cast<double>(squares)));
    const double factor = shape.prefills.size() > 1 ? prefill_factor_ : 1;
    return attn_prefill_->at(kv, chunk) * factor;
}

double ProfileTimes::op_ms(const char* op, std::int64_t n) const {
    const auto found = tables_.find(std::string_view(op));
    return found == tables_.end() ? 0 : found->second.at(n);
}

double ProfileTimes::all_reduce_ms(std::int64_t rounded_tokens) const {
    if (target_.tensor_parallel == 1) return 0;
    return op_ms("all_reduce", rounded_tokens) + target_.nccl_launch_ms +
           target_.nccl_skew_ms * std::pow(static_cast<double>(target_.tensor_parallel), 1.25);
}

double ProfileTimes::token_ms(std::int64_t rounded_tokens) const {
    double ms = 2 * all_reduce_ms(rounded_tokens);  // after attention, and after the MLP
    for (const char* op : ProfileOps::kAttention)
        ms += op_ms(op, rounded_tokens);
    for (const char* op : ProfileOps::kMlp)
        ms += op_ms(op, rounded_tokens);
    return ms;
}

double ProfileTimes::cpu_ms(std::int64_t sequences) const {
    double ms = 0;
    for (const char* op : ProfileOps::kCpu)
        ms += op_ms(op, sequences);
    return ms;
}

std::int64_t ProfileTimes::fine_of(double layer_ms, double send_ms, double cpu_ms) const {
    const double fine = (layer_ms * layers_ + send_ms + cpu_ms) * kFinePerMs;
    if (!(fine < kMostFine)) [[unlikely]]
        throw InputError(fmt::format("a step of this profile takes {:.3g} s; expected at most {:.3g} s",
                                     fine / kFinePerMs * 1e-3, kMostFine / kFinePerMs * 1e-3));
    return std::max(rounded(fine), kFinePerNs);
}

StepLine ProfileTimes::line(const BatchShape& shape, bool is_last) const {
    std::int64_t tokens = shape.decode_tokens();
    for (const PrefillChunk& chunk : shape.prefills)
        tokens += chunk.tokens;
    const std::size_t units = index((tokens + kTokenUnit - 1) / kTokenUnit);
    const bool is_flat = units < token_ms_.size();
    double layer_ms = is_flat ? token_ms_[units] : token_ms(rounded_up(tokens, kTokenUnit));
    if (kv_save_ != nullptr)
        layer_ms += index(tokens) < kv_save_ms_.size() ? kv_save_ms_[index(tokens)] : kv_save_->at(tokens);
    StepLine line;
    if (shape.decodes > 0) {
        const DecodeTime decode = decode_time(shape.decodes, shape.decode_context_tokens);
        layer_ms += decode.ms;
        line.valid_below = decode.valid_below;
    }
    layer_ms += prefill_ms(shape);
    double send_ms = 0;
    if (send_recv_ != nullptr && !is_last)
        send_ms = is_flat ? send_ms_[units] : send_recv_->at(rounded_up(tokens, kTokenUnit));
    double host_ms = 0;
    if (target_.models_cpu_overhead) {
        const auto sequences = shape.decodes + static_cast<std::int64_t>(shape.prefills.size());
        host_ms = index(sequences) < cpu_ms_.size() ? cpu_ms_[index(sequences)] : cpu_ms(sequences);
    }
    line.base_fine = fine_of(layer_ms, send_ms, host_ms);
    return line;
}

StepParts ProfileTimes::parts(const BatchShape& shape) const {
    std::int64_t tokens = shape.decode_tokens();
    for (const PrefillChunk& chunk : shape.prefills)
        tokens += chunk.tokens;
    const std::int64_t units = rounded_up(tokens, kTokenUnit);
    const auto stages = static_cast<double>(target_.stages);
    const double layer_s = layers_ * stages * 1e-3;  // of one millisecond in each layer
    const auto sum = [&](std::initializer_list<const char*> ops) {
        double ms = 0;
        for (const char* op : ops)
            ms += op_ms(op, units);
        return ms * layer_s;
    };
    StepParts parts;
    parts.projections = sum({"attn_pre_proj", "attn_post_proj"});
    parts.mlp = sum({"mlp_up_proj", "mlp_down_proj", "mlp_act"});
    parts.attention_prefill = prefill_ms(shape) * layer_s;
    if (shape.decodes > 0)
        parts.attention_decode = decode_time(shape.decodes, shape.decode_context_tokens).ms * layer_s;
    parts.collectives = 2 * all_reduce_ms(units) * layer_s;
    if (send_recv_ != nullptr) parts.collectives += send_recv_->at(units) * (stages - 1) * 1e-3;
    parts.other = sum({"attn_rope", "input_layernorm", "post_attention_layernorm", "add"});
    if (kv_save_ != nullptr) parts.other += kv_save_->at(tokens) * layer_s;
    if (target_.models_cpu_overhead)
        parts.overhead = cpu_ms(shape.decodes + static_cast<std::int64_t>(shape.prefills.size())) * stages * 1e-3;
    return parts;
}

std::int64_t ProfileTimes::least_fine() const {
    const auto least = [](const std::vector<double>& times) {
        return times.empty() ? 0 : *std::min_element(times.begin(), times.end());
    };
    // Added up in the order of line(), for rounding keeps order then. Times beyond the tables are not below the last
    // ones in them.
    double layer_ms = least(token_ms_);
    if (kv_save_ != nullptr) layer_ms += kv_save_->least_ms();
    layer_ms += std::min(attn_decode_->least_ms(), attn_prefill_->least_ms());
    return fine_of(layer_ms, 0, least(cpu_ms_));
}

}  // namespace regatta::timing
