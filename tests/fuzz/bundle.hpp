#pragma once

#include <string>
#include <string_view>

#include "scenario/input_files.hpp"

namespace regatta::fuzz {

/// Several files in one input: a line "@@ NAME" begins the next one. What stands before the first such line is `first`.
/// The disk is not read.
inline scenario::InputFiles unbundled(std::string_view text, const std::string& first) {
    scenario::InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/";
    std::string name = first;
    while (true) {
        const std::size_t mark = text.starts_with("@@ ") ? 0 : text.find("\n@@ ");
        const std::size_t end = mark == std::string_view::npos ? text.size() : mark == 0 ? 0 : mark + 1;
        files.files[name] = {true, std::string(text.substr(0, end)), ""};
        files.files["/" + name] = files.files[name];
        text.remove_prefix(end);
        if (text.empty()) return files;
        text.remove_prefix(3);
        const std::size_t line_end = std::min(text.find('\n'), text.size());
        name = text.substr(0, line_end);
        text.remove_prefix(std::min(line_end + 1, text.size()));
    }
}

}  // namespace regatta::fuzz
