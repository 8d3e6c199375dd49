#pragma once

#include <cstddef>
#include <span>
#include <string>

/// Files that are on the disk when a call returns, so that what is said to be saved outlives a crash of the machine.
/// All throw IoError that names the file and why.
namespace regatta::results {

/// Writes the file under a temporary name, and gives it its own, in place of what had it, when it is on the disk.
void write_durably(const std::string& path, std::span<const std::byte> bytes);
/// Likewise, but its name may be lost until sync_directory: one call of that serves several files.
void write_content_durably(const std::string& path, std::span<const std::byte> bytes);
/// Waits until all that was written to a file that is closed is on the disk.
void sync_file(const std::string& path);
/// Likewise for the names of the files in a directory.
void sync_directory(const std::string& path);

}  // namespace regatta::results
