#include "results/rank_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::set<std::string> rank_file_names(const std::string& directory) {
    std::error_code error;
    std::set<std::string> names;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if ((name.starts_with("rank-") && name.ends_with(".h5")) ||
            (name.starts_with(".rank-") && name.ends_with(".h5.part")))
            names.insert(name);
    }
    if (error) throw IoError(fmt::format("{}: cannot be read: {}", directory, error.message()));
    return names;
}

RankFileName rank_file_name(const std::string& directory, std::uint32_t rank) {
    const std::string name = fmt::format("rank-{:05}-000.h5", rank);
    return {.final_path = (fs::path(directory) / name).string(),
            .temporary_path = (fs::path(directory) / fmt::format(".{}.part", name)).string()};
}

void prepare_output_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw IoError(fmt::format("{}: cannot be made: {}", directory, error.message()));
    const std::set<std::string> found = rank_file_names(directory);
    if (!found.empty() || fs::exists(fs::path(directory) / "run.h5", error))
        throw InputError(fmt::format("{}: already holds results ({}); give another directory or remove them", directory,
                                     found.empty() ? "run.h5" : *found.begin()));
    const std::string probe = (fs::path(directory) / ".regatta.part").string();
    const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        throw IoError(
            fmt::format("{}: no file can be made in it: {}", directory, std::generic_category().message(errno)));
    ::close(descriptor);
    ::unlink(probe.c_str());
}

std::vector<std::string> find_rank_files(const std::string& directory) {
    std::set<std::string> names = rank_file_names(directory);
    std::vector<std::string> paths;
    if (names.empty()) throw IoError(fmt::format("{}: holds no rank files (rank-00000-000.h5, ...)", directory));
    const auto path_of = [&directory](const std::string& name) { return (fs::path(directory) / name).string(); };
    if (names.begin()->starts_with('.'))
        throw IoError(
            fmt::format("{}: is not whole: the run is still going on or was broken off", path_of(*names.begin())));

    // Any whole file tells how many there must be.
    const std::string first = path_of(*names.begin());
    const layout::Identity expected = layout::read_identity(h5::File::open(first));
    if (expected.is_merged) throw IoError(fmt::format("{}: is a merged file, not one of a rank", first));
    for (std::int64_t rank = 0; rank < expected.ranks; ++rank) {
        const std::string path = rank_file_name(directory, static_cast<std::uint32_t>(rank)).final_path;
        if (names.erase(fs::path(path).filename().string()) == 0)
            throw IoError(fmt::format("{}: is missing; the run had {} ranks", path, expected.ranks));
        const layout::Identity found = layout::read_identity(h5::File::open(path));
        if (found.is_merged || found.run_id != expected.run_id || found.rank != rank || found.ranks != expected.ranks)
            throw IoError(fmt::format("{}: belongs to another run than {}", path, first));
        paths.push_back(path);
    }
    if (!names.empty())
        throw IoError(fmt::format("{}: does not belong to the run of {} ranks in this directory",
                                  path_of(*names.begin()), expected.ranks));
    return paths;
}

}  // namespace regatta::results
