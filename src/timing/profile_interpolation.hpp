#pragma once

#include <cstdint>
#include <vector>

#include "timing/profile_predictor.hpp"

namespace regatta::timing {

/// Straight lines between the medians of the measured points, made to rise: halfway between the lowest surface that
/// rises and lies nowhere below them and the highest that lies nowhere above. Where the medians rise already, that is
/// they. Before the first point it is flat; beyond the last it goes on straight by the rise over the outer half.
///
/// Of two coordinates: curves over one of them, one for each measured value of the other (the one with fewer values),
/// and straight lines from curve to curve. A curve measured at one point only rises as its neighbour does.
class ProfileInterpolation final : public ProfilePredictor {
public:
    explicit ProfileInterpolation(const ProfileSamples& samples);
    [[nodiscard]] double at(double a, double b) const override;

private:
    /// Between which two of the sorted values x lies, and how far along; beyond the last, `is_beyond`.
    struct Spot {
        std::size_t from = 0;
        double fraction = 0;
        bool is_beyond = false;
    };
    [[nodiscard]] static Spot spot(const std::vector<double>& values, double x);
    /// Of one curve.
    [[nodiscard]] double along(std::size_t curve, double inner) const;

    void take_medians(const ProfileSamples& samples);
    void fill_between();
    void make_rising();
    void fill_beyond();
    [[nodiscard]] double& cell(std::size_t curve, std::size_t i) { return ms_[curve * inner_.size() + i]; }
    [[nodiscard]] double cell(std::size_t curve, std::size_t i) const { return ms_[curve * inner_.size() + i]; }

    bool outer_is_a_ = true;
    std::vector<double> outer_;  ///< of the curves, rising
    std::vector<double> inner_;  ///< at which all curves have values, rising
    std::vector<double> ms_;     ///< by curve, then inner
    /// Of each curve, the first and last of `inner_` at which it was measured.
    std::vector<std::size_t> first_;
    std::vector<std::size_t> last_;
    std::vector<char> is_measured_;  ///< by cell
};

}  // namespace regatta::timing
