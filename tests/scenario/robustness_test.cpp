// Whatever bytes come, the answer is a scenario or an InputError: never a crash, never another exception.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::problems_of_text;
using testing::scenario_with;

RC_GTEST_PROP(RobustnessProperty, MutatedScenariosAreReadOrRefused, ()) {
    std::string text = scenario_with(1, "duration: 10min\ngateways: {router: random, reports: {every: 100ms}}");
    const int mutations = *rc::gen::inRange(1, 6);
    for (int i = 0; i < mutations; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto kind = *rc::gen::inRange(0, 4);
        if (kind == 0)
            text.erase(at, *rc::gen::inRange<std::size_t>(1, 12));
        else if (kind == 1)
            text.insert(at, 1, *rc::gen::element('{', '}', '[', ']', ':', '-', '\t', '\n', '&', '*', '\0', '"'));
        else if (kind == 2)
            text[at] = *rc::gen::arbitrary<char>();
        else
            text.insert(
                at, *rc::gen::element<std::string>("none", "{}", "[]", " : ", "*a", "&a ", "<<: ", "- ", "0", "!x "));
        if (text.empty()) text = " ";
    }
    for (const std::string& problem : problems_of_text(text))
        RC_ASSERT(problem.rfind("fleet.yaml", 0) == 0U);
}

RC_GTEST_PROP(RobustnessProperty, AnyOverrideIsAppliedOrRefused, ()) {
    const auto piece =
        rc::gen::element<std::string>("fleet", "pools", "[0]", "[chat]", ".", "gateways", "router", "=", "{}",
                                      "workload", "streams", "none", "random", "[", "]", "1", "&a", "*a");
    std::string text;
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece))
        text += part;
    for (const std::string& problem : problems_of_text(scenario_with(), {text}))
        RC_ASSERT(problem.rfind("--set #1", 0) == 0U || problem.rfind("fleet.yaml", 0) == 0U);
}

TEST(Robustness, AnyPartOfAScenarioIsReadOrRefused) {
    const std::string text = scenario_with();
    for (std::size_t length = 0; length < text.size(); ++length) {
        SCOPED_TRACE(length);
        EXPECT_FALSE(problems_of_text(text.substr(0, length)).empty() && length + 30 < text.size());
    }
}

}  // namespace
}  // namespace regatta::scenario
