#pragma once

#include <map>
#include <string>
#include <vector>

#include "hardware/gpu.hpp"
#include "llm/model.hpp"
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

/// A GPU or model with where each of its values comes from.
template <class Facts>
struct CatalogueEntry {
    std::string name;
    std::string title;
    std::vector<CatalogueField> fields;  ///< in the order of the declarations
    Facts facts;
    bool is_sound = true;  ///< false: something about it was wrong and has been told
};

template <class Facts>
using Catalogue = std::vector<CatalogueEntry<Facts>>;

/// Reads `gpus:` or `models:` of one file. A file that cannot be read, or whose text is no catalogue, is a problem.
[[nodiscard]] Catalogue<hardware::Gpu> read_gpus(const std::string& path, InputFiles& files, Problems& problems);
[[nodiscard]] Catalogue<llm::Model> read_models(const std::string& path, InputFiles& files, Problems& problems);

/// The keys an entry may have besides its title.
[[nodiscard]] std::vector<std::string> gpu_keys();
[[nodiscard]] std::vector<std::string> model_keys();

/// Of the shipped catalogue. Throws InputError when it is not as it must be.
[[nodiscard]] Catalogue<hardware::Gpu> shipped_gpus(const std::string& catalogue_directory, InputFiles& files);
[[nodiscard]] Catalogue<llm::Model> shipped_models(const std::string& catalogue_directory, InputFiles& files);

}  // namespace regatta::scenario
