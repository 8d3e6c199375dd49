// Runs a fuzz target over the files of directories, without libFuzzer: what it found once stays a test.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

/// False after telling which exception came out.
bool passes(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    try {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        return true;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: neither read nor refused: %s\n", path.c_str(), error.what());
        return false;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::set<fs::path> files;  // in order of their names, so that two runs say the same
    for (int i = 1; i < argc; ++i)
        for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
            if (entry.is_regular_file()) files.insert(entry.path());
    if (files.empty()) {
        std::fprintf(stderr, "expected directories with files to read\n");
        return 1;
    }
    bool all_pass = true;
    for (const fs::path& file : files) {
        // Said before, for what crashes can no longer be said afterwards.
        std::printf("%s\n", file.filename().c_str());
        std::fflush(stdout);
        all_pass = passes(file) && all_pass;
    }
    return all_pass ? 0 : 1;
}
