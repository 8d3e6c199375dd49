#include "results/replication_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "seed-";

std::optional<std::uint64_t> seed_of(const std::string& name) {
    if (!name.starts_with(kPrefix)) return std::nullopt;
    const std::string_view digits = std::string_view(name).substr(kPrefix.size());
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size();
    return is_number ? std::optional(seed) : std::nullopt;
}

}  // namespace

std::string replication_directory(const std::string& directory, std::uint64_t seed) {
    return fmt::format("{}/{}{}", directory, kPrefix, seed);
}

std::vector<std::string> replications_in(const std::string& directory) {
    std::vector<std::pair<std::uint64_t, std::string>> found;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error))
        if (const auto seed = seed_of(entry.path().filename().string()); seed && entry.is_directory(error))
            found.emplace_back(*seed, entry.path().string());
    std::sort(found.begin(), found.end());
    std::vector<std::string> paths;
    for (auto& [seed, path] : found)
        paths.push_back(std::move(path));
    return paths;
}

}  // namespace regatta::results
