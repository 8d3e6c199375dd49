#include "timing/profile_cache.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/digest.hpp"

namespace regatta::timing {
namespace {

constexpr std::string_view kMagic = "regatta profile tables 1\n";

std::string content(std::string_view key, std::string_view bytes) {
    return fmt::format("{}{}\n{}{}", kMagic, key.size(), key, bytes);
}

}  // namespace

std::string digest_of(std::string_view text) {
    Digest digest;
    digest.add(0, std::as_bytes(std::span(text)));
    return digest.to_hex();
}

ProfileCache::ProfileCache(std::string directory) : directory_(std::move(directory)) {}

std::string ProfileCache::path_of(const std::string& name, std::string_view key) const {
    return fmt::format("{}/{}-{}.tables", directory_, name, digest_of(key));
}

std::optional<std::string> ProfileCache::find(const std::string& name, std::string_view key) const {
    if (directory_.empty()) return std::nullopt;
    std::ifstream file(path_of(name, key), std::ios::binary);
    if (!file) return std::nullopt;
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    // The digest of all that precedes it stands at the end.
    constexpr std::size_t kDigits = 32;
    const std::string start = content(key, "");
    if (text.size() < start.size() + kDigits || !text.starts_with(start)) return std::nullopt;
    const std::string_view whole = std::string_view(text).substr(0, text.size() - kDigits);
    if (digest_of(whole) != text.substr(whole.size())) return std::nullopt;
    return std::string(whole.substr(start.size()));
}

void ProfileCache::keep(const std::string& name, std::string_view key, std::string_view bytes) const {
    if (directory_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    const std::string path = path_of(name, key);
    const std::size_t thread = std::hash<std::thread::id>{}(std::this_thread::get_id());
    const std::string temporary = fmt::format("{}.{}-{:x}", path, ::getpid(), thread);
    const std::string text = content(key, bytes);
    bool is_whole = false;
    {
        std::ofstream file(temporary, std::ios::binary);
        file << text << digest_of(text);
        file.close();
        is_whole = file.good();
    }
    if (is_whole) std::filesystem::rename(temporary, path, error);
    if (!is_whole || error) std::filesystem::remove(temporary, error);
}

}  // namespace regatta::timing
