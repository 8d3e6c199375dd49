#include "timing/matrix_roofline.hpp"

namespace regatta::timing {
namespace {

struct Sizes {
    double m = 0;
    double k = 0;
    double n = 0;
    double inputs = 0;
};

Sizes sizes_of(const MatrixShape& shape, std::int64_t inputs) {
    return {static_cast<double>(shape.m), static_cast<double>(shape.k), static_cast<double>(shape.n),
            static_cast<double>(inputs)};
}

}  // namespace

MatrixWork matrix_work(const MatrixShape& shape, std::int64_t inputs, double weight_bytes, double activation_bytes) {
    const auto [m, k, n, count] = sizes_of(shape, inputs);
    return {.flops = 2 * m * n * k * count, .bytes = k * n * weight_bytes + count * m * (k + n) * activation_bytes};
}

MatrixWork matrix_work_in_scratchpad(const MatrixShape& shape, std::int64_t inputs) {
    constexpr double kValueBytes = 2;
    const auto [m, k, n, count] = sizes_of(shape, inputs);
    double values = count * (m * k + k * n + m * n);
    if (shape.n == 1) values = m * n * k + k * count + m * count;
    if (shape.m == 1) values = m * n * k + k * count + n * count;
    return {.flops = 2 * m * n * k * count, .bytes = kValueBytes * values};
}

}  // namespace regatta::timing
