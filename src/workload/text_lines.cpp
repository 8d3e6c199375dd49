#include "workload/text_lines.hpp"

#include <fmt/format.h>

#include <span>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

constexpr std::size_t kLongestLineBytes = std::size_t{1} << 20;
constexpr std::size_t kChunkBytes = 65536;

}  // namespace

bool TextLines::next() {
    while (read_line())
        if (line_.find_first_not_of(" \t") != std::string_view::npos) return true;
    return false;
}

bool TextLines::read_line() {
    std::size_t end = text_.find('\n', start_);
    while (end == std::string::npos && !is_at_end_) {
        if (text_.size() - start_ > kLongestLineBytes)
            throw InputError(fmt::format("{}:{}: expected a line of JSON, found more than 1 MiB without a line end",
                                         path(), number_ + 1));
        text_.erase(0, start_);
        start_ = 0;
        const std::size_t kept = text_.size();
        text_.resize(kept + kChunkBytes);
        const std::size_t count = input_.read(std::span(text_).subspan(kept));
        text_.resize(kept + count);
        is_at_end_ = count < kChunkBytes;
        end = text_.find('\n', kept);
    }
    if (start_ == text_.size()) return false;
    line_ = std::string_view(text_).substr(start_, end == std::string::npos ? end : end - start_);
    start_ = end == std::string::npos ? text_.size() : end + 1;
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    if (number_++ == 0 && line_.starts_with("\xef\xbb\xbf")) line_.remove_prefix(3);  // byte order mark
    return true;
}

}  // namespace regatta::workload
