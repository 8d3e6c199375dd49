#include "regatta/timing/registry.hpp"

#include <gtest/gtest.h>

namespace regatta::timing {
namespace {

TEST(StepTimeRegistry, OffersRooflineLinearProfileAndScratchpad) {
    EXPECT_EQ(built_in_step_time_models().names(),
              (std::vector<std::string>{"roofline", "linear", "profile", "scratchpad"}));
}

TEST(StepTimeRegistry, DescribesEveryParameter) {
    const StepTimeRegistry registry = built_in_step_time_models();
    for (const auto& entry : registry.entries()) {
        SCOPED_TRACE(entry.name);
        EXPECT_FALSE(entry.sentence.empty());
        for (const Parameter& parameter : entry.parameters) {
            SCOPED_TRACE(parameter.key);
            EXPECT_FALSE(parameter.sentence.empty());
            // A file that is not required may be left out.
            EXPECT_FALSE(parameter.is_required && !parameter.default_text.empty());
            EXPECT_LT(parameter.least, parameter.most);
        }
    }
}

}  // namespace
}  // namespace regatta::timing
