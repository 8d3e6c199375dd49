#include "results/checkpoint_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

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

std::string checksum_of(std::span<const std::byte> bytes) {
    return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string checksum_line(std::span<const std::byte> bytes, const std::string& name) {
    return fmt::format("{}  {}\n", checksum_of(bytes), name);
}

Checksums parse_checksums(std::string_view text, const std::string& file) {
    constexpr std::size_t kDigits = 32;
    constexpr std::size_t kMostShown = 80;
    Checksums checksums;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.size() < kDigits + 3 || line.substr(kDigits, 2) != "  ")
            throw InputError(fmt::format("{}: is damaged: expected a checksum and a name, found \"{}\"", file,
                                         line.substr(0, kMostShown)));
        checksums.emplace_back(line.substr(kDigits + 2), line.substr(0, kDigits));
    }
    return checksums;
}

CheckpointReader::CheckpointReader(std::string path) : path_(std::move(path)) {
    const fs::path sums = fs::path(path_) / kChecksumsName;
    std::ifstream stream(sums, std::ios::binary);
    if (!stream)
        throw InputError(fmt::format("{}: is no checkpoint, or one that was not written to its end: it has no {}",
                                     path_, kChecksumsName));
    std::ostringstream text;
    text << stream.rdbuf();
    checksums_ = parse_checksums(text.view(), sums.string());
    const std::vector<std::byte> manifest = read(kManifestName);
    manifest_ = manifest_from_json({reinterpret_cast<const char*>(manifest.data()), manifest.size()},
                                   (fs::path(path_) / kManifestName).string());
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
