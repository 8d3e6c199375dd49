#pragma once

#include <string>

namespace regatta::app {

/// Says that this process writes into a directory, as long as it lives: two runs in one would mix their files.
class DirectoryLock {
public:
    DirectoryLock() = default;
    ~DirectoryLock() { release(); }
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

    /// Throws InputError when another process has it. A file system that knows no locks gives none.
    void take(const std::string& directory);

private:
    void release();
    int descriptor_ = -1;
};

}  // namespace regatta::app
