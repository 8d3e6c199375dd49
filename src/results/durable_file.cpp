#include "results/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/temporary_file.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const char* action) {
    const int error = errno;
    throw IoError(fmt::format("{}: cannot be {}: {}", path, action, std::generic_category().message(error)));
}

/// Owns a file descriptor.
class Descriptor {
public:
    Descriptor(const std::string& path, const std::string& shown_path, int flags, const char* action)
        : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)), shown_path_(shown_path) {
        if (number_ < 0) fail(shown_path_, action);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }

    /// Past the page cache where the file system can: who writes a large file that nobody will read soon should neither
    /// push out what others keep there nor wait for memory.
    void write_directly(std::span<const std::byte> bytes) {
        constexpr std::size_t kAtOnce = std::size_t{4} << 20;
        constexpr std::size_t kAlignment = 4096;  // enough for all file systems
        const std::size_t aligned = bytes.size() / kAlignment * kAlignment;
        const std::unique_ptr<std::byte, decltype(&std::free)> block(
            static_cast<std::byte*>(std::aligned_alloc(kAlignment, kAtOnce)), &std::free);
        const int flags = ::fcntl(number_, F_GETFL);
        const bool is_direct = block && flags >= 0 && ::fcntl(number_, F_SETFL, flags | O_DIRECT) == 0;
        std::size_t done = 0;
        while (is_direct && done < aligned) {
            const std::size_t count = std::min(kAtOnce, aligned - done);
            std::memcpy(block.get(), bytes.data() + done, count);
            const ssize_t written = ::write(number_, block.get(), count);
            if (written < 0 && errno == EINTR) continue;
            // It says only now that it cannot, or it ends within a block: what is left goes the other way.
            if (written < 0 && errno != EINVAL) fail(shown_path_, "written");
            if (written > 0) done += static_cast<std::size_t>(written);
            if (written < 0 || static_cast<std::size_t>(written) % kAlignment != 0) break;
        }
        if (is_direct && ::fcntl(number_, F_SETFL, flags) != 0) fail(shown_path_, "written");
        write(bytes.subspan(done));
    }
    void write(std::span<const std::byte> bytes) {
        // Linux writes at most 2 GiB at once.
        constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
        while (!bytes.empty()) {
            const ssize_t written = ::write(number_, bytes.data(), std::min(bytes.size(), kMostAtOnce));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(shown_path_, "written");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void sync() {
        if (::fsync(number_) != 0) fail(shown_path_, "written");
    }
    void close() {
        const int number = number_;
        number_ = -1;
        if (::close(number) != 0) fail(shown_path_, "written");
    }

private:
    int number_;
    std::string shown_path_;
};

}  // namespace

void write_durably(const std::string& path, std::span<const std::byte> bytes) {
    write_content_durably(path, bytes);
    sync_directory(fs::path(path).parent_path().string());
}

void write_content_durably(const std::string& path, std::span<const std::byte> bytes) {
    const fs::path final_path(path);
    const std::string temporary_path =
        (final_path.parent_path() / fmt::format(".{}.part", final_path.filename().string())).string();
    TemporaryFile temporary(temporary_path, path);
    Descriptor file(temporary_path, path, O_WRONLY | O_CREAT | O_TRUNC, "written");
    constexpr std::size_t kLarge = std::size_t{1} << 20;
    if (bytes.size() >= kLarge)
        file.write_directly(bytes);
    else
        file.write(bytes);
    file.sync();
    file.close();
    temporary.keep();
}

void sync_file(const std::string& path) {
    Descriptor(path, path, O_RDONLY, "written").sync();
}

void sync_directory(const std::string& path) {
    const std::string named = path.empty() ? "." : path;
    Descriptor(named, named, O_RDONLY | O_DIRECTORY, "written").sync();
}

}  // namespace regatta::results
