// Runs a fuzz target over the files of directories, without libFuzzer: what it found once stays a test.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

/// False after telling which exception came out.
bool passes(const std::string& name, const std::string& bytes) {
    // Said before, for what crashes can no longer be said afterwards.
    std::printf("%s\n", name.c_str());
    std::fflush(stdout);
    try {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        return true;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: neither read nor refused: %s\n", name.c_str(), error.what());
        return false;
    }
}

std::string bytes_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// The same ones in every run.
std::string random_bytes(unsigned seed) {
    std::mt19937 engine(seed);
    std::string bytes(64, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(engine());
    return bytes;
}

}  // namespace

/// --random N DIRECTORY...
int main(int argc, char** argv) {
    std::set<fs::path> files;  // in order of their names, so that two runs say the same
    for (int i = 3; i < argc; ++i)
        for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
            if (entry.is_regular_file()) files.insert(entry.path());
    if (files.empty()) {
        std::fprintf(stderr, "expected directories with files to read\n");
        return 1;
    }
    bool all_pass = true;
    for (const fs::path& file : files)
        all_pass = passes(file.filename().string(), bytes_of(file)) && all_pass;
    const auto count = static_cast<unsigned>(std::stoul(argv[2]));
    for (unsigned seed = 0; seed < count; ++seed)
        all_pass = passes("random input " + std::to_string(seed), random_bytes(seed)) && all_pass;
    return all_pass ? 0 : 1;
}
