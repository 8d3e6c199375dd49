#include "timing/data_types.hpp"

#include <gtest/gtest.h>

#include "roofline_fixture.hpp"

namespace regatta::timing {
namespace {

using llm::DataType;

/// As an A100 computes: no fp8.
hardware::Gpu ampere() {
    hardware::Gpu gpu = h100();
    gpu.name = "ampere";
    gpu.bf16_flops_per_s = gpu.fp16_flops_per_s = 312e12;
    gpu.fp8_flops_per_s = 0;
    gpu.int8_ops_per_s = 624e12;
    gpu.int4_ops_per_s = 1248e12;
    return gpu;
}

/// As a T4 computes: no bf16.
hardware::Gpu turing() {
    hardware::Gpu gpu = ampere();
    gpu.name = "turing";
    gpu.bf16_flops_per_s = 0;
    return gpu;
}

TEST(DataTypes, EachHasItsPeak) {
    EXPECT_EQ(peak_ops_per_s(ampere(), DataType::Bf16), 312e12);
    EXPECT_EQ(peak_ops_per_s(ampere(), DataType::Fp16), 312e12);
    EXPECT_EQ(peak_ops_per_s(ampere(), DataType::Fp8), 0);
    EXPECT_EQ(peak_ops_per_s(ampere(), DataType::Int8), 624e12);
    EXPECT_EQ(peak_ops_per_s(ampere(), DataType::Int4), 1248e12);
}

TEST(DataTypes, WeightsAreWidenedWhereTheGpuDoesNotComputeInTheirType) {
    EXPECT_EQ(usual_activations(h100(), DataType::Bf16), DataType::Bf16);
    EXPECT_EQ(usual_activations(h100(), DataType::Fp16), DataType::Fp16);
    EXPECT_EQ(usual_activations(h100(), DataType::Fp8), DataType::Fp8);
    EXPECT_EQ(usual_activations(h100(), DataType::Int4), DataType::Bf16);
    EXPECT_EQ(usual_activations(ampere(), DataType::Fp8), DataType::Bf16);
    EXPECT_EQ(usual_activations(ampere(), DataType::Int8), DataType::Int8);
    EXPECT_EQ(usual_activations(turing(), DataType::Int4), DataType::Fp16);
}

TEST(DataTypes, WeightsAreWidenedWhereTheGpuIsFasterIn16Bits) {
    hardware::Gpu slow_int8 = h100();
    slow_int8.int8_ops_per_s = 150e12;  // as on a B300
    EXPECT_EQ(usual_activations(slow_int8, DataType::Int8), DataType::Bf16);
}

TEST(DataTypes, WhatCannotBeMultipliedIsTold) {
    EXPECT_EQ(problem_with_types(h100(), DataType::Fp8, DataType::Fp8), "");
    EXPECT_EQ(problem_with_types(h100(), DataType::Int4, DataType::Fp8), "");
    EXPECT_EQ(problem_with_types(ampere(), DataType::Fp8, DataType::Bf16), "");
    EXPECT_EQ(problem_with_types(ampere(), DataType::Fp8, DataType::Fp8),
              "ampere does not compute in fp8; allowed: bf16, fp16, int8, int4");
    EXPECT_EQ(problem_with_types(turing(), DataType::Bf16, DataType::Bf16),
              "turing does not compute in bf16; allowed: fp16, int8, int4");
    EXPECT_EQ(problem_with_types(ampere(), DataType::Bf16, DataType::Int8),
              "activations in int8 cannot be multiplied with weights in bf16; allowed weights: int8, int4");
    EXPECT_EQ(problem_with_types(ampere(), DataType::Int8, DataType::Int4),
              "activations in int4 cannot be multiplied with weights in int8; allowed weights: int4");
}

}  // namespace
}  // namespace regatta::timing
