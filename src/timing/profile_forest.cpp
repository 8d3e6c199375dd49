#include "timing/profile_forest.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "regatta/base/random.hpp"

namespace regatta::timing {
namespace {

constexpr std::uint64_t kSeed = 42;

/// Samples of equal coordinates: no split separates them, so that their sums are all a tree needs.
struct Point {
    std::array<double, 2> x{};
    double weight = 0;         ///< draws
    double sum_ms = 0;         ///< over the draws
    std::int64_t samples = 0;  ///< that were drawn at all
};

}  // namespace

/// Grows one tree after the other over the same points.
class ProfileForest::Grower {
public:
    Grower(const ProfileFit& fit, const ProfileSamples& samples) : fit_(fit), samples_(samples) {
        for (const ProfileSample& sample : samples) {
            if (points_.empty() || points_.back().x != std::array{sample.a, sample.b})
                points_.push_back({.x = {sample.a, sample.b}});
            point_of_.push_back(points_.size() - 1);
        }
        for (std::size_t axis = 0; axis < 2; ++axis) {
            sorted_[axis].resize(points_.size());
            std::iota(sorted_[axis].begin(), sorted_[axis].end(), std::uint32_t{0});
            std::stable_sort(sorted_[axis].begin(), sorted_[axis].end(), [&](std::uint32_t left, std::uint32_t right) {
                return points_[left].x[axis] < points_[right].x[axis];
            });
        }
        goes_left_.resize(points_.size());
    }

    Tree grow(std::uint64_t number) {
        draw(number);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            order_[axis].clear();
            for (const std::uint32_t point : sorted_[axis])
                if (points_[point].weight > 0) order_[axis].push_back(point);
        }
        tree_.assign(1, {});
        split(0, 0, order_[0].size(), 0);
        return std::move(tree_);
    }

private:
    struct Split {
        double gain = 0;
        std::size_t axis = 0;
        double threshold = 0;
    };

    void draw(std::uint64_t tree) {
        for (Point& point : points_) {
            point.weight = point.sum_ms = 0;
            point.samples = 0;
        }
        std::vector<std::uint32_t> drawn(samples_.size());
        for (std::size_t i = 0; i < samples_.size(); ++i)
            ++drawn[uniform_below(samples_.size(), random_bits(kSeed, RandomPurpose::Bootstrap, tree, i))];
        for (std::size_t i = 0; i < samples_.size(); ++i) {
            if (drawn[i] == 0) continue;
            Point& point = points_[point_of_[i]];
            point.weight += drawn[i];
            point.sum_ms += drawn[i] * samples_[i].ms;
            ++point.samples;
        }
    }

    /// The points of a node are those from `begin` to `end` in both orders.
    void split(std::uint32_t node, std::size_t begin, std::size_t end, std::int64_t depth) {
        double weight = 0;
        double sum = 0;
        std::int64_t samples = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const Point& point = points_[order_[0][i]];
            weight += point.weight;
            sum += point.sum_ms;
            samples += point.samples;
        }
        tree_[node].ms = sum / weight;
        if (depth >= fit_.max_depth || samples < fit_.min_samples_split) return;
        const Split best = best_split(begin, end, weight, sum);
        if (!(best.gain > 0)) return;
        const std::size_t middle = part(begin, end, best);
        const auto left = static_cast<std::uint32_t>(tree_.size());
        tree_[node].is_leaf = false;
        tree_[node].splits_a = best.axis == 0;
        tree_[node].threshold = best.threshold;
        tree_[node].left = left;
        tree_.resize(tree_.size() + 2);
        split(left, begin, middle, depth + 1);
        split(left + 1, middle, end, depth + 1);
    }

    /// The squared error falls by sum_l^2 / weight_l + sum_r^2 / weight_r - sum^2 / weight. Of equal gains the first
    /// counts, by coordinate, then threshold. A gain that rounding could have made is none.
    Split best_split(std::size_t begin, std::size_t end, double weight, double sum) const {
        const double before = sum * sum / weight;
        Split best{.gain = before * 1e-13};
        bool has_one = false;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::vector<std::uint32_t>& order = order_[axis];
            double left_weight = 0;
            double left_sum = 0;
            for (std::size_t i = begin; i + 1 < end; ++i) {
                const Point& point = points_[order[i]];
                left_weight += point.weight;
                left_sum += point.sum_ms;
                const double next = points_[order[i + 1]].x[axis];
                if (!(point.x[axis] < next)) continue;
                const double right_sum = sum - left_sum;
                const double gain =
                    left_sum * left_sum / left_weight + right_sum * right_sum / (weight - left_weight) - before;
                if (gain <= best.gain) continue;
                best = {.gain = gain, .axis = axis, .threshold = (point.x[axis] + next) / 2};
                has_one = true;
            }
        }
        return has_one ? best : Split{};
    }

    /// Puts the points of the left side first, in both orders, and keeps each order otherwise.
    std::size_t part(std::size_t begin, std::size_t end, const Split& split) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint32_t point = order_[0][i];
            goes_left_[point] = points_[point].x[split.axis] <= split.threshold ? 1 : 0;
        }
        std::size_t middle = begin;
        for (std::vector<std::uint32_t>& order : order_) {
            kept_.clear();
            middle = begin;
            for (std::size_t i = begin; i < end; ++i) {
                if (goes_left_[order[i]])
                    order[middle++] = order[i];
                else
                    kept_.push_back(order[i]);
            }
            std::copy(kept_.begin(), kept_.end(), order.begin() + static_cast<std::ptrdiff_t>(middle));
        }
        return middle;
    }

    const ProfileFit& fit_;
    const ProfileSamples& samples_;
    std::vector<Point> points_;
    std::vector<std::size_t> point_of_;                 ///< by sample
    std::array<std::vector<std::uint32_t>, 2> sorted_;  ///< points by coordinate
    std::array<std::vector<std::uint32_t>, 2> order_;   ///< those of the tree, parted as it grows
    std::vector<char> goes_left_;                       ///< by point
    std::vector<std::uint32_t> kept_;
    Tree tree_;
};

ProfileForest::ProfileForest(const ProfileFit& fit, const ProfileSamples& samples) {
    Grower grower(fit, samples);
    for (std::int64_t tree = 0; tree < fit.estimators; ++tree)
        trees_.push_back(grower.grow(static_cast<std::uint64_t>(tree)));
}

double ProfileForest::at(double a, double b) const {
    double sum = 0;
    for (const Tree& tree : trees_) {
        const Node* node = tree.data();
        while (!node->is_leaf) {
            const bool is_right = (node->splits_a ? a : b) > node->threshold;
            node = tree.data() + node->left + (is_right ? 1 : 0);
        }
        sum += node->ms;
    }
    return sum / static_cast<double>(trees_.size());
}

ProfilePredictor::Steps ProfileForest::steps() const {
    Steps steps{.are_all = true, .a = {}, .b = {}};
    for (const Tree& tree : trees_)
        for (const Node& node : tree)
            if (!node.is_leaf) (node.splits_a ? steps.a : steps.b).push_back(node.threshold);
    for (std::vector<double>* thresholds : {&steps.a, &steps.b}) {
        std::sort(thresholds->begin(), thresholds->end());
        thresholds->erase(std::unique(thresholds->begin(), thresholds->end()), thresholds->end());
    }
    return steps;
}

}  // namespace regatta::timing
