#include "scenario/schema_keys.hpp"

namespace regatta::scenario::keys {

Key value(Parameter parameter) {
    Key key;
    key.parameter = std::move(parameter);
    return key;
}

Key map(std::string name, bool is_required, Section section, std::string sentence) {
    Key key;
    key.parameter = {.key = std::move(name), .is_required = is_required, .sentence = std::move(sentence)};
    key.shape = Key::Shape::Map;
    key.section.push_back(std::move(section));
    return key;
}

Key optional_map(std::string name, Section section, std::string sentence) {
    Key key = map(std::move(name), false, std::move(section), std::move(sentence));
    key.may_be_none = true;
    return key;
}

Key list(std::string name, bool is_required, Section section, std::string sentence) {
    Key key = map(std::move(name), is_required, std::move(section), std::move(sentence));
    key.shape = Key::Shape::List;
    return key;
}

Key policy(std::string name, bool is_required, PolicyTable table, std::string sentence) {
    Key key;
    key.parameter = {.key = std::move(name), .is_required = is_required, .sentence = std::move(sentence)};
    key.shape = Key::Shape::Policy;
    key.policies = std::move(table);
    return key;
}

Key changeable(Key key) {
    key.is_changeable = true;
    return key;
}

Section changeable(Section section) {
    for (Key& key : section.keys)
        key.is_changeable = true;
    return section;
}

Key policies(std::string name, PolicyTable table, std::string sentence) {
    Key key = policy(std::move(name), false, std::move(table), std::move(sentence));
    key.shape = Key::Shape::Policies;
    return key;
}

Key word(std::string name, std::string default_text, std::vector<std::string> choices, std::string sentence) {
    return value({.key = std::move(name),
                  .kind = Kind::Word,
                  .default_text = std::move(default_text),
                  .choices = std::move(choices),
                  .sentence = std::move(sentence)});
}

Key duration(std::string name, std::string default_text, double least_s, std::string sentence) {
    return value({.key = std::move(name),
                  .kind = Kind::Duration,
                  .default_text = std::move(default_text),
                  .least = least_s,
                  .sentence = std::move(sentence)});
}

Key count(std::string name, std::string default_text, double least, double most, std::string sentence) {
    return value({.key = std::move(name),
                  .kind = Kind::Count,
                  .default_text = std::move(default_text),
                  .least = least,
                  .most = most,
                  .sentence = std::move(sentence)});
}

}  // namespace regatta::scenario::keys
