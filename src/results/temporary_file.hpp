#pragma once

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

private:
    std::string temporary_path_;
    std::string final_path_;
    bool is_kept_ = false;
};

}  // namespace regatta::results
