#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

/// Files that are on the disk when a call returns, so that what is said to be saved outlives a crash of the machine.
/// All throw IoError that names the file and why.
namespace regatta::results {

/// Writes the file under a temporary name, and gives it its own, in place of what had it, when it is on the disk.
void write_durably(const std::string& path, std::span<const std::byte> bytes);

/// Likewise in two steps, so that several files are on their way at once. Its name may be lost until sync_directory:
/// one call of that serves them all.
class DurableFile {
public:
    /// Writes it under a temporary name. It goes away unless it is finished. Many bytes that begin at a page
    /// (regatta::ByteBlock) go past the page cache.
    DurableFile(const std::string& path, std::span<const std::byte> bytes);
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
