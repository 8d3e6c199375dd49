#include "workload/zipf.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "distributions.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

// The weight of all lengths up to each, by summing; element i is least + i.
std::vector<double> summed(double exponent, std::int64_t least, std::int64_t most) {
    std::vector<double> sums;
    double sum = 0;
    for (std::int64_t length = least; length <= most; ++length)
        sums.push_back(sum += std::pow(static_cast<double>(length), -exponent));
    return sums;
}

// Every length begins where the one below it ends: the uniform numbers about each border give the two lengths.
void expect_borders(const Zipf::Options& options) {
    SCOPED_TRACE(options.exponent);
    const Zipf zipf(options);
    const std::vector<double> sums = summed(options.exponent, options.least, options.most);
    for (std::size_t i = 0; i + 1 < sums.size(); i += 1 + i / 50) {
        const double border = sums[i] / sums.back();
        const double width = std::pow(static_cast<double>(options.least) + static_cast<double>(i), -options.exponent) /
                             sums.back() / 100;
        const auto length = options.least + static_cast<std::int64_t>(i);
        EXPECT_EQ(zipf.tokens(border - width), length);
        EXPECT_EQ(zipf.tokens(border + width), length + 1);
    }
}

TEST(Zipf, IsTheInverseOfTheSumOfPowers) {
    for (const double exponent : {0.0, 0.6, 1.0, 1.0 + 1e-12, 1.3, 3.0})
        expect_borders({.exponent = exponent, .least = 1, .most = 4000});
}

TEST(Zipf, GoesOnSmoothlyWhereSumsBecomeIntegrals) {
    for (const double exponent : {0.0, 0.6, 1.0, 1.3, 2.0})
        expect_borders({.exponent = exponent, .least = 1, .most = 200'000});
    expect_borders({.exponent = 1.1, .least = 100, .most = 20'000});
}

TEST(Zipf, StaysWithinItsEnds) {
    for (const double exponent : {0.0, 1.0, 2.5}) {
        const Zipf zipf({.exponent = exponent, .least = 5, .most = 100'000'000});
        EXPECT_EQ(zipf.tokens(0x1p-54), 5);
        EXPECT_GE(zipf.tokens(1 - 0x1p-53), 5);
        EXPECT_LE(zipf.tokens(1 - 0x1p-53), 100'000'000);
    }
    const Zipf flat({.exponent = 0, .least = 1, .most = 100'000'000});
    EXPECT_EQ(flat.tokens(1 - 0x1p-53), 100'000'000);
    EXPECT_EQ(Zipf({.exponent = 1, .least = 9, .most = 9}).tokens(0.5), 9);
}

TEST(Zipf, RefusesEndsThatAreTheWrongWayRound) {
    Parameters parameters;
    parameters.set("exponent", 1.0);
    parameters.set("least", std::int64_t{10});
    parameters.set("most", std::int64_t{5});
    try {
        (void)make_zipf(parameters);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems().front(), "least: 10 is more than most = 5; expected at most 5");
    }
}

}  // namespace
}  // namespace regatta::workload
