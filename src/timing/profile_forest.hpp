#pragma once

#include <cstdint>
#include <vector>

#include "timing/profile_predictor.hpp"

namespace regatta::timing {

/// Bagged regression trees, as scikit-learn's RandomForestRegressor with its defaults grows them: each tree from as
/// many samples as there are, drawn with replacement; every split is the one that leaves the least squared error, over
/// all coordinates, halfway between two values; a leaf says the mean of its samples. Draws are addressed by tree and
/// sample, so the same samples give the same forest everywhere. Source: Breiman, "Random Forests", Machine Learning 45,
/// 2001; scikit-learn 1.2, sklearn.ensemble.
class ProfileForest final : public ProfilePredictor {
public:
    ProfileForest(const ProfileFit& fit, const ProfileSamples& samples);
    [[nodiscard]] double at(double a, double b) const override;
    [[nodiscard]] Steps steps() const override;

private:
    struct Node {
        bool is_leaf = true;
        bool splits_a = false;
        double threshold = 0;    ///< up to it left, above right
        std::uint32_t left = 0;  ///< the right one follows
        double ms = 0;           ///< of a leaf
    };
    using Tree = std::vector<Node>;
    class Grower;

    std::vector<Tree> trees_;
};

}  // namespace regatta::timing
