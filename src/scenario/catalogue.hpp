#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hardware/link.hpp"
#include "hardware/node_type.hpp"
#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "scenario/document.hpp"
#include "scenario/input_files.hpp"

namespace regatta::scenario {

/// One value of a catalogue entry, as written.
struct CatalogueField {
    std::string key;
    std::string value;
    std::string source;      ///< where the value comes from; never empty
    std::string confidence;  ///< high, medium or low
};

/// A GPU, node type, link or model with where each of its values comes from.
template <class Facts>
struct CatalogueEntry {
    std::string name;
    std::vector<std::string> aliases;  ///< other names of it: the published one
    std::string title;
    std::vector<CatalogueField> fields;  ///< in the order of the declarations
    Facts facts;
    bool is_sound = true;  ///< false: something about it was wrong and has been told
};

template <class Facts>
using Catalogue = std::vector<CatalogueEntry<Facts>>;

/// The entry of that name, or else the one with that alias; null when there is none.
template <class Facts>
[[nodiscard]] const CatalogueEntry<Facts>* entry_of(const Catalogue<Facts>& catalogue, const std::string& name) {
    for (const auto& entry : catalogue)
        if (entry.name == name) return &entry;
    for (const auto& entry : catalogue)
        if (std::find(entry.aliases.begin(), entry.aliases.end(), name) != entry.aliases.end()) return &entry;
    return nullptr;
}

/// Without aliases.
template <class Facts>
[[nodiscard]] std::vector<std::string> names_of(const Catalogue<Facts>& catalogue) {
    std::vector<std::string> names;
    for (const auto& entry : catalogue)
        names.push_back(entry.name);
    return names;
}

/// Everything that can be named: the shipped catalogue, and over it the user's files in their order. An entry of theirs
/// with a new name is added, and must be complete; one with a known name changes the values that it gives and keeps the
/// others.
class CatalogueSet {
public:
    /// `directory` holds gpus.yaml, nodes.yaml, links.yaml and models.yaml: each is read when it is asked for first.
    CatalogueSet(std::string directory, InputFiles& files, Problems& problems)
        : directory_(std::move(directory)), files_(files), problems_(problems) {}

    /// Before anything is asked for. What the file holds is checked whether the scenario names it or not; a file that
    /// cannot be read is a problem.
    void add_files(const std::vector<std::string>& paths);

    [[nodiscard]] const Catalogue<hardware::Gpu>& gpus();
    [[nodiscard]] const Catalogue<hardware::NodeType>& nodes();
    [[nodiscard]] const Catalogue<hardware::Link>& links();
    [[nodiscard]] const Catalogue<llm::Model>& models();
    /// What the catalogue calls the model that `name` is an alias of; `name` itself when there is none.
    [[nodiscard]] std::string model_name(const std::string& name);
    /// Of one file alone, nothing over or under it.
    [[nodiscard]] const Catalogue<hardware::Gpu>& gpus_of(const std::string& path);
    /// Also of a config.json of Hugging Face: one model, called as its directory.
    [[nodiscard]] const Catalogue<llm::Model>& models_of(const std::string& path);
    [[nodiscard]] bool is_config(const std::string& path);

private:
    template <class Facts>
    const Catalogue<Facts>& whole(std::optional<Catalogue<Facts>>& read);
    template <class Facts>
    Catalogue<Facts> read_layers(const std::vector<std::string>& paths);
    Catalogue<llm::Model> read_config(const Node& document, const std::string& path);
    /// Null when it cannot be read, and that was told.
    const Node* document(const std::string& path);

    std::string directory_;
    InputFiles& files_;
    Problems& problems_;
    std::vector<std::string> user_paths_;
    std::map<std::string, std::optional<Node>> documents_;  ///< by path; none: told to be unreadable
    std::optional<Catalogue<hardware::Gpu>> gpus_;
    std::optional<Catalogue<hardware::NodeType>> nodes_;
    std::optional<Catalogue<hardware::Link>> links_;
    std::optional<Catalogue<llm::Model>> models_;
    std::map<std::string, Catalogue<hardware::Gpu>> gpus_by_file_;
    std::map<std::string, Catalogue<llm::Model>> models_by_file_;
};

}  // namespace regatta::scenario
