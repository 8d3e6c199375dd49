#include "results/text_file.hpp"

#include <cerrno>
#include <system_error>

#include "regatta/base/errors.hpp"

namespace regatta::results {

TextFile::TextFile(std::string path)
    : path_(std::move(path)),
      temporary_(path_ + ".part", path_),
      file_(std::fopen((path_ + ".part").c_str(), "wb"), [](std::FILE* file) { (void)std::fclose(file); }) {
    if (!file_) fail();
}

void TextFile::close() {
    flush();
    if (std::fclose(file_.release()) != 0) fail();
    temporary_.keep();
}

void TextFile::flush() {
    if (std::fwrite(text_.data(), 1, text_.size(), file_.get()) != text_.size()) fail();
    text_.clear();
}

void TextFile::fail() const {
    throw IoError(fmt::format("{}: cannot be written: {}", path_, std::generic_category().message(errno)));
}

}  // namespace regatta::results
