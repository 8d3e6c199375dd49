#include "regatta/base/errors.hpp"

#include <gtest/gtest.h>

namespace regatta {
namespace {

TEST(NearestName, FindsSlipsAndNothingElse) {
    const std::vector<std::string> known = {"router", "reports", "count"};
    EXPECT_EQ(nearest_name("routr", known), "router");
    EXPECT_EQ(nearest_name("rotuer", known), "router");
    EXPECT_EQ(nearest_name("reprots", known), "reports");
    EXPECT_EQ(nearest_name("latency", known), "");
    EXPECT_EQ(nearest_name("x", known), "");
}

TEST(NearestName, TakesABeginningThatFitsOneName) {
    EXPECT_EQ(nearest_name("h100", {"h100-sxm", "a100-sxm-80gb"}), "h100-sxm");
    EXPECT_EQ(nearest_name("h100", {"h100-sxm-80gb", "h100-pcie-80gb"}), "");
}

TEST(DidYouMean, IsReadyToBeAppended) {
    EXPECT_EQ(did_you_mean("routr", {"router"}), "; did you mean \"router\"?");
    EXPECT_EQ(did_you_mean("latency", {"router"}), "");
}

TEST(RegattaCheck, ThrowsWithPlaceConditionAndValues) {
    const int blocks = -1;
    try {
        REGATTA_CHECK(blocks >= 0, "blocks " + std::to_string(blocks));
        FAIL() << "did not throw";
    } catch (const BugError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("errors_test.cpp"), std::string::npos);
        EXPECT_NE(text.find("blocks >= 0"), std::string::npos);
        EXPECT_NE(text.find("blocks -1"), std::string::npos);
    }
}

}  // namespace
}  // namespace regatta
