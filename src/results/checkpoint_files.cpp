#include "results/checkpoint_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormatName = "regatta checkpoint";
constexpr int kFormatVersion = 1;
constexpr std::string_view kDirectoryBegin = "checkpoint-";

/// As xxhsum prints it: most significant byte first.
std::string to_hex(const XXH128_hash_t& hash) {
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

struct FileSum {
    std::int64_t bytes = 0;
    std::string checksum;
};

/// Of a file, block by block. None when it cannot be read; then errno says why.
std::optional<FileSum> sum_of_file(const std::string& path) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return std::nullopt;
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
    XXH3_128bits_reset(state.get());
    std::vector<char> block(std::size_t{1} << 20);
    FileSum sum;
    while (stream) {
        stream.read(block.data(), static_cast<std::streamsize>(block.size()));
        XXH3_128bits_update(state.get(), block.data(), static_cast<std::size_t>(stream.gcount()));
        sum.bytes += stream.gcount();
    }
    if (stream.bad()) return std::nullopt;
    sum.checksum = to_hex(XXH3_128bits_digest(state.get()));
    return sum;
}

std::string reason() {
    return std::generic_category().message(errno == 0 ? EIO : errno);
}

json branch_json(const BranchedAt& branch) {
    return {{"at_ns", branch.at.ns()}, {"set", branch.overrides}};
}

json data_file_json(const DataFile& file) {
    return {{"path", file.path}, {"bytes", file.bytes}, {"xxh128", file.checksum}};
}

/// Throws what the library throws where something is missing or of another type.
CheckpointManifest manifest_of(const json& document) {
    CheckpointManifest manifest;
    document.at("program").get_to(manifest.program);
    document.at("number").get_to(manifest.number);
    manifest.at = SimTime::from_ns(document.at("at_ns").get<std::int64_t>());
    document.at("ranks").get_to(manifest.ranks);
    const json& scenario = document.at("scenario");
    scenario.at("path").get_to(manifest.scenario_path);
    scenario.at("set").get_to(manifest.overrides);
    for (const json& branch : scenario.at("branches"))
        manifest.branches.push_back({.at = SimTime::from_ns(branch.at("at_ns").get<std::int64_t>()),
                                     .overrides = branch.at("set").get<std::vector<std::string>>()});
    scenario.at("resolved").get_to(manifest.resolved_text);
    for (const json& file : document.at("data_files"))
        manifest.data_files.push_back(
            {.path = file.at("path"), .bytes = file.at("bytes"), .checksum = file.at("xxh128")});
    document.at("segment_ranks").get_to(manifest.segment_ranks);
    document.at("run_id").get_to(manifest.run_id);
    document.at("ancestors").get_to(manifest.ancestors);
    document.at("parent").get_to(manifest.parent);
    document.at("keep").get_to(manifest.keep);
    if (document.contains("every_ns")) manifest.every = SimTime::from_ns(document.at("every_ns").get<std::int64_t>());
    if (document.contains("every_wall_s")) manifest.every_wall_s = document.at("every_wall_s").get<double>();
    if (manifest.segment_ranks.size() != std::size_t{manifest.number} + 1)
        throw InputError(fmt::format("{} lists {} segments for checkpoint {}", kManifestName,
                                     manifest.segment_ranks.size(), manifest.number));
    return manifest;
}

}  // namespace

DataFile describe_data_file(const std::string& path) {
    const std::optional<FileSum> sum = sum_of_file(path);
    if (!sum) throw IoError(fmt::format("{}: cannot be read: {}", path, reason()));
    return {.path = path, .bytes = sum->bytes, .checksum = sum->checksum};
}

std::string checkpoint_path(const std::string& directory, std::uint32_t number) {
    return (fs::path(directory) / fmt::format("{}{:03}", kDirectoryBegin, number)).string();
}
std::string state_file_name(std::uint32_t rank) {
    return fmt::format("rank-{:05}.state", rank);
}
std::string sums_file_name(std::uint32_t rank) {
    return fmt::format("rank-{:05}.sums", rank);
}

std::vector<std::uint32_t> list_checkpoints(const std::string& directory) {
    std::vector<std::uint32_t> numbers;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(kDirectoryBegin)) continue;
        std::uint32_t number = 0;
        const char* const last = name.data() + name.size();
        const auto parsed = std::from_chars(name.data() + kDirectoryBegin.size(), last, number);
        if (parsed.ec == std::errc() && parsed.ptr == last &&
            fs::path(checkpoint_path(directory, number)).filename() == name)
            numbers.push_back(number);
    }
    if (error) throw IoError(fmt::format("{}: cannot be read: {}", directory, error.message()));
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::optional<std::string> newest_checkpoint(const std::string& directory) {
    std::vector<std::uint32_t> numbers = list_checkpoints(directory);
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
        std::error_code error;
        std::string path = checkpoint_path(directory, *number);
        if (fs::exists(fs::path(path) / kChecksumsName, error)) return path;
    }
    return std::nullopt;
}

std::optional<std::string> checkpoint_at(const std::string& path) {
    std::error_code error;
    fs::path normal = fs::path(path).lexically_normal();
    if (!normal.has_filename()) normal = normal.parent_path();
    if (fs::exists(normal / kChecksumsName, error)) return normal.string();
    return fs::is_directory(normal, error) ? newest_checkpoint(normal.string()) : std::nullopt;
}

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

std::string checksum_of(std::span<const std::byte> bytes) {
    return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string checksum_line(std::span<const std::byte> bytes, const std::string& name) {
    return fmt::format("{}  {}\n", checksum_of(bytes), name);
}

CheckpointReader::CheckpointReader(std::string path) : path_(std::move(path)) {
    const fs::path sums = fs::path(path_) / kChecksumsName;
    std::ifstream stream(sums, std::ios::binary);
    if (!stream)
        throw InputError(fmt::format("{}: is no checkpoint, or one that was not written to its end: it has no {}",
                                     path_, kChecksumsName));
    for (std::string line; std::getline(stream, line);) {
        constexpr std::size_t kDigits = 32;
        if (line.size() < kDigits + 3 || line.compare(kDigits, 2, "  ") != 0)
            throw InputError(
                fmt::format("{}: is damaged: expected a checksum and a name, found \"{}\"", sums.string(), line));
        checksums_.emplace_back(line.substr(kDigits + 2), line.substr(0, kDigits));
    }
    const std::vector<std::byte> text = read(kManifestName);
    try {
        const json document = json::parse(reinterpret_cast<const char*>(text.data()),
                                          reinterpret_cast<const char*>(text.data()) + text.size());
        if (document.at("format") != kFormatName || document.at("format_version") != kFormatVersion)
            throw InputError(fmt::format("{}/{}: has format \"{}\", version {}; this program reads \"{}\", version {}",
                                         path_, kManifestName, document.at("format").dump(),
                                         document.at("format_version").dump(), kFormatName, kFormatVersion));
        manifest_ = manifest_of(document);
    } catch (const json::exception& error) {
        throw InputError(
            fmt::format("{}/{}: is not the manifest of a checkpoint: {}", path_, kManifestName, error.what()));
    }
}

const std::string& CheckpointReader::expected(const std::string& name) const {
    const auto found =
        std::find_if(checksums_.begin(), checksums_.end(), [&name](const auto& entry) { return entry.first == name; });
    if (found == checksums_.end())
        throw InputError(fmt::format("{}/{}: is damaged: {} is not in it", path_, kChecksumsName, name));
    return found->second;
}

void CheckpointReader::check(const std::string& name) const {
    const std::string file = (fs::path(path_) / name).string();
    const std::optional<FileSum> sum = sum_of_file(file);
    if (!sum) throw InputError(fmt::format("{}: cannot be read: {}", file, reason()));
    if (sum->checksum != expected(name))
        throw InputError(fmt::format("{}: is damaged: its checksum is {}, and {} says {}", file, sum->checksum,
                                     kChecksumsName, expected(name)));
}

std::vector<std::byte> CheckpointReader::read(const std::string& name) const {
    const std::string file = (fs::path(path_) / name).string();
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (stream) text << stream.rdbuf();
    if (!stream && errno != 0) throw InputError(fmt::format("{}: cannot be read: {}", file, reason()));
    const std::string content = std::move(text).str();
    const auto bytes = std::as_bytes(std::span(content));
    if (const std::string found = checksum_of(bytes); found != expected(name))
        throw InputError(fmt::format("{}: is damaged: its checksum is {}, and {} says {}", file, found, kChecksumsName,
                                     expected(name)));
    return {bytes.begin(), bytes.end()};
}

}  // namespace regatta::results
