#include "results/checkpoint_manifest.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

using nlohmann::json;

constexpr const char* kFormatName = "regatta checkpoint";
constexpr int kFormatVersion = 2;
constexpr std::int64_t kMostRanks = 100'000;  // as of rank files
constexpr std::int64_t kMostNumber = 1'000'000;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

json branch_json(const BranchedAt& branch) {
    return {{"at_ns", branch.at.ns()}, {"set", branch.overrides}};
}

json data_file_json(const DataFile& file) {
    return {{"path", file.path}, {"bytes", file.bytes}, {"xxh128", file.checksum}};
}

/// A value of the manifest and the path of its key, under which everything that is wrong with it is told.
class Field {
public:
    Field(const json& value, std::string path) : value_(value), path_(std::move(path)) {}

    [[nodiscard]] Field at(const char* key) const {
        if (!value_.is_object()) fail("expected a map");
        const auto found = value_.find(key);
        Field field(found == value_.end() ? value_ : *found, path_.empty() ? key : path_ + "." + key);
        if (found == value_.end()) field.fail("missing");
        return field;
    }
    [[nodiscard]] bool has(const char* key) const { return value_.is_object() && value_.contains(key); }

    [[nodiscard]] std::string text() const {
        if (!value_.is_string()) fail("expected a text");
        return value_.get<std::string>();
    }
    [[nodiscard]] std::int64_t number(std::int64_t least, std::int64_t most) const {
        // Those above are unsigned, and would come out below 0.
        const bool fits = value_.is_number_integer() &&
                          (!value_.is_number_unsigned() || value_.get<std::uint64_t>() <= std::uint64_t{kMost});
        const std::int64_t number = fits ? value_.get<std::int64_t>() : 0;
        if (!fits || number < least || number > most)
            fail(fmt::format("expected a whole number from {} to {}", least, most));
        return number;
    }
    [[nodiscard]] std::uint32_t small(std::int64_t least, std::int64_t most) const {
        return static_cast<std::uint32_t>(number(least, most));
    }
    [[nodiscard]] SimTime time(std::int64_t least_ns) const {
        return SimTime::from_ns(number(least_ns, SimTime::never().ns()));
    }
    [[nodiscard]] double seconds() const {
        if (!value_.is_number() || value_.get<double>() <= 0) fail("expected a number of seconds above 0");
        return value_.get<double>();
    }
    [[nodiscard]] std::vector<Field> list() const {
        if (!value_.is_array()) fail("expected a list");
        std::vector<Field> fields;
        for (const json& item : value_)
            fields.emplace_back(item, fmt::format("{}[{}]", path_, fields.size()));
        return fields;
    }
    [[nodiscard]] std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const Field& item : list())
            texts.push_back(item.text());
        return texts;
    }
    [[noreturn]] void fail(const std::string& expected) const {
        throw InputError(path_.empty() ? expected : fmt::format("{}: {}", path_, expected));
    }

private:
    const json& value_;
    std::string path_;
};

/// Not its branches, files and segments.
CheckpointManifest plain_manifest(const Field& document) {
    CheckpointManifest manifest;
    manifest.program = document.at("program").text();
    manifest.number = document.at("number").small(0, kMostNumber);
    manifest.at = document.at("at_ns").time(0);
    manifest.ranks = document.at("ranks").small(1, kMostRanks);
    const Field scenario = document.at("scenario");
    manifest.scenario_path = scenario.at("path").text();
    manifest.overrides = scenario.at("set").texts();
    manifest.resolved_text = scenario.at("resolved").text();
    manifest.run_id = document.at("run_id").text();
    manifest.ancestors = document.at("ancestors").texts();
    manifest.parent = document.at("parent").text();
    manifest.keep = document.at("keep").small(1, std::numeric_limits<std::uint32_t>::max());
    if (document.has("every_ns")) manifest.every = document.at("every_ns").time(1);
    if (document.has("every_wall_s")) manifest.every_wall_s = document.at("every_wall_s").seconds();
    return manifest;
}

CheckpointManifest manifest_of(const Field& document) {
    // Not shown as it was found: that may be anything, and long.
    if (document.at("format").text() != kFormatName)
        document.at("format").fail(fmt::format("expected {}", kFormatName));
    if (const std::int64_t version = document.at("format_version").number(0, kMost); version != kFormatVersion)
        throw InputError(
            fmt::format("has version {} of the format; this program reads version {}", version, kFormatVersion));
    CheckpointManifest manifest = plain_manifest(document);
    for (const Field& branch : document.at("scenario").at("branches").list())
        manifest.branches.push_back({.at = branch.at("at_ns").time(0), .overrides = branch.at("set").texts()});
    for (const Field& file : document.at("data_files").list())
        manifest.data_files.push_back({.path = file.at("path").text(),
                                       .bytes = file.at("bytes").number(0, kMost),
                                       .checksum = file.at("xxh128").text()});
    for (const Field& ranks : document.at("segment_ranks").list())
        manifest.segment_ranks.push_back(ranks.small(0, kMostRanks));
    if (manifest.segment_ranks.size() != std::size_t{manifest.number} + 1)
        document.at("segment_ranks")
            .fail(fmt::format("expected {} of them up to checkpoint {}, found {}", manifest.number + 1, manifest.number,
                              manifest.segment_ranks.size()));
    return manifest;
}

}  // namespace

std::string to_json(const CheckpointManifest& manifest) {
    json document = {{"format", kFormatName},
                     {"format_version", kFormatVersion},
                     {"program", manifest.program},
                     {"number", manifest.number},
                     {"at_ns", manifest.at.ns()},
                     {"ranks", manifest.ranks},
                     {"segment_ranks", manifest.segment_ranks},
                     {"keep", manifest.keep},
                     {"run_id", manifest.run_id},
                     {"ancestors", manifest.ancestors},
                     {"parent", manifest.parent},
                     {"data_files", json::array()},
                     {"scenario",
                      {{"path", manifest.scenario_path},
                       {"set", manifest.overrides},
                       {"branches", json::array()},
                       {"resolved", manifest.resolved_text}}}};
    for (const DataFile& file : manifest.data_files)
        document["data_files"].push_back(data_file_json(file));
    for (const BranchedAt& branch : manifest.branches)
        document["scenario"]["branches"].push_back(branch_json(branch));
    if (manifest.every) document["every_ns"] = manifest.every->ns();
    if (manifest.every_wall_s) document["every_wall_s"] = *manifest.every_wall_s;
    // Paths are bytes; JSON is UTF-8.
    return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

CheckpointManifest manifest_from_json(std::string_view text, const std::string& file) {
    try {
        return manifest_of(Field(json::parse(text), ""));
    } catch (const json::parse_error& error) {
        throw InputError(fmt::format("{}: is not JSON, from byte {} on", file, error.byte));
    } catch (const json::out_of_range&) {  // a number that no double holds
        throw InputError(fmt::format("{}: is not JSON: it has a number that is too large", file));
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: is not the manifest of a checkpoint: {}", file, error.problems().front()));
    }
}

}  // namespace regatta::results
