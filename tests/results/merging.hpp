#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "made_up_run.hpp"
#include "results/merge.hpp"

namespace regatta::results {

namespace fs = std::filesystem;

struct CommandResult {
    int code = 0;
    std::string output;
};

inline CommandResult run_command(const std::string& command) {
    CommandResult result;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return {.code = -1, .output = {}};
    std::array<char, 4096> buffer{};
    for (std::size_t read = 0; (read = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        result.output.append(buffer.data(), read);
    const int status = pclose(pipe);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

inline bool has_program(const std::string& name) {
    return run_command("command -v " + name).code == 0;
}

/// Writes the run on `ranks` ranks and merges it to `scratch`/NAME.
inline std::string merged(const ScratchDirectory& scratch, const MadeUpRun& run, std::uint32_t ranks,
                          const std::string& name, MergedRows rows = MergedRows::Deflated) {
    const std::string directory = scratch.path(name + ".ranks");
    fs::create_directories(directory);
    write_run(run, directory, ranks, ranks);
    merge_run({.directory = directory, .output = scratch.path(name), .rows = rows});
    return scratch.path(name);
}

}  // namespace regatta::results
