#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/scenario/registries.hpp"

namespace regatta::scenario {

/// One policy as a scenario may name it: a registry entry without its factory.
struct PolicyDeclaration {
    std::string name;
    std::string sentence;
    std::vector<Parameter> parameters;

    /// The one required parameter, so that `{name: value}` is enough to choose and fill the policy; else null.
    [[nodiscard]] const Parameter* sole_parameter() const;
};

/// What may stand under a key that chooses a policy: `name`, `{select_key: name, parameter: value}` or, for a policy
/// with one required parameter, `{name: value}`.
struct PolicyTable {
    std::string select_key;
    std::string default_name = {};  ///< empty: it must be said
    std::vector<PolicyDeclaration> policies = {};

    [[nodiscard]] const PolicyDeclaration* find(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> names() const;
};

struct Section;

/// One key of the scenario: the reader, the checker, the resolved text and the reference page all follow from it.
/// A value that is not required and has no default may be left out or be `none`.
struct Key {
    enum class Shape { Value, Map, List, Policy, Policies };

    Parameter parameter;  ///< for other shapes than Value only key, is_required and sentence count
    Shape shape = Shape::Value;
    /// Of a Value: `none` is allowed although there is a default. Of a Map or Policy: it may be left out or be `none`,
    /// and has no values then.
    bool may_be_none = false;
    /// A branch may change it, with all that stands below it: the fleet is built the same, and what it has done until
    /// then stays true.
    bool is_changeable = false;
    /// Of a Map or List: exactly one, what stands in it or in each element. Of a Policy: at most one, maps that may be
    /// none and stand beside the parameters of whichever policy is chosen.
    std::vector<Section> section;
    PolicyTable policies;  ///< of a Policy, and of each element of Policies, which may be left out

    [[nodiscard]] bool takes_none() const;
};

struct Section {
    std::string shorthand_key =
        {};  ///< a scalar in place of the map is the value of this key; empty: there must be a map
    std::vector<Key> keys = {};
};

/// True when the parameter may be absent altogether.
[[nodiscard]] bool is_optional(const Parameter& parameter);

/// Paths of what a branch may change, "fleet.pools[].price"; of a section all of whose keys may change, its own.
[[nodiscard]] std::vector<std::string> changeable_paths(const Section& schema);

/// Everything that may stand in a scenario.
[[nodiscard]] Section scenario_schema(const Registries& registries);

}  // namespace regatta::scenario
