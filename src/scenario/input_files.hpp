#pragma once

#include <map>
#include <string>

namespace regatta::scenario {

/// Every file a scenario was read from, by path, so that one rank reads and the others get the same bytes.
/// A path that could not be read is kept with its reason, so that all ranks reach the same verdict.
struct InputFiles {
    struct File {
        bool is_readable = false;
        std::string text;    ///< when readable and opened, not only probed
        std::string reason;  ///< when not: "no such file", "permission denied", ...
    };
    std::map<std::string, File> files;
    /// Where relative paths begin; the reading rank's, so that all ranks write the same resolved scenario.
    std::string working_directory;
    /// The one the scenario was read with; the reading rank's, too.
    std::string catalogue_directory;
    bool reads_disk = true;  ///< false: what is not in `files` does not exist (the other ranks)

    [[nodiscard]] const File& open(const std::string& path);
    /// Whether a file that may be too large to keep can be read; its text stays out.
    [[nodiscard]] const File& probe(const std::string& path);
    /// A table of data, unpacked where it is compressed; far longer than a scenario may be.
    [[nodiscard]] const File& open_data(const std::string& path);
    /// `path` from the root, without ".." and ".".
    [[nodiscard]] std::string absolute(const std::string& path);

    [[nodiscard]] std::string to_bytes() const;
    /// The same files; it does not read the disk.
    [[nodiscard]] static InputFiles from_bytes(const std::string& bytes);

private:
    const File& read(const std::string& path, bool keeps_text);
    File read_data(const std::string& path) const;
};

}  // namespace regatta::scenario
