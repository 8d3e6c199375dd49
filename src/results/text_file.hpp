#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "results/temporary_file.hpp"

namespace regatta::results {

/// A text file that gets its name when it is whole. Everything throws IoError.
class TextFile {
public:
    explicit TextFile(std::string path);

    template <class... Arguments>
    void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
        if (text_.size() > kFlushBytes) flush();
    }
    void close();

private:
    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

    void flush();
    [[noreturn]] void fail() const;

    std::string path_;
    TemporaryFile temporary_;  ///< outlives the open file
    std::unique_ptr<std::FILE, void (*)(std::FILE*)> file_;
    std::string text_;
};

}  // namespace regatta::results
