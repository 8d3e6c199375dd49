#include "workload/copula.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/policies/policy.hpp>
#include <cmath>

namespace regatta::workload {
namespace {

// In double, not by way of long double, which is slower and differs between machines.
using StandardNormal =
    boost::math::normal_distribution<double,
                                     boost::math::policies::policy<boost::math::policies::promote_double<false>>>;

// As near to the ends of (0, 1) as a uniform number comes.
constexpr double kLeast = 0x1p-54;
constexpr double kMost = 1 - 0x1p-53;

}  // namespace

double correlated(double leading, double own, double correlation) {
    const StandardNormal normal;
    const double z = correlation * boost::math::quantile(normal, leading) +
                     std::sqrt(1 - correlation * correlation) * boost::math::quantile(normal, own);
    return std::clamp(boost::math::cdf(normal, z), kLeast, kMost);
}

}  // namespace regatta::workload
