#include "results/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace regatta::results {
namespace {

TEST(ResultsReference, IsThePageInTheDocs) {
    const char* root = std::getenv("REGATTA_SOURCE_DIR");
    if (root == nullptr) GTEST_SKIP() << "REGATTA_SOURCE_DIR is not set; run this by ctest";
    std::ifstream file(std::filesystem::path(root) / "docs/reference/results.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(page, results_reference())
        << "docs/reference/results.md is stale; rewrite it: regatta-post reference > docs/reference/results.md";
}

}  // namespace
}  // namespace regatta::results
