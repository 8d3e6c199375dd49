#include "regatta/workload/registry.hpp"

#include <gtest/gtest.h>

namespace regatta::workload {
namespace {

using Names = std::vector<std::string>;

TEST(WorkloadRegistries, OfferTheBuiltInPolicies) {
    EXPECT_EQ(built_in_arrival_processes().names(),
              (Names{"poisson", "gamma", "constant", "truncated_poisson", "all_at_once"}));
    EXPECT_EQ(built_in_length_distributions().names(),
              (Names{"fixed", "uniform", "exponential", "lognormal", "zipf", "ycsb_zipf", "quantiles"}));
}

void expect_described(const std::vector<Parameter>& parameters) {
    for (const Parameter& parameter : parameters) {
        SCOPED_TRACE(parameter.key);
        EXPECT_FALSE(parameter.sentence.empty());
        EXPECT_NE(parameter.is_required, !parameter.default_text.empty());
    }
}

TEST(WorkloadRegistries, DescribeEveryParameter) {
    const ArrivalRegistry arrivals = built_in_arrival_processes();
    for (const auto& entry : arrivals.entries()) {
        SCOPED_TRACE(entry.name);
        EXPECT_FALSE(entry.sentence.empty());
        expect_described(entry.parameters);
    }
    const LengthRegistry lengths = built_in_length_distributions();
    for (const auto& entry : lengths.entries()) {
        SCOPED_TRACE(entry.name);
        EXPECT_FALSE(entry.sentence.empty());
        expect_described(entry.parameters);
    }
}

}  // namespace
}  // namespace regatta::workload
