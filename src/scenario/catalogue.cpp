#include "scenario/catalogue.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {
namespace {

/// One declared key of an entry: how its value is read into the facts.
template <class Facts>
struct Field {
    std::string key;
    bool is_required;
    /// Empty, or what is wrong with the value.
    std::function<std::string(const Node&, Facts&)> read;
};

std::string not_plain(const Node& node, const char* expected) {
    return fmt::format("expected {}, found {}", expected, node.as_found());
}

/// A quantity in base units.
template <class Facts, class ReadText>
Field<Facts> quantity(std::string key, bool is_required, double Facts::*member, ReadText read_text) {
    return {std::move(key), is_required, [=](const Node& node, Facts& facts) -> std::string {
                if (node.kind != Node::Kind::Scalar) return not_plain(node, "a quantity with a unit");
                const auto value = read_text(node.text);
                if (value) facts.*member = static_cast<double>(*value);
                return value ? "" : value.error();
            }};
}

template <class Facts, class Integer>
Field<Facts> count(std::string key, Integer Facts::*member) {
    return {std::move(key), true, [=](const Node& node, Facts& facts) -> std::string {
                if (node.kind != Node::Kind::Scalar || node.is_quoted) return not_plain(node, "a whole number");
                const auto value = read_whole_number(node.text);
                if (!value) return value.error();
                // Far above any architecture; keeps every product of three of them inside 64 bits.
                if (*value < 1 || *value > 1'000'000'000)
                    return "expected a whole number from 1 to 1000000000, found " + node.as_found();
                facts.*member = static_cast<Integer>(*value);
                return "";
            }};
}

template <class Facts>
Field<Facts> flag(std::string key, bool is_required, bool Facts::*member) {
    return {std::move(key), is_required, [=](const Node& node, Facts& facts) -> std::string {
                const bool is_true = node.text == "true";
                if (node.kind != Node::Kind::Scalar || node.is_quoted || (!is_true && node.text != "false"))
                    return not_plain(node, "true or false");
                facts.*member = is_true;
                return "";
            }};
}

Read<double> read_seconds(std::string_view text) {
    const auto duration = read_duration(text);
    if (!duration) return tl::make_unexpected(duration.error());
    return static_cast<double>(duration->ns()) / 1e9;  // nearer than a product with 1e-9
}

std::vector<Field<hardware::Gpu>> fields_of(const hardware::Gpu*) {
    using hardware::Gpu;
    return {quantity("memory", true, &Gpu::memory_bytes, read_bytes),
            quantity("memory_bandwidth", true, &Gpu::memory_bandwidth_bytes_per_s, read_bandwidth),
            quantity("bf16", true, &Gpu::bf16_flops_per_s, read_flops),
            quantity("fp8", false, &Gpu::fp8_flops_per_s, read_flops),
            quantity("int8", false, &Gpu::int8_ops_per_s, read_flops),
            quantity("link_bandwidth", true, &Gpu::link_bytes_per_s, read_bandwidth),
            quantity("link_latency", true, &Gpu::link_latency_s, read_seconds),
            count("gpus_per_node", &Gpu::gpus_per_node)};
}

std::vector<Field<llm::Model>> fields_of(const llm::Model*) {
    using llm::Model;
    return {count("layers", &Model::layers),
            count("hidden", &Model::hidden),
            count("heads", &Model::heads),
            count("kv_heads", &Model::kv_heads),
            count("head_dim", &Model::head_dim),
            count("intermediate", &Model::intermediate),
            count("vocabulary", &Model::vocabulary),
            count("max_context", &Model::max_context_tokens),
            flag("ties_embeddings", false, &Model::ties_embeddings),
            flag("qk_norm", false, &Model::has_qk_norm),
            flag("qkv_bias", false, &Model::has_qkv_bias)};
}

const std::vector<std::string> kFieldKeys = {"value", "source", "confidence"};
const std::vector<std::string> kConfidences = {"high", "medium", "low"};

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
        std::vector<std::string> known{"title"};
        std::set<std::string> sources;
        for (const Field<Facts>& field : fields_of(&entry.facts)) {
            known.push_back(field.key);
            const Node* item = node.find(field.key);
            if (item == nullptr) {
                if (field.is_required)
                    problems_.add(node.place, path + "." + field.key, "missing; expected {value, source, confidence}");
                continue;
            }
            read_field(*item, path + "." + field.key, field, entry);
            if (!entry.fields.empty()) sources.insert(entry.fields.back().source);
        }
        entry.title = entry.name;
        if (const Node* title = node.find("title")) entry.title = text_of(*title, path + ".title");
        for (const std::string& source : sources)
            entry.facts.source += (entry.facts.source.empty() ? "" : "; ") + source;
        refuse_unknown(node, path, known);
    }

    void read_field(const Node& item, const std::string& path, const Field<Facts>& field,
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
        else if (const std::string wrong = field.read(*value, entry.facts); !wrong.empty())
            problems_.add(value->place, path + ".value", wrong);
        if (source == nullptr) problems_.add(item.place, path + ".source", "missing; say where the value comes from");
        CatalogueField written;
        written.key = field.key;
        if (value != nullptr) written.value = value->text;
        if (source != nullptr) written.source = text_of(*source, path + ".source");
        if (confidence != nullptr) written.confidence = text_of(*confidence, path + ".confidence");
        if (confidence != nullptr &&
            std::find(kConfidences.begin(), kConfidences.end(), written.confidence) == kConfidences.end())
            problems_.add(confidence->place, path + ".confidence",
                          fmt::format("expected one of: {}; found {}", join(kConfidences), confidence->as_found()));
        entry.fields.push_back(std::move(written));
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
            const std::string hint = did_you_mean(key.text, known);
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
};

template <class Facts>
Catalogue<Facts> read_catalogue(const std::string& path, const std::string& top, InputFiles& files,
                                Problems& problems) {
    const int source = problems.add_source(path);
    const Place whole{source, 0, 0};
    Catalogue<Facts> catalogue;
    const InputFiles::File& file = files.open(path);
    if (!file.is_readable) {
        problems.add(whole, "", "cannot be read: " + file.reason);
        return catalogue;
    }
    Node document;
    if (!parse_document(file.text, source, document, problems)) return catalogue;
    const Node* entries = document.find(top);
    if (entries == nullptr || entries->kind != Node::Kind::Map) {
        problems.add(entries == nullptr ? document.place : entries->place, top,
                     fmt::format("expected a map of names, found {}",
                                 entries == nullptr ? document.as_found() + " without it" : entries->as_found()));
        return catalogue;
    }
    for (std::size_t i = 0; i < entries->keys.size(); ++i) {
        const std::string& name = entries->keys[i].text;
        catalogue.push_back(EntryReader<Facts>(problems).read(name, entries->items[i], top + "." + name));
    }
    return catalogue;
}

template <class Facts>
std::vector<std::string> keys_of() {
    std::vector<std::string> keys;
    for (const Field<Facts>& field : fields_of(static_cast<const Facts*>(nullptr)))
        keys.push_back(field.key);
    return keys;
}

}  // namespace

std::vector<std::string> gpu_keys() {
    return keys_of<hardware::Gpu>();
}
std::vector<std::string> model_keys() {
    return keys_of<llm::Model>();
}

Catalogue<hardware::Gpu> read_gpus(const std::string& path, InputFiles& files, Problems& problems) {
    return read_catalogue<hardware::Gpu>(path, "gpus", files, problems);
}

Catalogue<llm::Model> read_models(const std::string& path, InputFiles& files, Problems& problems) {
    return read_catalogue<llm::Model>(path, "models", files, problems);
}

Catalogue<hardware::Gpu> shipped_gpus(const std::string& catalogue_directory, InputFiles& files) {
    Problems problems;
    Catalogue<hardware::Gpu> catalogue = read_gpus(catalogue_directory + "/gpus.yaml", files, problems);
    problems.throw_if_any();
    return catalogue;
}

Catalogue<llm::Model> shipped_models(const std::string& catalogue_directory, InputFiles& files) {
    Problems problems;
    Catalogue<llm::Model> catalogue = read_models(catalogue_directory + "/models.yaml", files, problems);
    problems.throw_if_any();
    return catalogue;
}

}  // namespace regatta::scenario
