#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace regatta::timing {

/// Files of tables that took seconds to fit, found by everything that they follow from. A file counts only if it is
/// whole and says that very key itself: what is stale, foreign or damaged is not there.
class ProfileCache {
public:
    /// An empty directory keeps nothing.
    explicit ProfileCache(std::string directory);
    [[nodiscard]] std::optional<std::string> find(const std::string& name, std::string_view key) const;
    /// Written under a name of its own and renamed, so that nobody sees half a file. A directory that cannot be written
    /// costs only time.
    void keep(const std::string& name, std::string_view key, std::string_view bytes) const;
    [[nodiscard]] std::string path_of(const std::string& name, std::string_view key) const;

private:
    std::string directory_;
};

/// Of the whole text, 32 hexadecimal digits.
[[nodiscard]] std::string digest_of(std::string_view text);

}  // namespace regatta::timing
