#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::workload {

/// A file with the given bytes, gone with the object.
class TestFile {
public:
    explicit TestFile(std::string_view bytes, const std::string& name = "trace.csv") {
        std::string pattern = fmt::format("{}regatta-XXXXXX", ::testing::TempDir());
        directory_ = ::mkdtemp(pattern.data());
        path_ = fmt::format("{}/{}", directory_, name);
        std::ofstream file(path_, std::ios::binary);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    ~TestFile() {
        ::unlink(path_.c_str());
        ::rmdir(directory_.c_str());
    }
    TestFile(const TestFile&) = delete;
    TestFile& operator=(const TestFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& directory() const { return directory_; }

private:
    std::string directory_;
    std::string path_;
};

/// The problems an action throws, with the file's path replaced by FILE; empty when it throws none.
inline std::vector<std::string> problems_with(const std::string& path, const std::function<void()>& action) {
    try {
        action();
    } catch (const InputError& error) {
        std::vector<std::string> problems;
        for (const std::string& problem : error.problems()) {
            const auto at = problem.find(path);
            problems.push_back(at == std::string::npos
                                   ? problem
                                   : fmt::format("{}FILE{}", problem.substr(0, at), problem.substr(at + path.size())));
        }
        return problems;
    }
    return {};
}

/// A file of the directory beside the project that holds public data; empty when it is not there.
inline std::string shared_file(const std::string& name) {
    const char* shared = std::getenv("REGATTA_SHARED");
    const char* source = std::getenv("REGATTA_SOURCE_DIR");
    const std::string path = shared != nullptr ? fmt::format("{}/{}", shared, name)
                                               : fmt::format("{}/../shared/{}", source != nullptr ? source : ".", name);
    return ::access(path.c_str(), R_OK) == 0 ? path : std::string();
}

using Problems = std::vector<std::string>;

}  // namespace regatta::workload
