#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenario/document.hpp"
#include "scenario/schema.hpp"

namespace regatta::scenario {

struct Reading;

/// A policy as it was chosen, its parameters complete and checked one by one.
struct PolicyReading {
    std::string name;
    Parameters parameters;
    Place place;
    std::string path;
    std::map<std::string, Place> places;       ///< of the parameters that were given
    std::map<std::string, std::string> paths;  ///< of the parameters that were given
    std::map<std::string, Reading> maps;       ///< beside the parameters; one that is none has no element
};

/// A section of the scenario as it was read. Keys that were left out have their default; what was wrong has been told
/// and `is_sound` is false: then values may be missing.
struct Reading {
    Place place;
    std::string path;
    bool is_sound = true;
    Parameters values;
    std::map<std::string, Place> given;   ///< keys that were written, with the place of their value
    std::set<std::string> refused;        ///< keys whose value was wrong
    std::map<std::string, Reading> maps;  ///< one that may be none and is has no element
    std::map<std::string, std::vector<Reading>> lists;
    std::map<std::string, std::vector<PolicyReading>> policy_lists;
    std::map<std::string, PolicyReading> policies;  ///< one that may be none and is has no element

    [[nodiscard]] bool has(const std::string& key) const { return values.has(key); }
    /// Of the value where it was written, else of the section.
    [[nodiscard]] const Place& place_of(const std::string& key) const;
    [[nodiscard]] std::string path_of(const std::string& key) const;
};

/// Reads a document by its declarations; everything wrong goes to `problems`.
[[nodiscard]] Reading read_document(const Node& document, const Section& schema, Problems& problems);

/// What stands under a key, in one line.
[[nodiscard]] std::string write_key(const Reading& reading, const Key& key);

/// The reading written out as YAML, every default included.
[[nodiscard]] std::string write_document(const Reading& reading, const Section& schema);

}  // namespace regatta::scenario
