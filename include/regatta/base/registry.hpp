#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/base/parameters.hpp"

namespace regatta {

/// One policy of a room: its key in scenarios, what it does in one sentence, its parameters, and how to make it.
template <class Factory>
struct RegistryEntry {
    std::string name;
    std::string sentence;
    std::vector<Parameter> parameters;
    Factory make = nullptr;
};

/// The policies of one room. A plain table, passed to whoever needs it; a program that links the library adds its own
/// with `add` in its main. `Factory` is a function pointer type.
template <class Factory>
class Registry {
public:
    using Entry = RegistryEntry<Factory>;
    explicit Registry(std::vector<Entry> entries) : entries_(std::move(entries)) {}

    void add(Entry entry) {
        REGATTA_CHECK(find(entry.name) == nullptr, "policy \"" + entry.name + "\" is registered twice");
        entries_.push_back(std::move(entry));
    }
    [[nodiscard]] const Entry* find(std::string_view name) const {
        for (const Entry& entry : entries_)
            if (entry.name == name) return &entry;
        return nullptr;
    }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> result;
        for (const Entry& entry : entries_)
            result.push_back(entry.name);
        return result;
    }

private:
    std::vector<Entry> entries_;
};

}  // namespace regatta
