#include "timing/matrix_roofline.hpp"

#include <gtest/gtest.h>

namespace regatta::timing {
namespace {

TEST(MatrixRoofline, ReadsWeightsOnceForAllInputs) {
    const MatrixShape shape{.m = 2, .k = 3, .n = 5};
    const MatrixWork one = matrix_work(shape, 1, 1, 2);
    EXPECT_EQ(one.flops, 2 * 2 * 3 * 5);
    EXPECT_EQ(one.bytes, 3 * 5 + 2 * (2 * 3 + 2 * 5));
    const MatrixWork ten = matrix_work(shape, 10, 1, 2);
    EXPECT_EQ(ten.flops, 10 * one.flops);
    EXPECT_EQ(ten.bytes, 3 * 5 + 10 * 2 * (2 * 3 + 2 * 5));
    EXPECT_GT(ten.flops_per_byte(), one.flops_per_byte());
}

TEST(MatrixRoofline, MovesEverythingForEachInputInScratchpad) {
    const MatrixWork one = matrix_work_in_scratchpad({.m = 2, .k = 3, .n = 5}, 1);
    EXPECT_EQ(one.flops, 60);
    EXPECT_EQ(one.bytes, 2 * (6 + 15 + 10));
    const MatrixWork ten = matrix_work_in_scratchpad({.m = 2, .k = 3, .n = 5}, 10);
    EXPECT_EQ(ten.flops_per_byte(), one.flops_per_byte());
}

TEST(MatrixRoofline, MovesTheMatrixOnceWithAVectorInScratchpad) {
    EXPECT_EQ(matrix_work_in_scratchpad({.m = 1, .k = 3, .n = 5}, 10).bytes, 2 * (15 + 10 * 3 + 10 * 5));
    EXPECT_EQ(matrix_work_in_scratchpad({.m = 2, .k = 3, .n = 1}, 10).bytes, 2 * (6 + 10 * 3 + 10 * 2));
}

}  // namespace
}  // namespace regatta::timing
