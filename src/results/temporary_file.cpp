#include "results/temporary_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::results {

TemporaryFile::TemporaryFile(std::string temporary_path, std::string final_path)
    : temporary_path_(std::move(temporary_path)), final_path_(std::move(final_path)) {}

TemporaryFile::~TemporaryFile() {
    if (!is_kept_) std::remove(temporary_path_.c_str());
}

void TemporaryFile::keep() {
    if (std::rename(temporary_path_.c_str(), final_path_.c_str()) != 0)
        throw IoError(fmt::format("{}: cannot be written: {}", final_path_, std::generic_category().message(errno)));
    is_kept_ = true;
}

}  // namespace regatta::results
