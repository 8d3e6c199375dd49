#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

/// Files that are on the disk when a call returns, so that what is said to be saved outlives a crash of the machine.
/// All throw IoError that names the file and why.
namespace regatta::results {

/// Writes the file under a temporary name, and gives it its own, in place of what had it, when it is on the disk.
void write_durably(const std::string& path, std::span<const std::byte> bytes);

/// Memory that large files are written from, past the page cache. Who writes many of them keeps it: its first use takes
/// longer than what it is used for.
class DirectBlock {
public:
    static constexpr std::size_t kBytes = std::size_t{2} << 20;
    static constexpr std::size_t kAlignment = 4096;  ///< enough for all file systems

    /// Aligned; null when there is none.
    [[nodiscard]] std::byte* memory();

private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_;
};

/// Likewise in two steps, so that several files are on their way at once. Its name may be lost until sync_directory:
/// one call of that serves them all.
class DurableFile {
public:
    /// Writes it under a temporary name. It goes away unless it is finished. A large one goes by way of a block.
    DurableFile(const std::string& path, std::span<const std::byte> bytes, DirectBlock* block = nullptr);
    DurableFile(DurableFile&&) noexcept;
    ~DurableFile();

    /// Waits until it is on the disk, and gives it its name.
    void finish();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Waits until all that was written to a file that is closed is on the disk.
void sync_file(const std::string& path);
/// Starts that, and does not wait.
void begin_sync(const std::string& path);
/// Likewise for the names of the files in a directory.
void sync_directory(const std::string& path);

}  // namespace regatta::results
