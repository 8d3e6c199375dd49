#include "results/rank_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/checkpoint_files.hpp"
#include "results/file_layout.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

/// Digits up to `next`, at least `width` of them: what fmt writes of {:0width}.
std::optional<std::uint32_t> take_number(std::string_view& text, std::size_t width, std::string_view next) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits < width || (digits > width && text.front() == '0') ||
        !text.substr(digits).starts_with(next))
        return std::nullopt;
    text.remove_prefix(digits + next.size());
    return number;
}

std::string broken_off(const std::string& directory) {
    std::string text = "is not whole: the run is still going on or was broken off";
    if (const std::optional<std::string> checkpoint = newest_checkpoint(directory))
        text += fmt::format(
            "; regatta run --resume {0} goes on from {1}, and regatta-post merge --partial {0} takes "
            "what there is until then",
            directory, fs::path(*checkpoint).filename().string());
    return text;
}

}  // namespace

std::string RankFileList::any() const {
    if (!whole.empty()) return whole.begin()->second;
    if (!unfinished.empty()) return unfinished.front();
    return strange.empty() ? std::string() : strange.front();
}

RankFileList list_rank_files(const std::string& directory) {
    std::error_code error;
    RankFileList list;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(".rank-") && name.ends_with(".h5.part"))
            list.unfinished.push_back(name);
        else if (const std::optional<RankFileId> id = parse_rank_file_name(name))
            list.whole.emplace(*id, name);
        else if (name.starts_with("rank-") && name.ends_with(".h5"))
            list.strange.push_back(name);
    }
    if (error) throw IoError(fmt::format("{}: cannot be read: {}", directory, error.message()));
    std::sort(list.unfinished.begin(), list.unfinished.end());
    std::sort(list.strange.begin(), list.strange.end());
    return list;
}

RankFileName rank_file_name(const std::string& directory, std::uint32_t rank, std::uint32_t segment) {
    const std::string name = fmt::format("rank-{:05}-{:03}.h5", rank, segment);
    return {.final_path = (fs::path(directory) / name).string(),
            .temporary_path = (fs::path(directory) / fmt::format(".{}.part", name)).string()};
}

std::optional<RankFileId> parse_rank_file_name(std::string_view name) {
    constexpr std::string_view kBegin = "rank-";
    if (!name.starts_with(kBegin)) return std::nullopt;
    name.remove_prefix(kBegin.size());
    const std::optional<std::uint32_t> rank = take_number(name, 5, "-");
    const std::optional<std::uint32_t> segment = rank ? take_number(name, 3, ".h5") : std::nullopt;
    if (!segment || !name.empty()) return std::nullopt;
    return RankFileId{.segment = *segment, .rank = *rank};
}

void prepare_output_directory(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw IoError(fmt::format("{}: cannot be made: {}", directory, error.message()));
    std::string found = list_rank_files(directory).any();
    if (found.empty() && fs::exists(fs::path(directory) / "run.h5", error)) found = "run.h5";
    if (found.empty())
        if (const auto checkpoint = newest_checkpoint(directory)) found = fs::path(*checkpoint).filename().string();
    if (!found.empty())
        throw InputError(
            fmt::format("{}: already holds results ({}); give another directory or remove them", directory, found));
    const std::string probe = (fs::path(directory) / ".regatta.part").string();
    const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        throw IoError(
            fmt::format("{}: no file can be made in it: {}", directory, std::generic_category().message(errno)));
    ::close(descriptor);
    ::unlink(probe.c_str());
}

std::vector<std::string> find_rank_files(const std::string& directory) {
    RankFileList list = list_rank_files(directory);
    const auto path_of = [&directory](const std::string& name) { return (fs::path(directory) / name).string(); };
    if (list.is_empty()) throw IoError(fmt::format("{}: holds no rank files (rank-00000-000.h5, ...)", directory));
    if (!list.unfinished.empty())
        throw IoError(fmt::format("{}: {}", path_of(list.unfinished.front()), broken_off(directory)));
    if (!list.strange.empty())
        throw IoError(
            fmt::format("{}: is not the name of a rank file (rank-00000-000.h5, ...)", path_of(list.strange.front())));

    // Any file of the last segment tells which run it is, and any of a segment how many files that has.
    const std::uint32_t last = list.whole.rbegin()->first.segment;
    const std::string first = path_of(list.whole.lower_bound({.segment = last, .rank = 0})->second);
    const layout::Identity run = layout::read_identity(h5::File::open(first));
    if (run.is_merged) throw IoError(fmt::format("{}: is a merged file, not one of a rank", first));
    std::vector<std::string> paths;
    bool is_whole = false;
    for (std::uint32_t segment = 0; segment <= last; ++segment) {
        const auto any = list.whole.lower_bound({.segment = segment, .rank = 0});
        if (any == list.whole.end() || any->first.segment != segment)
            throw IoError(fmt::format("{}: is missing; there are files of segments up to {}",
                                      rank_file_name(directory, 0, segment).final_path, last));
        const layout::Identity expected = layout::read_identity(h5::File::open(path_of(any->second)));
        for (std::int64_t rank = 0; rank < expected.ranks; ++rank) {
            const std::string path = rank_file_name(directory, static_cast<std::uint32_t>(rank), segment).final_path;
            if (list.whole.erase({.segment = segment, .rank = static_cast<std::uint32_t>(rank)}) == 0)
                throw IoError(fmt::format("{}: is missing; the run had {} ranks", path, expected.ranks));
            const layout::Identity found = layout::read_identity(h5::File::open(path));
            if (found.is_merged || !run.is_of_run(found.run_id) || found.rank != rank ||
                found.ranks != expected.ranks || found.segment != segment || found.is_last != expected.is_last ||
                (found.is_last && segment != last))
                throw IoError(fmt::format("{}: belongs to another run than {}", path, first));
            paths.push_back(path);
        }
        is_whole = expected.is_last;
        if (const auto other = list.whole.lower_bound({.segment = segment, .rank = 0});
            other != list.whole.end() && other->first.segment == segment)
            throw IoError(fmt::format("{}: does not belong to the run of {} ranks in this directory",
                                      path_of(other->second), expected.ranks));
    }
    if (!is_whole) throw IoError(fmt::format("{}: {}", directory, broken_off(directory)));
    return paths;
}

}  // namespace regatta::results
