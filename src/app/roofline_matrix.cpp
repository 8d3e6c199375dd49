#include "app/roofline_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "regatta/base/errors.hpp"
#include "timing/data_types.hpp"
#include "timing/scratchpad_roofline.hpp"

namespace regatta::app {
namespace {

constexpr std::int64_t kMostOfDimension = 1'000'000'000;

/// 0 unless it is a whole number from 1 to the most.
std::int64_t dimension_of(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_good = error == std::errc() && end == text.data() + text.size();
    return is_good && value > 0 && value <= kMostOfDimension ? value : 0;
}

/// Calls with each matrix and input size of a point that has everything else.
template <class Work>
void add_points(MatrixPoint point, const std::vector<NamedMatrix>& matrices,
                const std::vector<std::int64_t>& input_sizes, const Work& work, std::vector<MatrixPoint>& points) {
    for (const NamedMatrix& matrix : matrices)
        for (const std::int64_t input_size : input_sizes) {
            point.matrix = matrix;
            point.input_size = input_size;
            point.work = work(matrix.shape, input_size);
            points.push_back(point);
        }
}

}  // namespace

NamedMatrix read_matrix(const std::string& text) {
    std::vector<std::int64_t> sizes;
    for (std::string_view rest = text;;) {
        const std::size_t cross = rest.find('x');
        sizes.push_back(dimension_of(rest.substr(0, cross)));
        if (cross == std::string_view::npos) break;
        rest.remove_prefix(cross + 1);
    }
    if (sizes.size() > 3 || std::find(sizes.begin(), sizes.end(), 0) != sizes.end())
        throw InputError(fmt::format("--matrix: expected N, MxN or MxKxN with whole numbers from 1 to {}, found \"{}\"",
                                     kMostOfDimension, text));
    return {.name = text,
            .shape = {.m = sizes.front(), .k = sizes.size() == 3 ? sizes[1] : sizes.back(), .n = sizes.back()}};
}

std::vector<MatrixPoint> matrix_points(const RooflineQuestion& question, const std::vector<NamedMatrix>& matrices,
                                       const std::vector<std::int64_t>& input_sizes) {
    std::vector<MatrixPoint> points;
    for (const ChosenTypes& types : chosen_types(question)) {
        const MatrixPoint point{.gpu = types.gpu->name,
                                .weights = std::string(name_of(types.weights)),
                                .activations = std::string(name_of(types.activations)),
                                .matrix = {},
                                .work = {},
                                .peak_flops_per_s = timing::peak_ops_per_s(*types.gpu, types.activations),
                                .bandwidth_bytes_per_s = types.gpu->memory_bandwidth_bytes_per_s};
        add_points(
            point, matrices, input_sizes,
            [&](const timing::MatrixShape& shape, std::int64_t inputs) {
                return timing::matrix_work(shape, inputs, llm::bytes_of(types.weights),
                                           llm::bytes_of(types.activations));
            },
            points);
    }
    return points;
}

std::vector<MatrixPoint> matrix_points_like_scratchpad(const RooflineQuestion& question,
                                                       const std::vector<NamedMatrix>& matrices,
                                                       const std::vector<std::int64_t>& input_sizes) {
    std::vector<MatrixPoint> points;
    for (const hardware::Gpu& gpu : question.gpus) {
        const timing::ScratchpadHardware hardware = timing::scratchpad_hardware(gpu);
        const MatrixPoint point{.gpu = gpu.name,
                                .weights = "16",
                                .activations = "16",
                                .matrix = {},
                                .work = {},
                                .peak_flops_per_s = hardware.fp16_flops_per_s,
                                .bandwidth_bytes_per_s = hardware.bandwidth_bytes_per_s};
        add_points(point, matrices, input_sizes, timing::matrix_work_in_scratchpad, points);
    }
    return points;
}

}  // namespace regatta::app
