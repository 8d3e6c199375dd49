#include "scenario/reference.hpp"

#include <gtest/gtest.h>

#include "scenario/decode.hpp"
#include "scenario/schema.hpp"
#include "shipped.hpp"

namespace regatta::scenario {
namespace {

TEST(Reference, ThePageIsWhatTheDeclarationsSay) {
    EXPECT_EQ(testing::read_source("docs/reference/scenario.md"), scenario_reference(Registries{}))
        << "docs/reference/scenario.md is stale; rewrite it: regatta reference > docs/reference/scenario.md";
}

void check_parameter(const Parameter& parameter, const std::string& path) {
    SCOPED_TRACE(path + "." + parameter.key);
    EXPECT_FALSE(parameter.sentence.empty());
    if (parameter.is_required || is_optional(parameter)) return;
    EXPECT_NO_THROW(static_cast<void>(decode_default(parameter)));
}

void check_section(const Section& section, const std::string& path) {
    for (const Key& key : section.keys) {
        const std::string inner = path + "." + key.parameter.key;
        EXPECT_FALSE(key.parameter.sentence.empty()) << inner;
        if (key.shape == Key::Shape::Value) check_parameter(key.parameter, path);
        for (const Section& one : key.section)
            check_section(one, inner);
        for (const PolicyDeclaration& policy : key.policies.policies) {
            EXPECT_FALSE(policy.sentence.empty()) << inner << " " << policy.name;
            for (const Parameter& parameter : policy.parameters)
                check_parameter(parameter, inner + "." + policy.name);
        }
        const std::string& default_name = key.policies.default_name;
        EXPECT_TRUE(default_name.empty() || key.policies.find(default_name) != nullptr) << inner;
    }
}

TEST(Reference, EveryDeclarationHasASentenceAndADefaultThatKeepsIt) {
    check_section(scenario_schema(Registries{}), "");
}

TEST(Reference, APolicyOfOnesOwnIsReadAndDocumented) {
    Registries registries;
    routing::RouterRegistry::Entry entry = *registries.routers.find("random");
    entry.name = "by_moon";
    entry.sentence = "whatever the moon says";
    Parameter phase;
    phase.key = "phase";
    phase.kind = ParameterKind::Fraction;
    phase.default_text = "0.5";
    phase.sentence = "how full it is";
    entry.parameters.push_back(phase);
    registries.routers.add(entry);
    const std::string page = scenario_reference(registries);
    EXPECT_NE(page.find("**`by_moon`**: whatever the moon says."), std::string::npos);
    EXPECT_NE(page.find("| `phase` | a fraction from 0 to 1 | `0.5` | how full it is |"), std::string::npos);
}

}  // namespace
}  // namespace regatta::scenario
