#include "workload/scratchpad_draws.hpp"

#include <gtest/gtest.h>

#include <array>

namespace regatta::workload {
namespace {

// First words as published with the algorithm (mt19937ar.out), and as numpy and Python give them.
TEST(Mersenne, SeededByAKeyItGivesThePublishedWords) {
    const std::array<std::uint32_t, 4> key = {0x123, 0x234, 0x345, 0x456};
    Mersenne words{std::span<const std::uint32_t>(key)};
    for (const std::uint32_t expected : {1067595299U, 955945823U, 477289528U, 4107218783U, 4228976476U})
        EXPECT_EQ(words.next(), expected);
}

TEST(Mersenne, SeededByANumberItGivesWhatNumpyDoes) {
    Mersenne words(0U);
    for (const std::uint32_t expected : {2357136044U, 2546248239U, 3071714933U, 3626093760U, 2588848963U})
        EXPECT_EQ(words.next(), expected);
}

TEST(ScratchpadDraws, FirstArrivalsAreThoseOfTheSimulator) {
    ScratchpadDraws draws;
    const std::vector<double> arrivals = draws.arrivals(7, 1);
    const std::vector<double> expected = {0.79587450816311,   2.0518052711289476, 2.9750284169330166,
                                          3.7622295692502874, 4.3132780603457865, 5.351437355289396,
                                          5.926956554458036};
    ASSERT_EQ(arrivals.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_DOUBLE_EQ(arrivals[i], expected[i]) << i;
}

TEST(ScratchpadDraws, TheRateOnlyScalesArrivals) {
    const std::vector<double> slow = ScratchpadDraws().arrivals(100, 1);
    const std::vector<double> fast = ScratchpadDraws().arrivals(100, 4);
    for (std::size_t i = 0; i < slow.size(); ++i)
        EXPECT_NEAR(fast[i], slow[i] / 4, 1e-12) << i;
}

TEST(ScratchpadDraws, WithoutARateAllArriveAtOnceAndNothingIsDrawn) {
    ScratchpadDraws draws;
    EXPECT_EQ(draws.arrivals(3, 0), (std::vector<double>{0, 0, 0}));
    // 2357136044 & 3, 2546248239 & 3, ...: words not below 3 are drawn again.
    EXPECT_EQ(draws.below(3), 2357136044U & 3U);
}

TEST(ScratchpadDraws, AllGapsAreDrawnBeforeTheRoutersNumbers) {
    ScratchpadDraws draws;
    static_cast<void>(draws.arrivals(10, 1));
    Mersenne words(0U);
    for (int i = 0; i < 2 * 24; ++i)  // 10 lines, twice as long, 1.2 times as many: 24 doubles
        static_cast<void>(words.next());
    EXPECT_EQ(draws.below(1U << 20U), words.next() & ((1U << 20U) - 1));
}

TEST(ScratchpadDraws, WithoutAChoiceNothingIsDrawn) {
    ScratchpadDraws draws;
    EXPECT_EQ(draws.below(1), 0U);
    EXPECT_EQ(draws.below(4), 2357136044U & 3U);
}

// python3 -c "import random; random.seed(0); print([random._inst._randbelow(10) for _ in range(6)])"
TEST(PythonDraws, GivesWhatPythonDoes) {
    PythonDraws draws;
    for (const std::uint32_t expected : {6U, 6U, 0U, 4U, 8U, 7U})
        EXPECT_EQ(draws.below(10), expected);
}

TEST(PythonDraws, DrawsEvenWithoutAChoice) {
    // Of the first words, 3626764237 and 1654615998, the second is below 2^31: that is the one that is taken.
    PythonDraws one;
    PythonDraws other;
    EXPECT_EQ(one.below(1), 0U);
    EXPECT_EQ(other.below(1U << 31U), 1654615998U);
    EXPECT_EQ(one.below(1U << 31U), other.below(1U << 31U));
}

}  // namespace
}  // namespace regatta::workload
