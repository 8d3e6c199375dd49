#include "app/roofline_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "serving/memory_plan.hpp"
#include "timing/data_types.hpp"
#include "timing/roofline.hpp"
#include "timing/scratchpad_roofline.hpp"

namespace regatta::app {
namespace {

constexpr std::int64_t kBlockTokens = 16;

/// What most of the time waits for.
timing::Bound bound_of(const std::vector<timing::Operator>& operators) {
    std::array<double, 4> seconds{};
    for (const timing::Operator& each : operators)
        seconds.at(static_cast<std::size_t>(each.bound)) += each.seconds;
    std::size_t longest = 0;
    for (std::size_t i = 1; i < seconds.size(); ++i)
        if (seconds.at(i) > seconds.at(longest)) longest = i;
    return static_cast<timing::Bound>(longest);
}

timing::Operator total_of(const std::vector<timing::Operator>& operators) {
    timing::Operator total{.name = "total"};
    for (const timing::Operator& each : operators) {
        total.flops += each.flops;
        total.bytes += each.bytes;
        total.link_bytes += each.link_bytes;
        total.seconds += each.seconds;
    }
    total.bound = bound_of(operators);
    return total;
}

llm::DataType type_of(const std::string& name) {
    const auto type = llm::data_type_of(name);
    if (!type)
        throw InputError(fmt::format("--precision: no type \"{}\"; allowed: {}{}", name,
                                     scenario::join(llm::data_type_names()),
                                     did_you_mean(name, llm::data_type_names())));
    return *type;
}

ChosenTypes types_of(const hardware::Gpu& gpu, const RooflinePrecision* asked) {
    ChosenTypes types{.gpu = &gpu};
    const llm::DataType half = timing::half_type(gpu);
    types.weights = asked == nullptr ? half : type_of(asked->weights);
    const bool has_activations = asked != nullptr && !asked->activations.empty();
    types.activations = has_activations ? type_of(asked->activations) : timing::usual_activations(gpu, types.weights);
    const bool has_kv = asked != nullptr && !asked->kv_cache.empty();
    types.kv_cache = has_kv ? type_of(asked->kv_cache) : half;
    const std::string problem = timing::problem_with_types(gpu, types.weights, types.activations);
    if (!problem.empty()) throw InputError("--precision: " + problem);
    return types;
}

RooflineMemory memory_of(const timing::StepTimeTarget& target, const RooflineStep& step) {
    const serving::MemoryPlan plan =
        serving::plan_memory({.gpu = target.gpu,
                              .model = target.model,
                              .weight_type = target.weight_type,
                              .kv_type = target.kv_type,
                              .tensor_parallel = target.tensor_parallel,
                              .step_tokens = step.is_prefill ? step.batch * step.length : step.batch,
                              .block_tokens = kBlockTokens});
    const std::int64_t blocks = step.batch * ((step.length + kBlockTokens - 1) / kBlockTokens);
    return {.weight_bytes = plan.weight_bytes,
            .kv_bytes = static_cast<double>(blocks) * plan.kv_block_bytes,
            .activation_bytes = plan.activation_bytes,
            .usable_bytes = plan.usable_bytes,
            .planned_weight_bytes = {},
            .planned_kv_blocks = {}};
}

timing::BatchShape shape_of(const RooflineStep& step, std::vector<timing::PrefillChunk>& chunks) {
    if (!step.is_prefill)
        return {.decodes = step.batch,
                .decode_context_tokens = step.batch * step.length,
                .prefills = {},
                .samples = step.batch};
    chunks.assign(static_cast<std::size_t>(step.batch), {.tokens = step.length});
    return {.prefills = chunks, .samples = step.batch};
}

/// Does it for each element; collects what is wrong and throws it at the end, each line once: the same is said of every
/// combination that an element is part of.
class Attempts {
public:
    template <class Body>
    void attempt(const Body& body) {
        try {
            body();
        } catch (const InputError& error) {
            for (const std::string& problem : error.problems())
                if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end())
                    problems_.push_back(problem);
        }
    }
    void throw_if_any() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

private:
    std::vector<std::string> problems_;
};

std::vector<const RooflinePrecision*> precisions_of(const RooflineQuestion& question) {
    if (question.precisions.empty()) return {nullptr};
    std::vector<const RooflinePrecision*> precisions;
    for (const RooflinePrecision& precision : question.precisions)
        precisions.push_back(&precision);
    return precisions;
}

/// One GPU, model, precision and number of GPUs.
struct Target {
    const hardware::Gpu& gpu;
    const llm::Model& model;
    const RooflinePrecision* precision;  ///< null: what follows from the GPU
    std::int64_t tensor_parallel;
};

/// Prepares each; nothing is analysed, nor written, when any of them is wrong.
template <class Prepare>
auto prepared(const RooflineQuestion& question, const Prepare& prepare) {
    std::vector<decltype(prepare(std::declval<Target>()))> all;
    Attempts attempts;
    for (const hardware::Gpu& gpu : question.gpus)
        for (const llm::Model& model : question.models)
            for (const RooflinePrecision* precision : precisions_of(question))
                for (const std::int64_t tensor_parallel : question.tensor_parallel)
                    attempts.attempt([&] { all.push_back(prepare(Target{gpu, model, precision, tensor_parallel})); });
    attempts.throw_if_any();
    return all;
}

/// Every step that is asked about of one target.
template <class Analyse>
void each_step(const RooflineQuestion& question, RooflineStep step, const Analyse& analyse_one) {
    for (const bool is_fused : question.attention)
        for (const std::int64_t batch : question.batches)
            for (const std::int64_t length : question.lengths)
                for (const bool is_prefill : question.stages) {
                    step.is_fused = is_fused;
                    step.batch = batch;
                    step.length = length;
                    step.is_prefill = is_prefill;
                    analyse_one(step);
                }
}

RooflineStep step_of(const Target& target) {
    return {.gpu = target.gpu.name,
            .model = target.model.name,
            .precision = {},
            .tensor_parallel = target.tensor_parallel,
            .operators = {},
            .total = {},
            .memory = {}};
}

double bits_of(const std::string& text) {
    double bits = 16;
    if (const std::string problem = read_bits(text, bits); !problem.empty())
        throw InputError("--precision: " + problem);
    return bits;
}

struct ScratchpadTarget {
    RooflineStep step;
    timing::ScratchpadRoofline roofline;
    double memory_bytes = 0;
};

ScratchpadTarget scratchpad_target(const Target& target) {
    const RooflinePrecision asked = target.precision == nullptr ? RooflinePrecision{"16", {}, {}} : *target.precision;
    // One number stands for all three.
    const auto bits = [&](const std::string& part) { return bits_of(part.empty() ? asked.weights : part); };
    const timing::ScratchpadPrecision precision{.weight_bits = bits(asked.weights),
                                                .activation_bits = bits(asked.activations),
                                                .kv_bits = bits(asked.kv_cache)};
    if (const std::string_view unknown = timing::unknown_to_scratchpad(target.model); !unknown.empty())
        throw InputError(
            fmt::format("--model: Scratchpad's roofline has no models with {}, as {}; without --compat there "
                        "are",
                        unknown, target.model.name));
    const std::string problem = timing::problem_with_split(target.model, target.tensor_parallel);
    if (!problem.empty()) throw InputError("--tp: " + problem);
    const timing::ScratchpadHardware hardware = timing::scratchpad_hardware(target.gpu);
    ScratchpadTarget made{
        .step = step_of(target),
        .roofline = {timing::scratchpad_model(target.model), hardware, precision, target.tensor_parallel},
        .memory_bytes = hardware.memory_bytes};
    made.step.precision = {.weights = fmt::format("{}", precision.weight_bits),
                           .activations = fmt::format("{}", precision.activation_bits),
                           .kv_cache = fmt::format("{}", precision.kv_bits)};
    made.step.peak_flops_per_s = made.roofline.peak_ops_per_s();
    made.step.bandwidth_bytes_per_s = made.roofline.bandwidth_bytes_per_s();
    return made;
}

timing::Operator of_all_layers(const timing::ScratchpadOperator& each) {
    const auto repeats = static_cast<double>(each.repeats);
    return {.name = std::string(each.name),
            .repeats = repeats,
            .flops = repeats * each.ops,
            .bytes = repeats * each.bytes,
            .seconds = repeats * each.seconds,
            .bound = each.bound};
}

}  // namespace

std::string read_bits(const std::string& text, double& bits) {
    if (const auto type = llm::data_type_of(text)) {
        bits = 8 * llm::bytes_of(*type);
        return {};
    }
    const auto number = scenario::read_number(text);
    if (!number || !(*number >= 0.1) || *number > 64)
        return fmt::format("expected bits from 0.1 to 64, or one of: {}; found \"{}\"",
                           scenario::join(llm::data_type_names()), text);
    bits = *number;
    return {};
}

std::vector<ChosenTypes> chosen_types(const RooflineQuestion& question) {
    std::vector<ChosenTypes> all;
    Attempts attempts;
    for (const hardware::Gpu& gpu : question.gpus)
        for (const RooflinePrecision* precision : precisions_of(question))
            attempts.attempt([&] { all.push_back(types_of(gpu, precision)); });
    attempts.throw_if_any();
    return all;
}

void analyse(const RooflineQuestion& question, const RooflineSink& sink) {
    struct Prepared {
        RooflineStep step;
        timing::StepTimeTarget target;
    };
    const auto all = prepared(question, [](const Target& target) {
        const ChosenTypes types = types_of(target.gpu, target.precision);
        if (!scenario::splits_heads(target.model, target.tensor_parallel))
            throw InputError(fmt::format("--tp: {} GPUs cannot share the {} query and {} KV heads of {} evenly",
                                         target.tensor_parallel, target.model.heads, target.model.kv_heads,
                                         target.model.name));
        Prepared made{.step = step_of(target), .target = {.gpu = target.gpu, .model = target.model}};
        made.target.tensor_parallel = target.tensor_parallel;
        made.target.weight_type = types.weights;
        made.target.activation_type = types.activations;
        made.target.kv_type = types.kv_cache;
        made.step.precision = {.weights = std::string(name_of(types.weights)),
                               .activations = std::string(name_of(types.activations)),
                               .kv_cache = std::string(name_of(types.kv_cache))};
        made.step.peak_flops_per_s = timing::peak_ops_per_s(target.gpu, types.activations);
        made.step.bandwidth_bytes_per_s = target.gpu.memory_bandwidth_bytes_per_s;
        return made;
    });
    std::vector<timing::PrefillChunk> chunks;
    for (const Prepared& each : all) {
        const timing::RooflineStepTime roofline(each.target, timing::roofline_options(question.parameters));
        each_step(question, each.step, [&](RooflineStep& step) {
            step.operators = roofline.operators(shape_of(step, chunks));
            step.total = total_of(step.operators);
            step.memory = memory_of(each.target, step);
            sink(step);
        });
    }
}

void analyse_like_scratchpad(const RooflineQuestion& question, const RooflineSink& sink) {
    for (const ScratchpadTarget& each : prepared(question, scratchpad_target))
        each_step(question, each.step, [&](RooflineStep& step) {
            const auto stage = step.is_prefill ? timing::ScratchpadStage::Prefill : timing::ScratchpadStage::Decode;
            const timing::ScratchpadAnalysis analysis =
                each.roofline.analyze(stage, step.batch, step.length, step.is_fused);
            step.operators.clear();
            for (const timing::ScratchpadOperator& part : analysis.operators)
                step.operators.push_back(of_all_layers(part));
            step.total = total_of(step.operators);
            step.memory = {.weight_bytes = analysis.weight_bytes,
                           .kv_bytes = analysis.kv_bytes,
                           .activation_bytes = analysis.activation_bytes,
                           .usable_bytes = each.memory_bytes,
                           .planned_weight_bytes = {},
                           .planned_kv_blocks = {}};
            if (step.tensor_parallel == 1) {
                step.memory.planned_weight_bytes = each.roofline.planned_weight_bytes();
                step.memory.planned_kv_blocks = each.roofline.planned_blocks();
            }
            sink(step);
        });
}

}  // namespace regatta::app
