#include "scenario/differences.hpp"

#include <fmt/format.h>

namespace regatta::scenario {
namespace {

class Comparison {
public:
    std::vector<Difference> found;

    void compare(const Reading& before, const Reading& after, const Section& section, bool is_changeable) {
        for (const Key& key : section.keys)
            compare_key(before, after, key, is_changeable || key.is_changeable);
    }

private:
    void compare_key(const Reading& before, const Reading& after, const Key& key, bool is_changeable) {
        const std::string& name = key.parameter.key;
        if (key.shape == Key::Shape::Map) {
            const auto one = before.maps.find(name);
            const auto other = after.maps.find(name);
            if (one != before.maps.end() && other != after.maps.end())
                return compare(one->second, other->second, key.section.front(), is_changeable);
        }
        if (key.shape == Key::Shape::List && before.lists.at(name).size() == after.lists.at(name).size()) {
            for (std::size_t i = 0; i < after.lists.at(name).size(); ++i)
                compare(before.lists.at(name)[i], after.lists.at(name)[i], key.section.front(), is_changeable);
            return;
        }
        const std::string text = write_key(after, key);
        if (text == write_key(before, key)) return;
        found.push_back(
            {.place = after.place_of(name), .path = after.path_of(name), .text = text, .is_changeable = is_changeable});
    }
};

}  // namespace

std::vector<Difference> differences(const Reading& before, const Reading& after, const Section& schema) {
    Comparison comparison;
    comparison.compare(before, after, schema, false);
    return std::move(comparison.found);
}

}  // namespace regatta::scenario
