#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "timing/profile_predictor.hpp"
#include "timing/profile_table.hpp"

namespace regatta::timing {

/// Which fits are considered, and how they are compared.
struct ProfileSearch {
    ProfileFit::Kind kind = ProfileFit::Kind::Forest;
    // A forest: every combination.
    std::vector<std::int64_t> estimators = {250};
    std::vector<std::int64_t> max_depth = {16};
    std::vector<std::int64_t> min_samples_split = {2};
    /// A polynomial: each degree with and without powers of one coordinate, with and without an intercept, as in Vidur.
    std::vector<std::int64_t> degrees = {1, 2, 3, 4, 5};
    std::int64_t folds = 10;

    [[nodiscard]] std::vector<ProfileFit> candidates() const;
};

/// Relative errors at measured points that the fit was not shown.
struct ProfileError {
    double mean_fraction = 0;
    double largest_fraction = 0;
    std::int64_t samples = 0;
};

/// k-fold: of the points in order, every k-th is left out in turn, with all its measurements (measuring a point twice
/// must not give it away). Where there are fewer points than folds, two folds; none for a single point.
/// An error where 0 was measured counts 0 if 0 is predicted, else 1.
[[nodiscard]] std::optional<ProfileError> cross_validated(const ProfileFit& fit, const ProfileSamples& samples,
                                                          std::int64_t folds);

/// The candidate with the least mean error, the first of equal ones. A single one is not compared with anything.
[[nodiscard]] ProfileFit best_fit(const ProfileSearch& search, const ProfileSamples& samples);

/// The points at which an operator is predicted.
struct ProfileGrid {
    std::int64_t a_first = 0;
    std::int64_t a_step = 1;
    std::int64_t a_last = 0;
    std::int64_t b_first = 1;
    std::int64_t b_step = 1;
    std::int64_t b_last = 1;
    bool squares_b = false;  ///< the fit knows b by its square

    [[nodiscard]] std::string text() const;
};

/// How far grids reach.
struct ProfileLimits {
    std::int64_t kv_granularity = 64;
    std::int64_t max_chunk_tokens = 4096;
    std::int64_t max_batch = 128;
    std::int64_t max_tokens = 4096;       ///< KV lengths
    std::int64_t max_step_tokens = 4096;  ///< of token-level operators
};

[[nodiscard]] ProfileGrid grid_of(std::string_view op, const ProfileLimits& limits);
[[nodiscard]] OpTable tabulated(const ProfilePredictor& predictor, const ProfileGrid& grid, OpTable::Growth growth);

}  // namespace regatta::timing
