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

#include "base/memory.hpp"
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
    void write_directly(std::span<const std::byte> bytes, DirectBlock& block) {
        const std::size_t aligned = bytes.size() / DirectBlock::kAlignment * DirectBlock::kAlignment;
        std::byte* const memory = block.memory();
        const int flags = ::fcntl(number_, F_GETFL);
        const bool is_direct = memory != nullptr && flags >= 0 && ::fcntl(number_, F_SETFL, flags | O_DIRECT) == 0;
        std::size_t done = 0;
        while (is_direct && done < aligned) {
            const std::size_t count = std::min(DirectBlock::kBytes, aligned - done);
            std::memcpy(memory, bytes.data() + done, count);
            const ssize_t written = ::write(number_, memory, count);
            if (written < 0 && errno == EINTR) continue;
            // It says only now that it cannot, or it ends within a block: what is left goes the other way.
            if (written < 0 && errno != EINVAL) fail(shown_path_, "written");
            if (written > 0) done += static_cast<std::size_t>(written);
            if (written < 0 || static_cast<std::size_t>(written) % DirectBlock::kAlignment != 0) break;
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

    void write(std::span<const std::byte> bytes, DirectBlock* block) {
        if (block != nullptr)
            file_.write_directly(bytes, *block);
        else
            file_.write(bytes);
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

std::byte* DirectBlock::memory() {
    if (memory_) return memory_.get();
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kLargePageBytes, kBytes)));
    if (memory_) ask_for_large_pages(memory_.get(), kBytes);
    return memory_.get();
}

DurableFile::DurableFile(const std::string& path, std::span<const std::byte> bytes, DirectBlock* block)
    : impl_(std::make_unique<Impl>(path)) {
    impl_->write(bytes, block);
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
