#include "results/plot_axis.hpp"

#include <gtest/gtest.h>

namespace regatta::results {
namespace {

std::vector<std::string> labels_of(const PlotAxis& axis) {
    std::vector<std::string> labels;
    for (const PlotAxis::Tick& tick : axis.ticks())
        if (!tick.label.empty()) labels.push_back(tick.label);
    return labels;
}

TEST(PlotAxis, StandsFromTheLeastToTheMost) {
    const PlotAxis linear(false, 0, 50);
    EXPECT_EQ(linear.position(0), 0);
    EXPECT_DOUBLE_EQ(linear.position(25), 0.5);
    const PlotAxis log(true, 0.01, 100);
    EXPECT_DOUBLE_EQ(log.position(1), 0.5);
    EXPECT_DOUBLE_EQ(log.position(1000), 1.25);
}

TEST(PlotAxis, HasRoundTicks) {
    EXPECT_EQ(labels_of(PlotAxis(false, 0, 1130)),
              (std::vector<std::string>{"0", "200", "400", "600", "800", "1,000"}));
    EXPECT_EQ(labels_of(PlotAxis(false, 0, 0.9)), (std::vector<std::string>{"0", "0.2", "0.4", "0.6", "0.8"}));
}

TEST(PlotAxis, LabelsDecadesAndMoreOfThemWhereThereAreFew) {
    EXPECT_EQ(labels_of(PlotAxis(true, 0.05, 30000)),
              (std::vector<std::string>{"0.1", "1", "10", "100", "1,000", "10,000"}));
    EXPECT_EQ(labels_of(PlotAxis(true, 3, 300)), (std::vector<std::string>{"5", "10", "20", "50", "100", "200"}));
    EXPECT_EQ(PlotAxis(true, 3, 300).ticks().size(), 7 + 9 + 3U);
}

}  // namespace
}  // namespace regatta::results
