#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/roofline_steps.hpp"
#include "timing/matrix_roofline.hpp"

namespace regatta::app {

/// A matrix as written, "1024x4096x1024", and what that means.
struct NamedMatrix {
    std::string name;
    timing::MatrixShape shape;
};
/// `N` (square), `MxN` (k is n) or `MxKxN`. Throws InputError that begins with the option.
[[nodiscard]] NamedMatrix read_matrix(const std::string& text);

/// One matrix product under the roof of one GPU: without efficiencies and overheads.
struct MatrixPoint {
    std::string gpu;
    std::string weights;
    std::string activations;
    NamedMatrix matrix;
    std::int64_t input_size = 1;
    timing::MatrixWork work;
    double peak_flops_per_s = 0;
    double bandwidth_bytes_per_s = 0;
    [[nodiscard]] double compute_s() const { return work.flops / peak_flops_per_s; }
    [[nodiscard]] double memory_s() const { return work.bytes / bandwidth_bytes_per_s; }
    [[nodiscard]] bool is_memory_bound() const { return compute_s() < memory_s(); }
    [[nodiscard]] double seconds() const { return is_memory_bound() ? memory_s() : compute_s(); }
    [[nodiscard]] double attained_flops_per_s() const { return work.flops / seconds(); }
};

/// Each of the question's GPUs and precisions with each matrix and input size. Throws InputError as analyse().
[[nodiscard]] std::vector<MatrixPoint> matrix_points(const RooflineQuestion& question,
                                                     const std::vector<NamedMatrix>& matrices,
                                                     const std::vector<std::int64_t>& input_sizes);
/// As Scratchpad's plot tool: 2 bytes a value, the fp16 peak.
[[nodiscard]] std::vector<MatrixPoint> matrix_points_like_scratchpad(const RooflineQuestion& question,
                                                                     const std::vector<NamedMatrix>& matrices,
                                                                     const std::vector<std::int64_t>& input_sizes);

}  // namespace regatta::app
