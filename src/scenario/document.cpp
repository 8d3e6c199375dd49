#include "scenario/document.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::scenario {

int Problems::add_source(std::string name) {
    sources_.push_back(std::move(name));
    return static_cast<int>(sources_.size()) - 1;
}

const std::string& Problems::source_name(int source) const {
    return sources_.at(static_cast<std::size_t>(source));
}

void Problems::add(const Place& place, const std::string& path, const std::string& what) {
    std::string text = source_name(place.source);
    if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
    text += ": ";
    if (!path.empty()) text += path + ": ";
    found_.push_back({place, text + what});
}

void Problems::add_told(std::string line) {
    found_.push_back({{std::numeric_limits<int>::max(), 0, 0}, std::move(line)});
}

bool Problems::tells(const std::function<void()>& read) {
    try {
        read();
        return true;
    } catch (const InputError& error) {
        for (const std::string& problem : error.problems())
            add_told(problem);
        return false;
    }
}

void Problems::throw_if_any() const {
    if (found_.empty()) return;
    std::vector<Problem> ordered = found_;
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Problem& a, const Problem& b) { return a.place < b.place; });
    std::vector<std::string> lines;
    for (const Problem& problem : ordered)
        lines.push_back(problem.text);
    throw InputError(std::move(lines));
}

const Node* Node::find(const std::string& key) const {
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].text == key) return &items[i];
    return nullptr;
}

Node* Node::find(const std::string& key) {
    return const_cast<Node*>(std::as_const(*this).find(key));  // the node itself is not const
}

void Node::remove(const std::string& key) {
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return one.text == key; });
    if (found == keys.end()) return;
    items.erase(items.begin() + (found - keys.begin()));
    keys.erase(found);
}

void Node::put(const std::string& key, const Place& key_place, Node value) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].text != key) continue;
        keys[i].place = key_place;
        items[i] = std::move(value);
        return;
    }
    keys.push_back({key, key_place});
    items.push_back(std::move(value));
}

std::string Node::as_found() const {
    switch (kind) {
        case Kind::Null:
            return "nothing";
        case Kind::Scalar:
            return (is_quoted ? "the quoted text \"" : "\"") + text + "\"";
        case Kind::List:
            return "a list";
        case Kind::Map:
            return "a map";
    }
    return "nothing";
}

}  // namespace regatta::scenario
