#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hardware/link.hpp"
#include "hardware/node_type.hpp"
#include "regatta/hardware/gpu.hpp"
#include "regatta/llm/model.hpp"
#include "scenario/document.hpp"

namespace regatta::scenario {

/// One declared key of a catalogue entry: how its value is read into the facts.
template <class Facts>
struct CatalogueKey {
    std::string key;
    bool is_required = false;
    std::string sentence;  ///< what it means
    /// Empty, or what is wrong with the value.
    std::function<std::string(const Node&, Facts&)> read;
    /// The value as it would be read again, in base units; empty when it is what an entry without the key has.
    std::function<std::string(const Facts&)> write;
};

/// A kind of catalogue entry: the key under which its entries stand, what one of them is called, and what `regatta
/// catalog` calls the kind.
template <class Facts>
struct CatalogueKind;
template <>
struct CatalogueKind<hardware::Gpu> {
    static constexpr const char* kTop = "gpus";
    static constexpr const char* kNoun = "GPU";
    static constexpr const char* kCommand = "hardware";
};
template <>
struct CatalogueKind<hardware::NodeType> {
    static constexpr const char* kTop = "nodes";
    static constexpr const char* kNoun = "node type";
    static constexpr const char* kCommand = "nodes";
};
template <>
struct CatalogueKind<hardware::Link> {
    static constexpr const char* kTop = "links";
    static constexpr const char* kNoun = "link";
    static constexpr const char* kCommand = "links";
};
template <>
struct CatalogueKind<llm::Model> {
    static constexpr const char* kTop = "models";
    static constexpr const char* kNoun = "model";
    static constexpr const char* kCommand = "models";
};

/// Everything that may stand in an entry besides its title, in the order in which it is shown.
template <class Facts>
[[nodiscard]] std::vector<CatalogueKey<Facts>> catalogue_keys();
template <>
std::vector<CatalogueKey<hardware::Gpu>> catalogue_keys();
template <>
std::vector<CatalogueKey<hardware::NodeType>> catalogue_keys();
template <>
std::vector<CatalogueKey<hardware::Link>> catalogue_keys();
template <>
std::vector<CatalogueKey<llm::Model>> catalogue_keys();

}  // namespace regatta::scenario
