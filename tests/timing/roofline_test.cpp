#include "timing/roofline.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include <array>

#include "roofline_fixture.hpp"

namespace regatta::timing {
namespace {

// Bytes that the tiny model moves, counted by hand from docs/model/roofline.md. Matrix products of one row:
// weights x 2 + 2 (inputs + outputs): qkv (4, 8): 64 + 24; output (4, 4): 32 + 16; gate and up (4, 16): 128 + 40;
// down (8, 4): 64 + 24.
constexpr double kProductBytes = 88 + 48 + 168 + 88;
// Per token: norms 2 x 4 x 4 values, rotary 2 x 3 x 2, gated activation 3 x 8, of 2 bytes each; new keys and values 8;
// embedding 2 x 4 x 2.
constexpr double kTokenBytes = 2 * (32 + 12 + 24) + 8 + 16;
// LM head of one row (4, 16): 128 + 40; the sampler reads 16 values of 4 bytes twice.
constexpr double kSampleBytes = 168 + 128;

TEST(Roofline, MovesTheBytesOfADecodeWhenMemoryIsSlow) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_model()}, ideal());
    // Five tokens of keys and values, a query read and an output written (2 heads x 2 values x 2 bytes each).
    const double attention_bytes = 5 * 8 + 16;
    EXPECT_NEAR(ns(model, {.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1}),
                kProductBytes + kTokenBytes + kSampleBytes + attention_bytes, 0.001);
}

TEST(Roofline, ReadsWeightsOnceForTheWholeBatch) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_model()}, ideal());
    const double activations = 24 + 16 + 40 + 24;
    const double one = ns(model, {.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1});
    const double two = ns(model, {.decodes = 2, .decode_context_tokens = 5, .prefills = {}, .samples = 1});
    EXPECT_NEAR(two - one, activations + kTokenBytes + 16, 0.001);
}

TEST(Roofline, MovesTheBytesOfAPrefillChunkWhenMemoryIsSlow) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_model()}, ideal());
    const std::array<PrefillChunk, 1> chunk = {{{.tokens = 1, .context_tokens = 6}}};
    const double attention_bytes = (6 + 1) * 8 + 16;
    EXPECT_NEAR(ns(model, {.decodes = 0, .decode_context_tokens = 0, .prefills = chunk, .samples = 0}),
                kProductBytes + kTokenBytes + attention_bytes, 0.001);
}

TEST(Roofline, ComputesTheOperationsOfAPrefillChunkWhenArithmeticIsSlow) {
    const RooflineStepTime model({.gpu = slow_arithmetic_gpu(), .model = tiny_model()}, ideal());
    const std::array<PrefillChunk, 1> chunk = {{{.tokens = 3, .context_tokens = 2}}};
    const double products = 2 * 3 * (32 + 16 + 64 + 32);
    // Three tokens attend to 3, 4 and 5; two products of two values per head, query and context token.
    const double attention = 4 * 2 * 2 * (3 + 4 + 5);
    EXPECT_NEAR(ns(model, {.decodes = 0, .decode_context_tokens = 0, .prefills = chunk, .samples = 0}),
                products + attention, 0.001);
}

TEST(Roofline, ComputesTheOperationsOfDecodesWhenArithmeticIsSlow) {
    const RooflineStepTime model({.gpu = slow_arithmetic_gpu(), .model = tiny_model()}, ideal());
    const double products = 2 * 2 * (32 + 16 + 64 + 32);
    const double head = 2 * 2 * 64;
    EXPECT_NEAR(ns(model, {.decodes = 2, .decode_context_tokens = 30, .prefills = {}, .samples = 2}),
                products + head + 4 * 2 * 2 * 30, 0.001);
}

TEST(Roofline, SumsDecodesAndPrefillsInOneProduct) {
    const RooflineStepTime model({.gpu = slow_arithmetic_gpu(), .model = tiny_model()}, ideal());
    const std::array<PrefillChunk, 2> chunks = {{{.tokens = 3}, {.tokens = 4}}};
    const double products = 2 * (2 + 3 + 4) * (32 + 16 + 64 + 32);
    const double attention = 4 * 2 * 2 * (10 + (1 + 2 + 3) + (1 + 2 + 3 + 4));
    const double head = 2 * 3 * 64;
    EXPECT_NEAR(ns(model, {.decodes = 2, .decode_context_tokens = 10, .prefills = chunks, .samples = 3}),
                products + attention + head, 0.001);
}

TEST(Roofline, AddsOverheadsPerLayerAndStep) {
    RooflineStepTime::Options options = ideal();
    options.layer_overhead_s = 3e-6;
    options.step_overhead_s = 40e-6;
    StepTimeTarget target{.gpu = slow_memory_gpu(), .model = tiny_model()};
    target.model.layers = 7;
    const BatchShape shape{.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1};
    EXPECT_NEAR(ns(RooflineStepTime(target, options), shape) - ns(RooflineStepTime(target, ideal()), shape),
                7 * 3000 + 40000, 0.001);
}

TEST(Roofline, ReducesTwicePerLayerAndOnceAfterTheEmbedding) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_model(), .tensor_parallel = 2};
    target.gpu.bf16_flops_per_s = 1e18;
    target.gpu.link_latency_s = 100e-9;
    RooflineStepTime::Options options = ideal();
    options.collective_overhead_s = 1e-6;
    // Each all-reduce: overhead, 2 hops, and 2 x 1/2 of 4 values of 2 bytes. The gathered logits: overhead, one hop,
    // half of 16 values of 2 bytes.
    EXPECT_NEAR(
        ns(RooflineStepTime(target, options), {.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1}),
        3 * (1000 + 200 + 8) + (1000 + 100 + 16), 0.001);
}

TEST(Roofline, SendsNothingOnOneGpu) {
    RooflineStepTime::Options options = ideal();
    options.collective_overhead_s = 1;
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_model()}, options);
    EXPECT_LT(ns(model, {.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1}), 1e6);
}

TEST(Roofline, DividesTheWorkAmongGpus) {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.gpu.link_bytes_per_s = 1e18;
    target.gpu.link_latency_s = 0;
    const BatchShape shape{.decodes = 16, .decode_context_tokens = 32000, .prefills = {}, .samples = 16};
    const double one = ns(RooflineStepTime(target, ideal()), shape);
    target.tensor_parallel = 8;
    const double eight = ns(RooflineStepTime(target, ideal()), shape);
    // Norms and the sampler are not divided.
    EXPECT_GT(eight, one / 8);
    EXPECT_LT(eight, one / 8 * 1.02);
}

TEST(Roofline, ReadsReplicatedKeyValueHeadsOnEveryGpu) {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b(), .tensor_parallel = 8};
    const BatchShape shape{.decodes = 1, .decode_context_tokens = 1000, .prefills = {}, .samples = 1};
    const auto slope = [&] { return RooflineStepTime(target, ideal()).line(shape).slope_fine; };
    const std::int64_t on_eight = slope();
    target.tensor_parallel = 16;
    EXPECT_EQ(slope(), on_eight);
    target.tensor_parallel = 4;
    EXPECT_NEAR(static_cast<double>(slope()), 2 * static_cast<double>(on_eight), 2);
}

TEST(Roofline, IsSlowerByTheEfficienciesThatBindIt) {
    const BatchShape decode{.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1};
    RooflineStepTime::Options half_memory = ideal();
    half_memory.memory_efficiency = 0.5;
    const StepTimeTarget slow_memory{.gpu = slow_memory_gpu(), .model = tiny_model()};
    EXPECT_NEAR(ns(RooflineStepTime(slow_memory, half_memory), decode),
                2 * ns(RooflineStepTime(slow_memory, ideal()), decode), 0.001);

    const StepTimeTarget slow_arithmetic{.gpu = slow_arithmetic_gpu(), .model = tiny_model()};
    RooflineStepTime::Options half_products = ideal();
    half_products.compute_efficiency = 0.5;
    EXPECT_NEAR(ns(RooflineStepTime(slow_arithmetic, half_products), decode) -
                    ns(RooflineStepTime(slow_arithmetic, ideal()), decode),
                2 * (32 + 16 + 64 + 32 + 64), 0.001);
    RooflineStepTime::Options half_attention = ideal();
    half_attention.attention_efficiency = 0.5;
    EXPECT_NEAR(ns(RooflineStepTime(slow_arithmetic, half_attention), decode) -
                    ns(RooflineStepTime(slow_arithmetic, ideal()), decode),
                4 * 2 * 2 * 5, 0.001);
}

TEST(Roofline, ReadsFp8WeightsInHalfTheTimeAndKeepsTheHeadInBf16) {
    StepTimeTarget target{.gpu = slow_memory_gpu(), .model = tiny_model()};
    const BatchShape decode{.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1};
    const double bf16 = ns(RooflineStepTime(target, ideal()), decode);
    target.weight_type = llm::DataType::Fp8;
    EXPECT_NEAR(bf16 - ns(RooflineStepTime(target, ideal()), decode), 32 + 16 + 64 + 32, 0.001);
}

TEST(Roofline, ReadsFp8KeysAndValuesInHalfTheTime) {
    StepTimeTarget target{.gpu = slow_memory_gpu(), .model = tiny_model()};
    target.kv_type = llm::DataType::Fp8;
    const BatchShape decode{.decodes = 1, .decode_context_tokens = 5, .prefills = {}, .samples = 1};
    EXPECT_EQ(RooflineStepTime(target, ideal()).line(decode).slope_fine, 4 * kFinePerNs);
}

TEST(Roofline, ComputesInTheActivationsTypeAgainstItsPeak) {
    StepTimeTarget target{.gpu = slow_arithmetic_gpu(), .model = tiny_model()};
    target.gpu.fp8_flops_per_s = 2e9;
    target.gpu.int8_ops_per_s = 4e9;
    target.gpu.int4_ops_per_s = 8e9;
    target.gpu.fp16_flops_per_s = 0.5e9;
    RooflineStepTime::Options options = ideal();
    options.quantized_efficiency = 0.5;
    const std::array<PrefillChunk, 1> chunk = {{{.tokens = 1}}};
    const BatchShape prefill{.decodes = 0, .decode_context_tokens = 0, .prefills = chunk, .samples = 0};
    const double attention = 4 * 2 * 2;
    const double products = 2 * (32 + 16 + 64 + 32);
    target.activation_type = llm::DataType::Fp8;
    EXPECT_NEAR(ns(RooflineStepTime(target, options), prefill), attention + products, 0.001);
    target.activation_type = llm::DataType::Int8;
    EXPECT_NEAR(ns(RooflineStepTime(target, options), prefill), attention + products / 2, 0.001);
    target.activation_type = llm::DataType::Int4;
    EXPECT_NEAR(ns(RooflineStepTime(target, options), prefill), attention + products / 4, 0.001);
    target.activation_type = llm::DataType::Fp16;  // attention, too
    EXPECT_NEAR(ns(RooflineStepTime(target, options), prefill), 2 * (attention + products), 0.001);
}

TEST(Roofline, TakesTimeForEachSequence) {
    RooflineStepTime::Options options = ideal();
    const RooflineStepTime free({.gpu = h100(), .model = tiny_model()}, options);
    options.sequence_overhead_s = 1e-3;
    const RooflineStepTime dear({.gpu = h100(), .model = tiny_model()}, options);
    const std::vector<PrefillChunk> chunks = {{.tokens = 4, .context_tokens = 0}, {.tokens = 2, .context_tokens = 9}};
    const BatchShape mixed{.decodes = 3, .decode_context_tokens = 20, .prefills = chunks, .samples = 4};
    const BatchShape decodes{.decodes = 3, .decode_context_tokens = 20, .prefills = {}, .samples = 3};
    EXPECT_NEAR(ns(dear, mixed) - ns(free, mixed), 5e6, 1);
    EXPECT_NEAR(ns(dear, decodes) - ns(free, decodes), 3e6, 1);
    EXPECT_NEAR(dear.parts(mixed).overhead - free.parts(mixed).overhead, 5e-3, 1e-12);
    EXPECT_NEAR(static_cast<double>(dear.least_step_fine() - free.least_step_fine()), 1e6 * double{kFinePerNs},
                2 * double{kFinePerNs});
}

TEST(Roofline, FillsUpCapturedGraphs) {
    for (const auto& [decodes, size] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {8, 8}, {9, 16}, {511, 512}, {512, 512}, {513, 513}})
        EXPECT_EQ(captured_size(decodes), size) << decodes;
    StepTimeTarget target{.gpu = h100(), .model = tiny_model()};
    target.gpu.memory_bandwidth_bytes_per_s = 1e18;  // arithmetic decides, and takes its time
    target.gpu.bf16_flops_per_s = 1e6;
    RooflineStepTime::Options options = ideal();
    const RooflineStepTime exact(target, options);
    options.pads_decodes = true;
    const RooflineStepTime padded(target, options);
    const auto batch = [](std::int64_t decodes, std::span<const PrefillChunk> chunks) {
        return BatchShape{.decodes = decodes, .decode_context_tokens = 100, .prefills = chunks, .samples = 0};
    };
    // Nine decodes compute what sixteen do, but for their attention, which is that of nine in both.
    EXPECT_GT(padded.line(batch(9, {})).base_fine, exact.line(batch(9, {})).base_fine);
    EXPECT_DOUBLE_EQ(padded.parts(batch(9, {})).mlp, exact.parts(batch(16, {})).mlp);
    EXPECT_EQ(padded.parts(batch(9, {})).attention_decode, exact.parts(batch(9, {})).attention_decode);
    // With a prompt among them there is no graph of that size.
    const std::vector<PrefillChunk> chunks = {{.tokens = 4, .context_tokens = 0}};
    EXPECT_EQ(padded.line(batch(9, chunks)).base_fine, exact.line(batch(9, chunks)).base_fine);
}

TEST(Roofline, TellsWhereTheTimeGoes) {
    RooflineStepTime::Options options = ideal();
    options.collective_overhead_s = 1;
    options.layer_overhead_s = 2;
    options.step_overhead_s = 3;
    StepTimeTarget target{.gpu = h100(), .model = tiny_model(), .tensor_parallel = 2};
    const std::vector<PrefillChunk> chunks = {{.tokens = 4, .context_tokens = 0}};
    const BatchShape shape{.decodes = 2, .decode_context_tokens = 20, .prefills = chunks, .samples = 2};
    const StepParts parts = RooflineStepTime(target, options).parts(shape);
    const double layers = static_cast<double>(target.model.layers);
    EXPECT_DOUBLE_EQ(parts.overhead, 3 + 2 * layers);
    // Two all-reduces of each layer, one after the embedding, one gathering of the logits.
    EXPECT_NEAR(parts.collectives, 2 * layers + 2, 1e-3);
    EXPECT_EQ(parts.experts, 0);
    for (const double part :
         {parts.projections, parts.mlp, parts.attention_prefill, parts.attention_decode, parts.head, parts.other})
        EXPECT_GT(part, 0);
    target.tensor_parallel = 1;
    EXPECT_EQ(RooflineStepTime(target, options).parts(shape).collectives, 0);
}

TEST(Roofline, TakesAtLeastANanosecond) {
    hardware::Gpu gpu = slow_memory_gpu();
    gpu.memory_bandwidth_bytes_per_s = 1e24;
    const RooflineStepTime model({.gpu = gpu, .model = tiny_model()}, ideal());
    EXPECT_EQ(model.line({.decodes = 1, .decode_context_tokens = 1, .prefills = {}, .samples = 1}).base_fine,
              kFinePerNs);
}

TEST(Roofline, IsAsFastAsMeasuredEnginesWithItsDefaults) {
    // Llama 3.1 70B in fp8 on 2 H100, 16 sequences of 5,120 tokens on average: vLLM takes 22.1 ms per output token
    // (AIConfigurator's silicon data). Guards units and factors of two, no more.
    Parameters parameters;
    for (const Parameter& parameter : roofline_parameters()) {
        if (parameter.kind == ParameterKind::Word) {
            parameters.set(parameter.key, parameter.default_text);
            continue;
        }
        const double value = std::stod(parameter.default_text);
        if (parameter.kind == ParameterKind::Duration)
            parameters.set(parameter.key, SimTime::from_us(static_cast<std::int64_t>(value)));
        else
            parameters.set(parameter.key, value);
    }
    const auto model = make_roofline({.gpu = h100(),
                                      .model = llama_70b(),
                                      .tensor_parallel = 2,
                                      .weight_type = llm::DataType::Fp8,
                                      .activation_type = llm::DataType::Fp8},
                                     parameters);
    const double step_ms =
        ns(*model, {.decodes = 16, .decode_context_tokens = 16 * 5120, .prefills = {}, .samples = 16}) * 1e-6;
    EXPECT_GT(step_ms, 22.1 / 1.2);
    EXPECT_LT(step_ms, 22.1 * 1.2);
}

}  // namespace
}  // namespace regatta::timing
