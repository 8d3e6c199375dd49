#pragma once

#include <vector>

#include "timing/profile_predictor.hpp"

namespace regatta::timing {

/// Least squares over the powers and products of the coordinates up to a degree; what would be negative is 0.
/// Coordinates are scaled to [0, 1] first, which changes nothing but rounding.
class ProfilePolynomial final : public ProfilePredictor {
public:
    ProfilePolynomial(const ProfileFit& fit, const ProfileSamples& samples);
    [[nodiscard]] double at(double a, double b) const override;

private:
    struct Term {
        int power_of_a = 0;
        int power_of_b = 0;
        double factor = 0;
    };
    [[nodiscard]] double value(const Term& term, double a, double b) const;

    double scale_a_ = 1;
    double scale_b_ = 1;
    std::vector<Term> terms_;
};

}  // namespace regatta::timing
