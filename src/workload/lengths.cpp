#include "workload/lengths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>
#include <utility>

#include "regatta/base/errors.hpp"
#include "workload/length_bounds.hpp"

namespace regatta::workload {
namespace {

// Longer than any context window in sight; keeps every sum of lengths far from overflow.
constexpr double kMostTokens = 1e8;

std::int64_t whole_tokens(double tokens, double most) {
    return std::max<std::int64_t>(1, std::llround(std::min(tokens, most)));
}

class Fixed final : public LengthDistribution {
public:
    explicit Fixed(std::int64_t tokens) : tokens_(tokens) {}
    std::int64_t tokens(double /*uniform*/) const override { return tokens_; }

private:
    std::int64_t tokens_;
};

class Uniform final : public LengthDistribution {
public:
    Uniform(std::int64_t least, std::int64_t most) : least_(least), most_(most) {}
    std::int64_t tokens(double uniform) const override {
        const double choices = static_cast<double>(most_ - least_ + 1);
        // The product may round up to `choices` itself, hence the minimum.
        return std::min(most_, least_ + static_cast<std::int64_t>(uniform * choices));
    }

private:
    std::int64_t least_;
    std::int64_t most_;
};

class Exponential final : public LengthDistribution {
public:
    Exponential(double mean, double most) : mean_(mean), most_(most) {}
    std::int64_t tokens(double uniform) const override { return whole_tokens(-mean_ * std::log1p(-uniform), most_); }

private:
    double mean_;
    double most_;
};

// In double, not by way of long double, which is slower and differs between machines.
using StandardNormal =
    boost::math::normal_distribution<double,
                                     boost::math::policies::policy<boost::math::policies::promote_double<false>>>;

class Lognormal final : public LengthDistribution {
public:
    // mean = exp(mu + sigma^2 / 2) and cv^2 = exp(sigma^2) - 1, solved for mu and sigma.
    Lognormal(double mean, double cv, double most) : most_(most) {
        const double variance = std::log1p(cv * cv);
        sigma_ = std::sqrt(variance);
        mu_ = std::log(mean) - variance / 2;
    }
    std::int64_t tokens(double uniform) const override {
        const double z = boost::math::quantile(StandardNormal(), uniform);
        return whole_tokens(std::exp(mu_ + sigma_ * z), most_);
    }

private:
    double mu_ = 0;
    double sigma_ = 0;
    double most_;
};

class Quantiles final : public LengthDistribution {
public:
    explicit Quantiles(const std::vector<std::pair<double, double>>& points) {
        for (std::size_t i = 0; i + 1 < points.size(); ++i) {
            const auto [p, tokens] = points[i];
            const auto [next_p, next_tokens] = points[i + 1];
            segments_.push_back({.from = p, .tokens = tokens, .slope = (next_tokens - tokens) / (next_p - p)});
        }
        std::uint32_t segment = 0;
        for (std::size_t slot = 0; slot < kSlots; ++slot) {
            const double start = static_cast<double>(slot) / static_cast<double>(kSlots);
            while (segment + 1 < segments_.size() && segments_[segment + 1].from <= start)
                ++segment;
            first_segment_[slot] = segment;
        }
    }
    std::int64_t tokens(double uniform) const override {
        std::size_t segment = first_segment_[static_cast<std::size_t>(uniform * static_cast<double>(kSlots))];
        while (segment + 1 < segments_.size() && segments_[segment + 1].from <= uniform)
            ++segment;
        const Segment& line = segments_[segment];
        return whole_tokens(line.tokens + line.slope * (uniform - line.from), kMostTokens);
    }

private:
    struct Segment {
        double from = 0;
        double tokens = 0;
        double slope = 0;
    };
    // Where to start looking for the segment of a uniform number: nearly always the right one.
    static constexpr std::size_t kSlots = 256;
    std::array<std::uint32_t, kSlots> first_segment_{};
    std::vector<Segment> segments_;
};

Parameter tokens_parameter(std::string key, std::string sentence) {
    return {.key = std::move(key),
            .kind = ParameterKind::Count,
            .is_required = true,
            .least = 1,
            .most = kMostTokens,
            .sentence = std::move(sentence)};
}

Parameter mean_parameter() {
    return {.key = "mean",
            .kind = ParameterKind::Real,
            .is_required = true,
            .least = 1,
            .most = kMostTokens,
            .sentence = "mean before rounding and cutting [tokens]"};
}

Parameter cut_parameter() {
    return {.key = "most",
            .kind = ParameterKind::Count,
            .default_text = "1000000",
            .least = 1,
            .most = kMostTokens,
            .sentence = "longer lengths are cut to this [tokens]"};
}

double cut(const Parameters& parameters) {
    return static_cast<double>(parameters.count("most"));
}

}  // namespace

std::unique_ptr<LengthDistribution> make_fixed(const Parameters& parameters) {
    return std::make_unique<Fixed>(parameters.count("tokens"));
}

std::vector<Parameter> fixed_parameters() {
    return {tokens_parameter("tokens", "every length [tokens]")};
}

std::unique_ptr<LengthDistribution> make_uniform(const Parameters& parameters) {
    const LengthBounds bounds = length_bounds(parameters);
    return std::make_unique<Uniform>(bounds.least, bounds.most);
}

std::vector<Parameter> uniform_parameters() {
    return {tokens_parameter("least", "shortest length [tokens]"), tokens_parameter("most", "longest length [tokens]")};
}

std::unique_ptr<LengthDistribution> make_exponential(const Parameters& parameters) {
    return std::make_unique<Exponential>(parameters.real("mean"), cut(parameters));
}

std::vector<Parameter> exponential_parameters() {
    return {mean_parameter(), cut_parameter()};
}

std::unique_ptr<LengthDistribution> make_lognormal(const Parameters& parameters) {
    return std::make_unique<Lognormal>(parameters.real("mean"), parameters.real("cv"), cut(parameters));
}

std::vector<Parameter> lognormal_parameters() {
    return {mean_parameter(),
            {.key = "cv",
             .kind = ParameterKind::Real,
             .is_required = true,
             .least = 0,
             .most = 100,
             .sentence = "coefficient of variation: standard deviation over mean"},
            cut_parameter()};
}

std::unique_ptr<LengthDistribution> make_quantiles(const Parameters& parameters) {
    const auto& points = parameters.points("points");
    std::vector<std::string> problems;
    if (points.size() < 2) {
        throw InputError(fmt::format("points: expected at least 2, found {}", points.size()));
    }
    if (points.front().first != 0)
        problems.push_back(fmt::format("points[0]: expected fraction 0, found {}", points.front().first));
    if (points.back().first != 1)
        problems.push_back(fmt::format("points[{}]: expected fraction 1 at the end, found {}", points.size() - 1,
                                       points.back().first));
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto [fraction, tokens] = points[i];
        if (!(tokens >= 0 && tokens <= kMostTokens))
            problems.push_back(
                fmt::format("points[{}]: expected 0 to {:.0f} tokens, found {}", i, kMostTokens, tokens));
        if (i == 0) continue;
        if (!(fraction > points[i - 1].first))
            problems.push_back(
                fmt::format("points[{}]: expected a fraction above {}, found {}", i, points[i - 1].first, fraction));
        if (!(tokens >= points[i - 1].second))
            problems.push_back(
                fmt::format("points[{}]: expected at least {} tokens, found {}", i, points[i - 1].second, tokens));
    }
    if (!problems.empty()) throw InputError(std::move(problems));
    return std::make_unique<Quantiles>(points);
}

std::vector<Parameter> quantiles_parameters() {
    return {{.key = "points",
             .kind = ParameterKind::Points,
             .is_required = true,
             .sentence = "[[fraction, tokens], ...] from fraction 0 to 1, both rising: the inverse distribution "
                         "function, straight lines between the points"}};
}

}  // namespace regatta::workload
