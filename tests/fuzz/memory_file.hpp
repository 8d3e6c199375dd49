#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "regatta/base/errors.hpp"

namespace regatta::fuzz {

/// Bytes under a path, for readers that stream from one; in memory, for the disk would set the pace.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("hostile", MFD_CLOEXEC)) {
        REGATTA_CHECK(file_ >= 0, "memfd_create");
        for (std::string_view rest = bytes; !rest.empty();) {
            const ssize_t count = ::write(file_, rest.data(), rest.size());
            REGATTA_CHECK(count > 0, "write");
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    ~MemoryFile() { ::close(file_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    int file_;
};

}  // namespace regatta::fuzz
