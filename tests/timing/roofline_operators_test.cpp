// What the roofline says a step is made of.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "roofline_fixture.hpp"
#include "step_time_properties.hpp"

namespace regatta::timing {
namespace {

std::map<std::string, Operator> by_name(const RooflineStepTime& model, const BatchShape& shape) {
    std::map<std::string, Operator> operators;
    for (const Operator& each : model.operators(shape))
        operators[each.name] = each;
    return operators;
}

RooflineStepTime any_model() {
    StepTimeTarget target{.gpu = h100(), .model = llama_70b()};
    target.tensor_parallel = *rc::gen::element<std::int64_t>(1, 2, 8);
    if (*rc::gen::arbitrary<bool>()) {
        target.model.experts = 64;
        target.model.experts_per_token = 4;
        target.model.expert_intermediate = 2048;
        target.model.shared_intermediate = *rc::gen::element<std::int64_t>(0, 4096);
        target.model.dense_layers = *rc::gen::element<std::int64_t>(0, 3);
        target.model.window_layers = *rc::gen::element<std::int64_t>(0, 40, 80);
        target.model.window_tokens = 1000;
    }
    RooflineStepTime::Options options = ideal();
    options.step_overhead_s = 1e-4;
    options.layer_overhead_s = 1e-6;
    options.sequence_overhead_s = 1e-6;
    options.collective_overhead_s = 1e-5;
    options.pads_decodes = *rc::gen::arbitrary<bool>();
    return {target, options};
}

// Two rows of the tiny model, whose only layer has the heads 2 and 1 of 2 values: counts by hand.
TEST(RooflineOperators, CountWhatMatrixProductsDo) {
    const RooflineStepTime model({.gpu = slow_memory_gpu(), .model = tiny_model()}, ideal());
    const BatchShape shape{.decodes = 2, .decode_context_tokens = 10, .prefills = {}, .samples = 2};
    const auto operators = by_name(model, shape);
    const Operator& qkv = operators.at("qkv_proj");  // 4 inputs, 8 outputs
    EXPECT_EQ(qkv.flops, 2 * 2 * 4 * 8);
    EXPECT_EQ(qkv.bytes.load_weight, 4 * 8 * 2);
    EXPECT_EQ(qkv.bytes.load_activation, 2 * 4 * 2);
    EXPECT_EQ(qkv.bytes.store_activation, 2 * 8 * 2);
    EXPECT_EQ(qkv.bound, Bound::Memory);
    EXPECT_NEAR(qkv.seconds * 1e9, qkv.bytes.total(), 1e-9);
    const Operator& attention = operators.at("attention_decode");
    EXPECT_EQ(attention.flops, 4 * 2 * 2 * 10);
    EXPECT_EQ(attention.bytes.load_kv, 10 * 8);
    EXPECT_EQ(attention.bytes.load_activation, 2 * 8);
    EXPECT_EQ(operators.at("kv_write").bytes.store_kv, 2 * 8);
    EXPECT_EQ(operators.at("sampler").bytes.load_activation, 2 * 128);
    EXPECT_EQ(operators.count("all_reduce"), 0U);
}

TEST(RooflineOperators, SayWhatBindsThem) {
    const RooflineStepTime model({.gpu = slow_arithmetic_gpu(), .model = tiny_model(), .tensor_parallel = 2}, ideal());
    const std::array<PrefillChunk, 1> chunk = {{{.tokens = 3}}};
    const auto operators = by_name(model, {.prefills = chunk, .samples = 1});
    EXPECT_EQ(operators.at("down_proj").bound, Bound::Compute);
    EXPECT_EQ(operators.at("attention_prefill").bound, Bound::Compute);
    EXPECT_EQ(operators.at("norms").bound, Bound::Memory);
    EXPECT_EQ(operators.at("overhead").bound, Bound::Overhead);
    const Operator& reduced = operators.at("all_reduce");
    EXPECT_EQ(reduced.bound, Bound::Network);
    EXPECT_EQ(reduced.repeats, 3);  // two in the layer, one after the embedding
    // Each GPU sends 2 x 1/2 of three tokens of 4 values of 2 bytes, three times.
    EXPECT_NEAR(reduced.link_bytes, 3 * 3 * 8, 1e-9);
}

RC_GTEST_PROP(RooflineOperators, AddUpToTheStep, ()) {
    const RooflineStepTime model = any_model();
    const Batch batch = any_batch();
    double seconds = 0;
    for (const Operator& each : model.operators(batch.shape()))
        seconds += each.seconds;
    const auto step = static_cast<double>(fine_time(model, batch));
    RC_ASSERT(std::abs(seconds * 1e9 * double{kFinePerNs} - step) <= 1e-9 * step + 10);
}

}  // namespace
}  // namespace regatta::timing
