#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace regatta::workload {

/// The text of a file, unpacked when its first bytes say gzip or zstd (whatever its name says), as a stream of bytes.
class TextInput {
public:
    /// Throws InputError when there is no such file or it is none that can be read twice (a directory, a pipe).
    explicit TextInput(std::string path);
    ~TextInput();
    TextInput(const TextInput&) = delete;
    TextInput& operator=(const TextInput&) = delete;

    /// Fills `buffer` from the front; fewer bytes than fit only at the end. Throws InputError when compressed data are
    /// damaged, end early or grow to more than 500 times their size (and 64 MiB), IoError when the file cannot be read.
    [[nodiscard]] std::size_t read(std::span<char> buffer);
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    struct Chain;
    std::string path_;
    std::unique_ptr<Chain> chain_;
};

}  // namespace regatta::workload
