#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace regatta::scenario::testing {

inline std::string source_directory() {
    const char* directory = std::getenv("REGATTA_SOURCE_DIR");
    return directory == nullptr ? "." : directory;
}

inline std::string read_source(const std::string& path) {
    std::ifstream stream(source_directory() + "/" + path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace regatta::scenario::testing
