#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/catalogue_fields.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {
namespace {

// More names than a line takes are not listed.
constexpr std::size_t kMostNamesListed = 10;

/// "; allowed: a, b", or those that begin like `wanted` and where to look up the others.
std::string allowed_names(const std::string& wanted, const std::vector<std::string>& names, const char* command) {
    if (names.size() <= kMostNamesListed) return "; allowed: " + join(names);
    std::vector<std::string> longer;
    for (const std::string& name : names)
        if (name.starts_with(wanted)) longer.push_back(name);
    const bool is_short_list = !longer.empty() && longer.size() <= kMostNamesListed;
    return (is_short_list ? "; similar: " + join(longer) : "") +
           fmt::format("; `regatta catalog {}` lists all {}", command, names.size());
}

}  // namespace

void Assembly::add_catalogues() {
    std::vector<std::string> paths;
    for (Reading& element : root_.lists["catalogue"]) {
        if (!element.has("file")) continue;  // and that was told
        if (const auto path = file_of(element, element.path_of("file"))) paths.push_back(*path);
    }
    catalogue_.add_files(paths);
}

std::optional<std::string> Assembly::file_of(Reading& reading, const std::string& key_path) {
    const std::string path = locate(reading.values.word("file"), reading.place_of("file"));
    reading.values.set("file", files_.absolute(path));
    const InputFiles::File& file = files_.open(path);
    if (file.is_readable) return path;
    problems_.add(reading.place_of("file"), key_path, fmt::format("cannot read \"{}\": {}", path, file.reason));
    return std::nullopt;
}

/// `file` is the one that alone was looked into, or empty; `path` is the key's that names the entry.
template <class Facts>
bool Assembly::find_entry(const Reading& reading, const std::string& path, const Catalogue<Facts>& catalogue,
                          const std::string& file, Facts& facts) {
    const std::string& name = reading.values.word("name");
    if (const auto* entry = entry_of(catalogue, name)) {
        facts = entry->facts;
        return entry->is_sound;
    }
    const std::vector<std::string> names = names_of(catalogue);
    if (names.empty()) return false;  // the file as a whole was wrong, and that was told
    const bool is_of_user = !file.empty();
    const std::string allowed =
        is_of_user ? "; allowed: " + join(names) : allowed_names(name, names, CatalogueKind<Facts>::kCommand);
    problems_.add(reading.place_of("name"), path,
                  fmt::format("no {} \"{}\" in {}{}{}", CatalogueKind<Facts>::kNoun, name,
                              is_of_user ? file : "the catalogue", allowed, did_you_mean(name, names)));
    return false;
}

bool Assembly::find_model(Reading& reading, llm::Model& model) {
    const std::string name = reading.values.word("name");
    const bool is_path = !reading.has("file") && name.ends_with(".json");
    if (is_path) {
        reading.values.set("file", name);
        reading.given["file"] = reading.place_of("name");
    }
    if (!reading.has("file")) return find_entry(reading, reading.path, catalogue_.models(), "", model);
    const auto path = file_of(reading, is_path ? reading.path : reading.path_of("file"));
    if (!path) return false;
    const Catalogue<llm::Model>& models = catalogue_.models_of(*path);
    if (!catalogue_.is_config(*path)) return find_entry(reading, reading.path, models, *path, model);
    // A config.json holds one model and does not name it: any name will do.
    const CatalogueEntry<llm::Model>& only = models.front();
    model = only.facts;
    if (is_path)
        reading.values.set("name", only.name);
    else
        model.name = name;
    return only.is_sound;
}

bool Assembly::find_gpu(Reading& reading, hardware::Gpu& gpu) {
    if (!reading.has("file")) return find_entry(reading, reading.path, catalogue_.gpus(), "", gpu);
    const auto path = file_of(reading, reading.path_of("file"));
    return path && find_entry(reading, reading.path, catalogue_.gpus_of(*path), *path, gpu);
}

/// The pool's GPU and how many a node has: what is given, else what the node type says.
bool Assembly::find_node(Reading& reading, Pool& pool) {
    hardware::NodeType type;
    const bool has_type = reading.has("name");
    if (has_type && !find_entry(reading, reading.path, catalogue_.nodes(), "", type)) return false;
    const auto own_gpu = reading.maps.find("gpu");
    if (own_gpu != reading.maps.end()) {
        if (!find_gpu(own_gpu->second, pool.gpu)) return false;
    } else if (!has_type) {
        problems_.add(reading.place, reading.path_of("gpu"), "missing; expected a name, or a node type for the node");
        return false;
    } else {
        Reading of_type;
        of_type.place = reading.place_of("name");
        of_type.values.set("name", type.gpu);
        if (!find_entry(of_type, fmt::format("{}: the GPU of {}", reading.path, type.name), catalogue_.gpus(), "",
                        pool.gpu))
            return false;
    }
    if (reading.has("gpus"))
        pool.gpus_per_node = static_cast<std::uint32_t>(reading.values.count("gpus"));
    else
        pool.gpus_per_node = has_type ? type.gpus : pool.gpu.gpus_per_node;
    if (!has_type) reading.values.set("gpus", std::int64_t{pool.gpus_per_node});
    return true;
}

}  // namespace regatta::scenario
