#include "results/durable_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>

#include "regatta/base/byte_block.hpp"
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
    /// push out what others keep there nor wait for memory. What cannot go that way is left, and returned.
    [[nodiscard]] std::span<const std::byte> write_directly(std::span<const std::byte> bytes) {
        constexpr std::size_t kAlignment = 4096;  // enough for all file systems
        if (bytes.size() < blocks::kLargePageBytes || reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0)
            return bytes;
        const int flags = ::fcntl(number_, F_GETFL);
        if (flags < 0 || ::fcntl(number_, F_SETFL, flags | O_DIRECT) != 0) return bytes;
        while (bytes.size() >= kAlignment) {
            const std::size_t count = std::min(bytes.size() / kAlignment * kAlignment, kMostAtOnce);
            const ssize_t written = ::write(number_, bytes.data(), count);
            if (written < 0 && errno == EINTR) continue;
            // It says only now that it cannot, or it ends within a page: what is left goes the other way.
            if (written < 0 && errno != EINVAL) fail(shown_path_, "written");
            if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
            if (written < 0 || static_cast<std::size_t>(written) % kAlignment != 0) break;
        }
        if (::fcntl(number_, F_SETFL, flags) != 0) fail(shown_path_, "written");
        return bytes;
    }
    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(number_, bytes.data(), std::min(bytes.size(), kMostAtOnce));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(shown_path_, "written");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    /// Does not wait. Where the file system cannot, sync() has all of it to do.
    void begin_sync() { (void)::sync_file_range(number_, 0, 0, SYNC_FILE_RANGE_WRITE); }
    void sync() {
        if (::fsync(number_) != 0) fail(shown_path_, "written");
    }
    void close() {
        const int number = number_;
        number_ = -1;
        if (::close(number) != 0) fail(shown_path_, "written");
    }

private:
    /// Linux writes at most 2 GiB.
    static constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;

    int number_;
    std::string shown_path_;
};

}  // namespace

class DurableFile::Impl {
public:
    explicit Impl(const fs::path& path)
        : temporary_path_((path.parent_path() / fmt::format(".{}.part", path.filename().string())).string()),
          temporary_(temporary_path_, path.string()),
          file_(temporary_path_, path.string(), O_WRONLY | O_CREAT | O_TRUNC, "written") {}

    void write(std::span<const std::byte> bytes) {
        file_.write(file_.write_directly(bytes));
        file_.begin_sync();
    }
    void finish() {
        file_.sync();
        file_.close();
        temporary_.keep();
    }

private:
    std::string temporary_path_;
    TemporaryFile temporary_;
    Descriptor file_;
};

DurableFile::DurableFile(const std::string& path, std::span<const std::byte> bytes)
    : impl_(std::make_unique<Impl>(path)) {
    impl_->write(bytes);
}
DurableFile::DurableFile(DurableFile&&) noexcept = default;
DurableFile::~DurableFile() = default;

void DurableFile::finish() {
    impl_->finish();
}

void write_durably(const std::string& path, std::span<const std::byte> bytes) {
    DurableFile(path, bytes).finish();
    sync_directory(fs::path(path).parent_path().string());
}

void begin_sync(const std::string& path) {
    Descriptor(path, path, O_RDONLY, "written").begin_sync();
}

void sync_file(const std::string& path) {
    Descriptor(path, path, O_RDONLY, "written").sync();
}

void sync_directory(const std::string& path) {
    const std::string named = path.empty() ? "." : path;
    Descriptor(named, named, O_RDONLY | O_DIRECTORY, "written").sync();
}

}  // namespace regatta::results
