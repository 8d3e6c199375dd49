#include "timing/profile_fit.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "timing/profile_times.hpp"

namespace regatta::timing {
namespace {

double real(std::int64_t count) {
    return static_cast<double>(count);
}

/// Of each sample, the number of its point.
std::vector<std::int64_t> points_of(const ProfileSamples& samples) {
    std::vector<std::int64_t> points;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const bool is_new = i == 0 || samples[i].a != samples[i - 1].a || samples[i].b != samples[i - 1].b;
        points.push_back(i == 0 ? 0 : points.back() + (is_new ? 1 : 0));
    }
    return points;
}

double relative_error(double predicted, double measured) {
    if (measured == 0) return predicted == 0 ? 0 : 1;
    return std::abs(predicted - measured) / measured;
}

/// Which step of a stepwise prediction a value is on.
std::size_t step_of(const std::vector<double>& steps, double x) {
    return static_cast<std::size_t>(std::lower_bound(steps.begin(), steps.end(), x) - steps.begin());
}

}  // namespace

std::vector<ProfileFit> ProfileSearch::candidates() const {
    std::vector<ProfileFit> fits;
    switch (kind) {
        case ProfileFit::Kind::Interpolate:
            fits.push_back({.kind = kind});
            break;
        case ProfileFit::Kind::Forest:
            for (const std::int64_t trees : estimators)
                for (const std::int64_t depth : max_depth)
                    for (const std::int64_t split : min_samples_split)
                        fits.push_back(
                            {.kind = kind, .estimators = trees, .max_depth = depth, .min_samples_split = split});
            break;
        case ProfileFit::Kind::Polynomial:
            for (const std::int64_t degree : degrees)
                for (const bool interaction_only : {false, true})
                    for (const bool has_intercept : {true, false})
                        fits.push_back({.kind = kind,
                                        .degree = degree,
                                        .interaction_only = interaction_only,
                                        .has_intercept = has_intercept});
            break;
    }
    return fits;
}

std::optional<ProfileError> cross_validated(const ProfileFit& fit, const ProfileSamples& samples, std::int64_t folds) {
    const std::vector<std::int64_t> points = points_of(samples);
    if (points.empty() || points.back() == 0) return std::nullopt;
    const std::int64_t parts = points.back() + 1 < folds ? 2 : folds;
    ProfileError error;
    for (std::int64_t part = 0; part < parts; ++part) {
        ProfileSamples shown;
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (points[i] % parts != part) shown.push_back(samples[i]);
        const auto predictor = fitted(fit, shown);
        double predicted = 0;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (points[i] % parts != part) continue;
            const bool is_new = i == 0 || points[i] != points[i - 1];
            if (is_new) predicted = predictor->at(samples[i].a, samples[i].b);
            const double fraction = relative_error(predicted, samples[i].ms);
            error.mean_fraction += fraction;
            error.largest_fraction = std::max(error.largest_fraction, fraction);
            ++error.samples;
        }
    }
    error.mean_fraction /= real(error.samples);
    return error;
}

ProfileFit best_fit(const ProfileSearch& search, const ProfileSamples& samples) {
    const std::vector<ProfileFit> candidates = search.candidates();
    if (candidates.size() == 1) return candidates.front();
    ProfileFit best = candidates.front();
    double least = INFINITY;
    for (const ProfileFit& candidate : candidates) {
        const auto error = cross_validated(candidate, samples, search.folds);
        if (!error || !(error->mean_fraction < least)) continue;
        least = error->mean_fraction;
        best = candidate;
    }
    return best;
}

std::string ProfileGrid::text() const {
    return fmt::format("{}:{}:{} {}:{}:{}{}", a_first, a_step, a_last, b_first, b_step, b_last,
                       squares_b ? " squared" : "");
}

ProfileGrid grid_of(std::string_view op, const ProfileLimits& limits) {
    const auto up = [&](std::int64_t tokens) {
        return (tokens + limits.kv_granularity - 1) / limits.kv_granularity * limits.kv_granularity;
    };
    if (op == "attn_decode")
        return {.a_first = 1,
                .a_last = limits.max_batch,
                .b_first = 0,
                .b_step = limits.kv_granularity,
                .b_last = up(limits.max_tokens)};
    if (op == "attn_prefill")
        return {.a_step = limits.kv_granularity,
                .a_last = up(limits.max_tokens),
                .b_last = limits.max_chunk_tokens,
                .squares_b = true};
    const auto& cpu = ProfileOps::kCpu;
    const bool is_cpu = std::find(cpu.begin(), cpu.end(), op) != cpu.end();
    return {.b_last = is_cpu ? limits.max_batch : limits.max_step_tokens};
}

OpTable tabulated(const ProfilePredictor& predictor, const ProfileGrid& grid, OpTable::Growth growth) {
    const ProfilePredictor::Steps steps = predictor.steps();
    std::vector<OpTable::Run> runs;
    std::size_t row_begin = 0;
    for (std::int64_t a = grid.a_first; a <= grid.a_last; a += grid.a_step) {
        const bool has_row = a > grid.a_first;
        const std::size_t row_end = runs.size();
        if (has_row && steps.are_all && step_of(steps.a, real(a)) == step_of(steps.a, real(a - grid.a_step))) {
            for (std::size_t i = row_begin; i < row_end; ++i) {
                OpTable::Run run = runs[i];
                run.a = a;
                runs.push_back(run);
            }
            row_begin = row_end;
            continue;
        }
        row_begin = row_end;
        std::size_t step = 0;
        for (std::int64_t b = grid.b_first; b <= grid.b_last; b += grid.b_step) {
            const double x = grid.squares_b ? real(b) * real(b) : real(b);
            const bool is_same = steps.are_all && b > grid.b_first && step_of(steps.b, x) == step;
            if (is_same) {
                runs.back().b_last = b;
                continue;
            }
            if (steps.are_all) step = step_of(steps.b, x);
            runs.push_back({.a = a, .b_first = b, .b_last = b, .ms = predictor.at(real(a), x)});
        }
    }
    return OpTable(runs, growth);
}

}  // namespace regatta::timing
