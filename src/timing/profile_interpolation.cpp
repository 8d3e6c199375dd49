#include "timing/profile_interpolation.hpp"

#include <algorithm>
#include <limits>

namespace regatta::timing {
namespace {

std::vector<double> distinct(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

std::size_t index_of(const std::vector<double>& values, double value) {
    return static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
}

}  // namespace

ProfileInterpolation::ProfileInterpolation(const ProfileSamples& samples) {
    std::vector<double> a;
    std::vector<double> b;
    for (const ProfileSample& sample : samples) {
        a.push_back(sample.a);
        b.push_back(sample.b);
    }
    outer_ = distinct(std::move(a));
    inner_ = distinct(std::move(b));
    outer_is_a_ = outer_.size() <= inner_.size();
    if (!outer_is_a_) std::swap(outer_, inner_);
    const std::size_t cells = outer_.size() * inner_.size();
    ms_.assign(cells, 0);
    is_measured_.assign(cells, 0);
    take_medians(samples);
    fill_between();
    make_rising();
    fill_beyond();
}

void ProfileInterpolation::take_medians(const ProfileSamples& samples) {
    first_.assign(outer_.size(), inner_.size());
    last_.assign(outer_.size(), 0);
    for (std::size_t begin = 0; begin < samples.size();) {
        std::size_t end = begin;
        while (end < samples.size() && samples[end].a == samples[begin].a && samples[end].b == samples[begin].b)
            ++end;
        // Times of one point are in order.
        const double low = samples[begin + (end - begin - 1) / 2].ms;
        const double high = samples[begin + (end - begin) / 2].ms;
        const std::size_t curve = index_of(outer_, outer_is_a_ ? samples[begin].a : samples[begin].b);
        const std::size_t i = index_of(inner_, outer_is_a_ ? samples[begin].b : samples[begin].a);
        cell(curve, i) = (low + high) / 2;
        is_measured_[curve * inner_.size() + i] = 1;
        first_[curve] = std::min(first_[curve], i);
        last_[curve] = std::max(last_[curve], i);
        begin = end;
    }
}

/// Between the measured points of a curve.
void ProfileInterpolation::fill_between() {
    for (std::size_t curve = 0; curve < outer_.size(); ++curve) {
        std::size_t before = first_[curve];
        for (std::size_t i = before + 1; i <= last_[curve]; ++i) {
            if (is_measured_[curve * inner_.size() + i] == 0) continue;
            for (std::size_t k = before + 1; k < i; ++k)
                cell(curve, k) = cell(curve, before) + (cell(curve, i) - cell(curve, before)) *
                                                           (inner_[k] - inner_[before]) / (inner_[i] - inner_[before]);
            before = i;
        }
    }
}

/// What lies between measured points; what lies beyond follows it.
void ProfileInterpolation::make_rising() {
    const std::size_t width = inner_.size();
    std::vector<double> above(ms_.size(), -std::numeric_limits<double>::infinity());  // largest up to here
    std::vector<double> below(ms_.size(), std::numeric_limits<double>::infinity());   // least from here on
    const auto is_known = [&](std::size_t curve, std::size_t i) { return i >= first_[curve] && i <= last_[curve]; };
    for (std::size_t curve = 0; curve < outer_.size(); ++curve) {
        for (std::size_t i = 0; i < width; ++i) {
            double& here = above[curve * width + i];
            if (is_known(curve, i)) here = cell(curve, i);
            if (i > 0) here = std::max(here, above[curve * width + i - 1]);
            if (curve > 0) here = std::max(here, above[(curve - 1) * width + i]);
        }
    }
    for (std::size_t curve = outer_.size(); curve-- > 0;) {
        for (std::size_t i = width; i-- > 0;) {
            double& here = below[curve * width + i];
            if (is_known(curve, i)) here = cell(curve, i);
            if (i + 1 < width) here = std::min(here, below[curve * width + i + 1]);
            if (curve + 1 < outer_.size()) here = std::min(here, below[(curve + 1) * width + i]);
        }
    }
    for (std::size_t curve = 0; curve < outer_.size(); ++curve)
        for (std::size_t i = first_[curve]; i <= last_[curve]; ++i)
            cell(curve, i) = (above[curve * width + i] + below[curve * width + i]) / 2;
}

/// The cells outside the measured part of each curve, neither below any smaller point nor above any known larger one.
void ProfileInterpolation::fill_beyond() {
    const std::size_t width = inner_.size();
    std::vector<double> known_above(ms_.size(), std::numeric_limits<double>::infinity());
    for (std::size_t curve = outer_.size(); curve-- > 0;) {
        for (std::size_t i = width; i-- > 0;) {
            double& here = known_above[curve * width + i];
            if (i >= first_[curve] && i <= last_[curve]) here = cell(curve, i);
            if (i + 1 < width) here = std::min(here, known_above[curve * width + i + 1]);
            if (curve + 1 < outer_.size()) here = std::min(here, known_above[(curve + 1) * width + i]);
        }
    }
    for (std::size_t curve = 0; curve < outer_.size(); ++curve) {
        const std::size_t first = first_[curve];
        const std::size_t last = last_[curve];
        // The rise of the outer half of what was measured.
        double slope = 0;
        if (last > first) {
            const double half = std::max(inner_[last] / 2, inner_[first]);
            const std::size_t i =
                static_cast<std::size_t>(std::upper_bound(inner_.begin(), inner_.end(), half) - inner_.begin()) - 1;
            const std::size_t from = std::clamp(i, first, last - 1);
            slope = (cell(curve, last) - cell(curve, from)) / (inner_[last] - inner_[from]);
        }
        for (std::size_t i = 0; i < width; ++i) {
            if (i >= first && i <= last) continue;
            double ms = cell(curve, i < first ? first : last);
            if (i > last && last > first) ms += slope * (inner_[i] - inner_[last]);
            if (i > last && last == first && curve > 0) ms += cell(curve - 1, i) - cell(curve - 1, last);
            if (i > 0) ms = std::max(ms, cell(curve, i - 1));
            if (curve > 0) ms = std::max(ms, cell(curve - 1, i));
            cell(curve, i) = std::min(ms, known_above[curve * width + i]);
        }
    }
}

ProfileInterpolation::Spot ProfileInterpolation::spot(const std::vector<double>& values, double x) {
    if (x <= values.front()) return {};
    if (x > values.back()) return {.from = values.size() - 1, .fraction = 0, .is_beyond = true};
    const std::size_t to = index_of(values, x);
    return {.from = to - 1, .fraction = (x - values[to - 1]) / (values[to] - values[to - 1])};
}

double ProfileInterpolation::along(std::size_t curve, double inner) const {
    const Spot at = spot(inner_, inner);
    const double from = cell(curve, at.from);
    if (at.is_beyond) {
        const double last = inner_.back();
        const double half = std::max(last / 2, inner_.front());
        return half < last ? from + (from - along(curve, half)) / (last - half) * (inner - last) : from;
    }
    if (at.fraction == 0) return from;
    return from + (cell(curve, at.from + 1) - from) * at.fraction;
}

double ProfileInterpolation::at(double a, double b) const {
    const double outer = outer_is_a_ ? a : b;
    const double inner = outer_is_a_ ? b : a;
    const Spot place = spot(outer_, outer);
    const double from = along(place.from, inner);
    if (place.is_beyond) {
        const double last = outer_.back();
        const double half = std::max(last / 2, outer_.front());
        if (!(half < last)) return from;
        const double at_half = outer_is_a_ ? at(half, b) : at(a, half);
        return from + (from - at_half) / (last - half) * (outer - last);
    }
    if (place.fraction == 0) return from;
    return from + (along(place.from + 1, inner) - from) * place.fraction;
}

}  // namespace regatta::timing
