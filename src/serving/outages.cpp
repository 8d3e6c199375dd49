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

/// Beyond any run, and far from where seconds do not fit a SimTime any more: 30 years.
constexpr double kLongest_s = 1e9;

}  // namespace

PartState::PartState(FailingPart part, std::uint64_t seed, SimTime until)
    : part_(std::move(part)), seed_(seed), until_(until), change_(next_failure()) {}

SimTime PartState::next_failure() const {
    if (!part_.law) return number_ < part_.script.size() ? part_.script[number_].from : SimTime::never();
    const double up_s = weibull_s(part_.law->mtbf_s, part_.law->shape,
                                  uniform_open(seed_, RandomPurpose::UpTime, part_.entity, number_));
    if (up_s > kLongest_s) return SimTime::never();
    const SimTime at = since_ + SimTime::from_seconds(up_s);
    return at < until_ ? at : SimTime::never();
}

/// Not at the instant of the failure itself.
SimTime PartState::repaired() const {
    if (!part_.law) return part_.script[number_].to;
    const double down_s = weibull_s(part_.law->mttr_s, part_.law->repair_shape,
                                    uniform_open(seed_, RandomPurpose::DownTime, part_.entity, number_));
    return since_ + std::max(SimTime::from_seconds(std::min(down_s, kLongest_s)), SimTime::from_ns(1));
}

void PartState::turn() {
    since_ = change_;
    is_down_ = !is_down_;
    if (is_down_) {
        change_ = repaired();
        return;
    }
    ++number_;
    change_ = next_failure();
}

}  // namespace regatta::serving
