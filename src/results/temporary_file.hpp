#pragma once

#include <cstddef>
#include <string>

namespace regatta::results {

/// A file that gets its name only when it is whole, and goes away when it never is.
class TemporaryFile {
public:
    TemporaryFile(std::string temporary_path, std::string final_path);
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    /// Gives the file its name, replacing what had it. Throws IoError.
    void keep();
    [[nodiscard]] const std::string& temporary_path() const { return temporary_path_; }

private:
    std::string temporary_path_;
    std::string final_path_;
    std::size_t slot_ = 0;  ///< where a signal would look for the path
    bool is_kept_ = false;
};

/// From now on SIGINT, SIGTERM and SIGHUP remove the temporary files of this process before they end it as ever, so
/// that who waits for it sees that it was stopped (shells: exit codes 130, 143 and 129). Signals that are ignored stay
/// so.
void remove_temporary_files_when_stopped();

}  // namespace regatta::results
