#include "routing/token_bucket.hpp"

#include <cmath>
#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

namespace {

constexpr double kRateUnits = 1e12;
constexpr std::int64_t kGrainsOfRateUnit = 1'000'000'000;  // nanoseconds of a second

}  // namespace

/// Whole numbers exactly, whatever their size.
TokenBucket::Grains TokenBucket::in_rate_units(double rate_per_s) {
    const double whole = std::floor(rate_per_s);
    return static_cast<Grains>(whole) * static_cast<std::int64_t>(kRateUnits) +
           std::llround((rate_per_s - whole) * kRateUnits);
}

TokenBucket::TokenBucket(const Options& options)
    : rate_(in_rate_units(options.rate_per_s)),
      capacity_(static_cast<Grains>(options.burst) * static_cast<std::int64_t>(kRateUnits) * kGrainsOfRateUnit),
      one_(static_cast<Grains>(options.buckets) * static_cast<std::int64_t>(kRateUnits) * kGrainsOfRateUnit),
      level_(capacity_) {
    REGATTA_CHECK(rate_ > 0 && options.rate_per_s <= 1e15 && options.burst > 0 && options.burst <= 1'000'000'000'000 &&
                      options.buckets > 0,
                  "a token bucket of " + std::to_string(options.rate_per_s) + "/s, " + std::to_string(options.burst) +
                      " at once");
}

bool TokenBucket::holds(std::int64_t amount, SimTime now) {
    const Grains elapsed = (now - filled_at_).ns();
    REGATTA_CHECK(elapsed >= 0, "a token bucket was looked at in its past");
    const Grains missing = capacity_ - level_;
    // Filled by what came since, or full: the product would not fit after a long time.
    level_ = elapsed > missing / rate_ ? capacity_ : level_ + rate_ * elapsed;
    filled_at_ = now;
    return amount * one_ <= level_;
}

void TokenBucket::take(std::int64_t amount) {
    REGATTA_CHECK(amount * one_ <= level_, "more was taken out of a token bucket than it holds");
    level_ -= amount * one_;
}

}  // namespace regatta::routing
