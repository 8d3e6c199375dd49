#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "workload/text_input.hpp"

namespace regatta::workload {

/// The lines of a text file that are not blank, streamed: plain, gzip or zstd.
class TextLines {
public:
    explicit TextLines(const std::string& path) : input_(path) {}

    /// Goes to the next line; false at the end. Throws InputError when a line is longer than 1 MiB, and what TextInput
    /// throws.
    [[nodiscard]] bool next();
    /// Without its end. Valid until next().
    [[nodiscard]] std::string_view line() const { return line_; }
    /// From 1.
    [[nodiscard]] std::int64_t number() const { return number_; }
    [[nodiscard]] const std::string& path() const { return input_.path(); }

private:
    [[nodiscard]] bool read_line();

    TextInput input_;
    std::string text_;  // read, and not handed out from start_ on
    std::size_t start_ = 0;
    bool is_at_end_ = false;  // of the file: text_ holds the rest
    std::string_view line_;
    std::int64_t number_ = 0;
};

}  // namespace regatta::workload
