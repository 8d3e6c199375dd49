#pragma once

#include <string>
#include <utility>
#include <vector>

#include "regatta/base/registry.hpp"
#include "scenario/schema.hpp"

/// Short ways to write declarations of keys, for the files that hold the schema.
namespace regatta::scenario::keys {

using Kind = ParameterKind;

[[nodiscard]] Key value(Parameter parameter);
[[nodiscard]] Key map(std::string name, bool is_required, Section section, std::string sentence);
/// A map that may be left out or be `none`.
[[nodiscard]] Key optional_map(std::string name, Section section, std::string sentence);
[[nodiscard]] Key list(std::string name, bool is_required, Section section, std::string sentence);
[[nodiscard]] Key policy(std::string name, bool is_required, PolicyTable table, std::string sentence);
[[nodiscard]] Key word(std::string name, std::string default_text, std::vector<std::string> choices,
                       std::string sentence);
[[nodiscard]] Key duration(std::string name, std::string default_text, double least_s, std::string sentence);
[[nodiscard]] Key count(std::string name, std::string default_text, double least, double most, std::string sentence);

/// What a branch may change.
[[nodiscard]] Key changeable(Key key);
[[nodiscard]] Section changeable(Section section);

/// Any number of policies, one after the other.
[[nodiscard]] Key policies(std::string name, PolicyTable table, std::string sentence);

template <class Factory>
PolicyTable table_of(const Registry<Factory>& registry, std::string select_key, std::string default_name) {
    PolicyTable table{.select_key = std::move(select_key), .default_name = std::move(default_name)};
    for (const auto& entry : registry.entries())
        table.policies.push_back({entry.name, entry.sentence, entry.parameters});
    return table;
}

}  // namespace regatta::scenario::keys

namespace regatta::scenario {

/// What users are promised, of the scenario or of a stream.
[[nodiscard]] Section targets_section();
/// What may stand under `speculation` of a pool.
[[nodiscard]] PolicyTable speculation_table();
// Of `fleet`, in schema_fleet.cpp.
/// What of a server weights pass.
[[nodiscard]] std::vector<Key> server_keys();
[[nodiscard]] Section servers_section();
[[nodiscard]] Section loading_section();
[[nodiscard]] PolicyTable autoscale_table(const Registries& registries);
[[nodiscard]] Section controller_section();
[[nodiscard]] Section failures_section();
[[nodiscard]] Section timeline_section();
[[nodiscard]] Section maintenance_section();
[[nodiscard]] PolicyTable reprovision_table(const Registries& registries);
/// Of `gateways`.
[[nodiscard]] PolicyTable unserved_table();
/// What may stand under `fleet` in place of pools: fleets as the Scratchpad simulator has them.
[[nodiscard]] std::vector<Key> scratchpad_fleet_keys();
/// What may stand under `workload`.
[[nodiscard]] Section workload_section(const Registries& registries);

}  // namespace regatta::scenario
