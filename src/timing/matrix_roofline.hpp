#pragma once

#include <cstdint>

namespace regatta::timing {

/// (m x k) times (k x n).
struct MatrixShape {
    std::int64_t m = 1;
    std::int64_t k = 1;
    std::int64_t n = 1;
};

/// What multiplying `inputs` matrices of m x k by one of k x n computes and moves.
struct MatrixWork {
    double flops = 0;
    double bytes = 0;
    [[nodiscard]] double flops_per_byte() const { return flops / bytes; }
};

/// The k x n matrix are weights, read once for all inputs; inputs and results are activations.
[[nodiscard]] MatrixWork matrix_work(const MatrixShape& shape, std::int64_t inputs, double weight_bytes,
                                     double activation_bytes);
/// As the plot tool of the Scratchpad simulator counts (eth-easl/Scratchpad, commit cad53ea): 2 bytes a value; unless m
/// or n is 1, all three matrices are moved again for each input.
[[nodiscard]] MatrixWork matrix_work_in_scratchpad(const MatrixShape& shape, std::int64_t inputs);

}  // namespace regatta::timing
