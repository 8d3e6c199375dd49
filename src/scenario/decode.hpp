#pragma once

#include <string>

#include "regatta/base/parameters.hpp"
#include "scenario/document.hpp"
#include "scenario/quantity.hpp"

namespace regatta::scenario {

/// The value of a declared key, checked against its declaration; or the sentence that says what is wrong.
[[nodiscard]] Read<Parameters::Value> decode(const Node& node, const Parameter& declared);

/// The declared default. Throws BugError when it does not keep its own declaration.
[[nodiscard]] Parameters::Value decode_default(const Parameter& declared);

/// As a user would write it in YAML; reads back as the same value.
[[nodiscard]] std::string write_value(const Parameters::Value& value, ParameterKind kind);

/// "a whole number of at least 1", "one of: lazy, stepwise": what error messages and the reference say is expected.
[[nodiscard]] std::string expected_of(const Parameter& declared);

/// Text as a YAML scalar: quoted where it would otherwise be misread.
[[nodiscard]] std::string quote_if_needed(const std::string& text);

/// "a, b, c".
[[nodiscard]] std::string join(const std::vector<std::string>& words);

}  // namespace regatta::scenario
