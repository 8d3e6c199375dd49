#include "serving/outages.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/random.hpp"

namespace regatta::serving {

namespace {

/// A Weibull variate of this mean and shape by inversion [s]: scale * (-ln u)^(1/shape) has the mean
/// scale * Gamma(1 + 1/shape).
double weibull_s(double mean_s, double shape, double uniform) {
    if (shape == 1) return -mean_s * std::log(uniform);
    return mean_s / std::tgamma(1 + 1 / shape) * std::pow(-std::log(uniform), 1 / shape);
}

/// The integral of the hazard of a Weibull law up to this age: (age / scale)^shape.
double hazard_until(double mean_s, double shape, double age_s) {
    return std::pow(age_s / (mean_s / std::tgamma(1 + 1 / shape)), shape);
}

/// The age at which the integral is this.
double age_at_hazard(double mean_s, double shape, double hazard) {
    return mean_s / std::tgamma(1 + 1 / shape) * std::pow(hazard, 1 / shape);
}

/// Beyond any run, and far from where seconds do not fit a SimTime any more: 30 years.
constexpr double kLongest_s = 1e9;

/// So long after `from`, not counting spans that are closed.
SimTime later_by(double wait_s, SimTime from, const std::vector<TimeSpan>& closed) {
    if (wait_s > kLongest_s) return SimTime::never();
    SimTime at = from + SimTime::from_seconds(wait_s);
    for (const TimeSpan& span : closed)
        if (span.until > from && at >= span.from) at += span.until - std::max(span.from, from);
    return at;
}

double seconds_open(SimTime from, SimTime until, const std::vector<TimeSpan>& closed) {
    SimTime sum = until - from;
    for (const TimeSpan& span : closed) {
        const SimTime begin = std::max(span.from, from);
        const SimTime end = std::min(span.until, until);
        if (begin < end) sum = sum - (end - begin);
    }
    return sum.seconds();
}

}  // namespace

PartState::PartState(FailingPart part, std::uint64_t seed, FailureSeason season)
    : part_(std::move(part)), seed_(seed), season_(std::move(season)), change_(next_failure()) {}

/// When a spell that began at `since_` ends, by the laws that hold one after the other.
SimTime PartState::end_of(Spell (*spell)(const FailureLaw&), double uniform,
                          const std::vector<TimeSpan>& closed) const {
    const auto& later = part_.later;
    auto next = std::find_if(later.begin(), later.end(), [this](const LaterLaw& one) { return one.from > since_; });
    Spell holds = spell(next == later.begin() ? *part_.law : (next - 1)->law);
    SimTime at = later_by(weibull_s(holds.mean_s, holds.shape, uniform), since_, closed);
    double left = -std::log(uniform);  // of the hazard
    double age_s = 0;                  // when the law began to hold
    for (; next != later.end() && at >= next->from; ++next) {
        const double age_now_s = seconds_open(since_, next->from, closed);
        left -= hazard_until(holds.mean_s, holds.shape, age_now_s) - hazard_until(holds.mean_s, holds.shape, age_s);
        left = std::max(left, 0.0);
        age_s = age_now_s;
        holds = spell(next->law);
        const double end_s =
            age_at_hazard(holds.mean_s, holds.shape, hazard_until(holds.mean_s, holds.shape, age_s) + left);
        at = later_by(std::max(end_s - age_s, 0.0), next->from, closed);
    }
    return at;
}

SimTime PartState::next_failure() const {
    if (!part_.law) return number_ < part_.script.size() ? part_.script[number_].from : SimTime::never();
    const SimTime at = end_of([](const FailureLaw& law) { return Spell{.mean_s = law.mtbf_s, .shape = law.shape}; },
                              uniform_open(seed_, RandomPurpose::UpTime, part_.entity, number_), season_.closed);
    return at < season_.until ? at : SimTime::never();
}

/// Not at the instant of the failure itself, and whatever it was that failed, some day.
SimTime PartState::repaired() const {
    if (!part_.law) return part_.script[number_].to;
    const SimTime at =
        end_of([](const FailureLaw& law) { return Spell{.mean_s = law.mttr_s, .shape = law.repair_shape}; },
               uniform_open(seed_, RandomPurpose::DownTime, part_.entity, number_), {});
    return std::clamp(at, since_ + SimTime::from_ns(1), since_ + SimTime::from_seconds(kLongest_s));
}

void PartState::turn() {
    since_ = change_;
    is_down_ = !is_down_;
    if (!is_down_) ++number_;
    change_ = next_change();
}

}  // namespace regatta::serving
