#include "scenario/catalogue.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/catalogue_fields.hpp"
#include "scenario/decode.hpp"
#include "scenario/hugging_face.hpp"

namespace regatta::scenario {
namespace {

const std::vector<std::string> kFieldKeys = {"value", "source", "confidence"};
const std::vector<std::string> kConfidences = {"high", "medium", "low"};
const std::vector<std::string> kTops = {CatalogueKind<hardware::Gpu>::kTop, CatalogueKind<hardware::NodeType>::kTop,
                                        CatalogueKind<hardware::Link>::kTop, CatalogueKind<llm::Model>::kTop};

template <class Facts>
class EntryReader {
public:
    explicit EntryReader(Problems& problems) : problems_(problems) {}

    CatalogueEntry<Facts> read(const std::string& name, const Node& node, const std::string& path) {
        const std::size_t before = problems_.size();
        CatalogueEntry<Facts> entry;
        entry.name = name;
        entry.facts.name = name;
        if (node.kind == Node::Kind::Map)
            read_fields(node, path, entry);
        else
            problems_.add(node.place, path, "expected a map of facts, found " + node.as_found());
        if (problems_.size() == before) check_facts(node, path, entry.facts);
        entry.is_sound = problems_.size() == before;
        return entry;
    }

private:
    void read_fields(const Node& node, const std::string& path, CatalogueEntry<Facts>& entry) {
        std::vector<std::string> known{"title", "aliases"};
        std::set<std::string> sources;
        for (const CatalogueKey<Facts>& key : keys_) {
            known.push_back(key.key);
            const Node* item = node.find(key.key);
            if (item == nullptr) {
                if (key.is_required)
                    problems_.add(node.place, path + "." + key.key, "missing; expected {value, source, confidence}");
                continue;
            }
            read_field(*item, path + "." + key.key, key, entry);
            if (!entry.fields.empty()) sources.insert(entry.fields.back().source);
        }
        entry.title = entry.name;
        if (const Node* title = node.find("title")) entry.title = text_of(*title, path + ".title");
        if (const Node* aliases = node.find("aliases")) entry.aliases = names_in(*aliases, path + ".aliases");
        for (const std::string& source : sources)
            entry.facts.source += (entry.facts.source.empty() ? "" : "; ") + source;
        refuse_unknown(node, path, known);
    }

    void read_field(const Node& item, const std::string& path, const CatalogueKey<Facts>& key,
                    CatalogueEntry<Facts>& entry) {
        if (item.kind != Node::Kind::Map) {
            problems_.add(item.place, path, "expected {value, source, confidence}, found " + item.as_found());
            return;
        }
        refuse_unknown(item, path, kFieldKeys);
        const Node* value = item.find("value");
        const Node* source = item.find("source");
        const Node* confidence = item.find("confidence");
        if (value == nullptr)
            problems_.add(item.place, path + ".value", "missing");
        else if (const std::string wrong = key.read(*value, entry.facts); !wrong.empty())
            problems_.add(value->place, path + ".value", wrong);
        if (source == nullptr) problems_.add(item.place, path + ".source", "missing; say where the value comes from");
        CatalogueField written;
        written.key = key.key;
        if (value != nullptr) written.value = value->text;
        if (source != nullptr) written.source = text_of(*source, path + ".source");
        if (confidence != nullptr) written.confidence = text_of(*confidence, path + ".confidence");
        if (confidence != nullptr &&
            std::find(kConfidences.begin(), kConfidences.end(), written.confidence) == kConfidences.end())
            problems_.add(confidence->place, path + ".confidence",
                          fmt::format("expected one of: {}; found {}", join(kConfidences), confidence->as_found()));
        entry.fields.push_back(std::move(written));
    }

    std::vector<std::string> names_in(const Node& node, const std::string& path) {
        if (node.kind != Node::Kind::List) {
            problems_.add(node.place, path, "expected a list of names, found " + node.as_found());
            return {};
        }
        std::vector<std::string> names;
        for (std::size_t i = 0; i < node.items.size(); ++i)
            names.push_back(text_of(node.items[i], fmt::format("{}[{}]", path, i)));
        return names;
    }

    std::string text_of(const Node& node, const std::string& path) {
        if (node.kind == Node::Kind::Scalar && !node.text.empty()) return node.text;
        problems_.add(node.place, path,
                      "expected a text, found " + (node.kind == Node::Kind::Scalar ? "an empty one" : node.as_found()));
        return "";
    }

    void refuse_unknown(const Node& map, const std::string& path, const std::vector<std::string>& known) {
        for (const Node::Key& key : map.keys) {
            if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
            const std::string hint = problems_.is_full() ? "" : did_you_mean(key.text, known);
            problems_.add(key.place, path + "." + key.text,
                          "no such key" + (hint.empty() ? "; allowed: " + join(known) : hint));
        }
    }

    /// What the facts say against each other: each problem begins with the key it is about.
    void check_facts(const Node& node, const std::string& path, const Facts& facts) {
        for (const std::string& problem : problems_of(facts)) {
            const Node* item = node.find(problem.substr(0, problem.find(':')));
            problems_.add(item == nullptr ? node.place : item->place, path, problem);
        }
    }

    Problems& problems_;
    const std::vector<CatalogueKey<Facts>> keys_ = catalogue_keys<Facts>();
};

/// Puts the values of `layer` in the place of those that `onto` has under the same keys, and adds the others; for maps
/// in maps likewise, so many `levels` deep. Keys are looked up: a file may have a hundred thousand of them.
void lay_over(const Node& layer, Node& onto, int levels) {
    std::unordered_map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < onto.keys.size(); ++i)
        known.emplace(onto.keys[i].text, i);
    for (std::size_t i = 0; i < layer.keys.size(); ++i) {
        const Node& item = layer.items[i];
        const auto [found, is_new] = known.emplace(layer.keys[i].text, onto.keys.size());
        if (is_new) {
            onto.keys.push_back(layer.keys[i]);
            onto.items.push_back(item);
            continue;
        }
        Node& under = onto.items[found->second];
        if (levels > 1 && under.kind == Node::Kind::Map && item.kind == Node::Kind::Map) {
            lay_over(item, under, levels - 1);
            continue;
        }
        onto.keys[found->second].place = layer.keys[i].place;
        under = item;
    }
}

}  // namespace

const Node* CatalogueSet::document(const std::string& path) {
    const auto known = documents_.find(path);
    if (known != documents_.end()) return known->second ? &*known->second : nullptr;
    std::optional<Node>& read = documents_[path];
    const int source = problems_.add_source(path);
    const InputFiles::File& file = files_.open(path);
    if (!file.is_readable) {
        problems_.add({source, 0, 0}, "", "cannot be read: " + file.reason);
        return nullptr;
    }
    Node parsed;
    if (!parse_document(file.text, source, parsed, problems_)) return nullptr;
    read = std::move(parsed);
    return &*read;
}

template <class Facts>
Catalogue<Facts> CatalogueSet::read_layers(const std::vector<std::string>& paths) {
    const std::string top = CatalogueKind<Facts>::kTop;
    Node entries;
    entries.kind = Node::Kind::Map;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const Node* parsed = document(paths[i]);
        if (parsed == nullptr) continue;
        const Node* layer = parsed->find(top);
        const bool may_be_missing = i > 0;  // a file of the user's says what it wants to
        if (layer == nullptr && may_be_missing) continue;
        if (layer == nullptr || layer->kind != Node::Kind::Map)
            problems_.add(layer == nullptr ? parsed->place : layer->place, top,
                          fmt::format("expected a map of names, found {}",
                                      layer == nullptr ? parsed->as_found() + " without it" : layer->as_found()));
        else
            lay_over(*layer, entries, 2);
    }
    Catalogue<Facts> catalogue;
    EntryReader<Facts> reader(problems_);
    for (std::size_t i = 0; i < entries.keys.size(); ++i) {
        const std::string& name = entries.keys[i].text;
        catalogue.push_back(reader.read(name, entries.items[i], fmt::format("{}.{}", top, name)));
    }
    return catalogue;
}

template <class Facts>
const Catalogue<Facts>& CatalogueSet::whole(std::optional<Catalogue<Facts>>& read) {
    if (read) return *read;
    std::vector<std::string> paths{fmt::format("{}/{}.yaml", directory_, CatalogueKind<Facts>::kTop)};
    paths.insert(paths.end(), user_paths_.begin(), user_paths_.end());
    read = read_layers<Facts>(paths);
    return *read;
}

void CatalogueSet::add_files(const std::vector<std::string>& paths) {
    std::set<std::string> touched;
    for (const std::string& path : paths) {
        const Node* parsed = document(path);
        if (parsed == nullptr) continue;
        if (parsed->kind != Node::Kind::Map) {
            problems_.add(parsed->place, "",
                          fmt::format("expected a map with some of: {}; found {}", join(kTops), parsed->as_found()));
            continue;
        }
        for (const Node::Key& key : parsed->keys) {
            touched.insert(key.text);
            if (std::find(kTops.begin(), kTops.end(), key.text) != kTops.end()) continue;
            const std::string hint = did_you_mean(key.text, kTops);
            problems_.add(key.place, key.text, "no such key" + (hint.empty() ? "; allowed: " + join(kTops) : hint));
        }
        user_paths_.push_back(path);
    }
    // Read even if the scenario names nothing of it: a mistake in a file is found when the file is given.
    if (touched.count(CatalogueKind<hardware::Gpu>::kTop) > 0) static_cast<void>(gpus());
    if (touched.count(CatalogueKind<hardware::NodeType>::kTop) > 0) static_cast<void>(nodes());
    if (touched.count(CatalogueKind<hardware::Link>::kTop) > 0) static_cast<void>(links());
    if (touched.count(CatalogueKind<llm::Model>::kTop) > 0) static_cast<void>(models());
}

Catalogue<llm::Model> CatalogueSet::read_config(const Node& document, const std::string& path) {
    const std::size_t before = problems_.size();
    CatalogueEntry<llm::Model> entry;
    entry.name = hugging_face_name(files_.absolute(path));
    entry.title = entry.name + ", from its config.json";
    entry.facts = read_hugging_face(document, entry.name, path, problems_);
    entry.is_sound = problems_.size() == before;
    for (const CatalogueKey<llm::Model>& key : catalogue_keys<llm::Model>())
        if (std::string value = key.write(entry.facts); !value.empty())
            entry.fields.push_back({key.key, std::move(value), path, "high"});
    return {std::move(entry)};
}

const Catalogue<hardware::Gpu>& CatalogueSet::gpus() {
    return whole(gpus_);
}
const Catalogue<hardware::NodeType>& CatalogueSet::nodes() {
    return whole(nodes_);
}
const Catalogue<hardware::Link>& CatalogueSet::links() {
    return whole(links_);
}
const Catalogue<llm::Model>& CatalogueSet::models() {
    return whole(models_);
}

std::string CatalogueSet::model_name(const std::string& name) {
    const auto* entry = entry_of(models(), name);
    return entry == nullptr ? name : entry->name;
}

const Catalogue<hardware::Gpu>& CatalogueSet::gpus_of(const std::string& path) {
    if (gpus_by_file_.count(path) == 0) gpus_by_file_[path] = read_layers<hardware::Gpu>({path});
    return gpus_by_file_[path];
}

const Catalogue<llm::Model>& CatalogueSet::models_of(const std::string& path) {
    if (const auto known = models_by_file_.find(path); known != models_by_file_.end()) return known->second;
    return models_by_file_[path] =
               is_config(path) ? read_config(*document(path), path) : read_layers<llm::Model>({path});
}

bool CatalogueSet::is_config(const std::string& path) {
    const Node* parsed = document(path);
    return parsed != nullptr && is_hugging_face_config(*parsed);
}

}  // namespace regatta::scenario
