#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace regatta::timing {

/// One measurement of an operator. Of one coordinate, `a` is 0 and `b` the count; attn_decode: batch and KV length;
/// attn_prefill: KV length and chunk, squared.
struct ProfileSample {
    double a = 0;
    double b = 0;
    double ms = 0;
    friend auto operator<=>(const ProfileSample&, const ProfileSample&) = default;
};

/// Sorted by coordinates, then time: the order of rows in a file means nothing.
using ProfileSamples = std::vector<ProfileSample>;

/// A fit to samples, never negative.
class ProfilePredictor {
public:
    virtual ~ProfilePredictor() = default;
    [[nodiscard]] virtual double at(double a, double b) const = 0;
    /// Where the prediction may change, if it changes in steps only: it is the same from above one to the next, itself
    /// included. Rising; empty when it changes everywhere.
    struct Steps {
        bool are_all = false;
        std::vector<double> a;
        std::vector<double> b;
    };
    [[nodiscard]] virtual Steps steps() const { return {}; }
};

/// How to fit.
struct ProfileFit {
    enum class Kind { Interpolate, Forest, Polynomial };
    Kind kind = Kind::Interpolate;
    // Of a forest.
    std::int64_t estimators = 0;
    std::int64_t max_depth = 0;
    std::int64_t min_samples_split = 2;
    // Of a polynomial.
    std::int64_t degree = 1;
    bool interaction_only = false;  ///< no powers of one coordinate
    bool has_intercept = true;

    [[nodiscard]] std::string text() const;
};

/// At least one sample.
[[nodiscard]] std::unique_ptr<ProfilePredictor> fitted(const ProfileFit& fit, const ProfileSamples& samples);

}  // namespace regatta::timing
