#include "routing/random_router.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "routing/outstanding_view.hpp"

namespace regatta::routing {
namespace {

TEST(RandomRouter, ChoosesAllReplicasEquallyOften) {
    RandomRouter router({.replicas = 10, .seed = 3});
    OutstandingView view(10, Reports::OnCompletion);
    std::vector<int> chosen(10, 0);
    for (std::uint64_t request = 0; request < 100'000; ++request)
        ++chosen[router.choose(RequestId(request), view)];
    // Chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds; the seed is fixed.
    double chi_square = 0;
    for (const int count : chosen)
        chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
    EXPECT_LT(chi_square, 27.9);
}

TEST(RandomRouter, FollowsFromSeedAndRequestWhateverWasAskedBefore) {
    RandomRouter asked_before({.replicas = 1000, .gateway = 0, .gateways = 2, .seed = 3});
    RandomRouter fresh({.replicas = 1000, .gateway = 1, .gateways = 2, .seed = 3});
    OutstandingView view(1000, Reports::OnCompletion);
    (void)asked_before.choose(RequestId(8), view);
    EXPECT_EQ(asked_before.choose(RequestId(9), view), fresh.choose(RequestId(9), view));
}

TEST(RandomRouter, ChangesWithTheSeed) {
    RandomRouter one({.replicas = 1'000'000, .seed = 1});
    RandomRouter other({.replicas = 1'000'000, .seed = 2});
    OutstandingView view(1'000'000, Reports::OnCompletion);
    EXPECT_NE(one.choose(RequestId(9), view), other.choose(RequestId(9), view));
}

}  // namespace
}  // namespace regatta::routing
