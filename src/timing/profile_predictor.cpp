#include "timing/profile_predictor.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "timing/profile_forest.hpp"
#include "timing/profile_interpolation.hpp"
#include "timing/profile_polynomial.hpp"

namespace regatta::timing {

std::string ProfileFit::text() const {
    switch (kind) {
        case Kind::Interpolate:
            return "interpolate";
        case Kind::Forest:
            return fmt::format("forest estimators={} max_depth={} min_samples_split={}", estimators, max_depth,
                               min_samples_split);
        case Kind::Polynomial:
            return fmt::format("polynomial degree={} interaction_only={} intercept={}", degree, interaction_only,
                               has_intercept);
    }
    return "";
}

std::unique_ptr<ProfilePredictor> fitted(const ProfileFit& fit, const ProfileSamples& samples) {
    REGATTA_CHECK(!samples.empty(), "nothing to fit to");
    switch (fit.kind) {
        case ProfileFit::Kind::Interpolate:
            return std::make_unique<ProfileInterpolation>(samples);
        case ProfileFit::Kind::Forest:
            return std::make_unique<ProfileForest>(fit, samples);
        case ProfileFit::Kind::Polynomial:
            return std::make_unique<ProfilePolynomial>(fit, samples);
    }
    return nullptr;
}

}  // namespace regatta::timing
