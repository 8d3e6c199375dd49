#include "app/resume.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

#include "app/version.hpp"
#include "regatta/base/errors.hpp"
#include "results/checkpoint_sums.hpp"
#include "results/rank_files.hpp"
#include "results/result_reader.hpp"

namespace regatta::app {
namespace {

namespace fs = std::filesystem;
namespace ipc = boost::interprocess;

results::CheckpointReader open_checkpoint(const std::string& path) {
    if (const std::optional<std::string> found = results::checkpoint_at(path)) return results::CheckpointReader(*found);
    std::error_code error;
    if (!fs::is_directory(path, error))
        throw InputError(fmt::format("--resume {}: is not a directory of results, or a checkpoint in one", path));
    throw InputError(fmt::format(
        "--resume {}: holds no checkpoint (checkpoint-000, ...); regatta run --checkpoint-every makes them", path));
}

/// The first few lines that differ, as "was" and "is".
std::string difference(const std::string& before, const std::string& now) {
    constexpr int kMostLines = 5;
    std::istringstream old_lines(before);
    std::istringstream new_lines(now);
    std::string text;
    int shown = 0;
    std::string old_line;
    std::string new_line;
    while (shown < kMostLines) {
        const bool has_old = static_cast<bool>(std::getline(old_lines, old_line));
        const bool has_new = static_cast<bool>(std::getline(new_lines, new_line));
        if (!has_old && !has_new) break;
        if (has_old && has_new && old_line == new_line) continue;
        text += fmt::format("\n  was: {}\n  is:  {}", has_old ? old_line : "", has_new ? new_line : "");
        ++shown;
    }
    return text;
}

}  // namespace

ResumePoint::ResumePoint(const std::string& directory_or_checkpoint)
    : reader_(open_checkpoint(directory_or_checkpoint)),
      directory_(fs::path(reader_.path()).lexically_normal().parent_path().string()) {
    if (directory_.empty()) directory_ = ".";
    if (manifest().program != version_text())
        throw InputError(fmt::format("{}: was written by {}; this is {}, which may hold state otherwise", path(),
                                     manifest().program, version_text()));
}

ScenarioSource ResumePoint::scenario() const {
    const std::vector<std::byte> bytes = reader_.read(results::kScenarioFilesName);
    const auto* first = reinterpret_cast<const char*>(bytes.data());
    ScenarioSource source{.path = manifest().scenario_path,
                          .overrides = manifest().overrides,
                          .files = std::string(first, first + bytes.size())};
    for (const results::BranchedAt& branch : manifest().branches)
        source.branches.push_back({.at = branch.at, .overrides = branch.overrides});
    return source;
}

void ResumePoint::check_same_scenario(const std::string& resolved_text, const std::string& named) const {
    if (resolved_text == manifest().resolved_text) return;
    throw InputError(fmt::format("{}: is of another scenario than {}:{}", path(), named,
                                 difference(manifest().resolved_text, resolved_text)));
}

void ResumePoint::check_files(bool is_branch) const {
    for (const results::DataFile& file : manifest().data_files)
        if (const results::DataFile now = results::describe_data_file(file.path); now != file)
            throw InputError(
                fmt::format("{}: is not what it was when {} was written: it had {} bytes and the "
                            "checksum {}, and has {} and {}",
                            file.path, path(), file.bytes, file.checksum, now.bytes, now.checksum));
    const results::RankFileList list = results::list_rank_files(directory_);
    for (std::uint32_t segment = 0; segment < manifest().segment_ranks.size(); ++segment)
        for (std::uint32_t rank = 0; rank < manifest().segment_ranks[segment]; ++rank)
            if (!list.whole.contains({.segment = segment, .rank = rank}))
                throw InputError(fmt::format("{}: is missing, and belongs to {}",
                                             results::rank_file_name(directory_, rank, segment).final_path, path()));
    if (is_branch) return;
    const auto has_ended = [this] {
        try {
            return !results::ResultReader(directory_).run().stopped_at;
        } catch (const IoError&) {
            return false;  // not all of its files are there: it was broken off
        }
    };
    if (!list.whole.empty() && has_ended())
        throw InputError(
            fmt::format("{}: the run has come to its end; what if it had gone another way, --set with "
                        "--out tells",
                        directory_));
}

void ResumePoint::drop_later() const {
    const auto remove = [this](const std::string& name) {
        std::error_code error;
        fs::remove_all(fs::path(directory_) / name, error);
        if (error) throw IoError(fmt::format("{}/{}: cannot be removed: {}", directory_, name, error.message()));
    };
    const results::RankFileList list = results::list_rank_files(directory_);
    for (const auto& [id, name] : list.whole)
        if (id.segment > manifest().number) remove(name);
    for (const std::string& name : list.unfinished)
        remove(name);
    for (const std::uint32_t number : results::list_checkpoints(directory_))
        if (number > manifest().number) remove(fs::path(results::checkpoint_path("", number)).string());
}

std::vector<std::string> ResumePoint::run_ids() const {
    std::vector<std::string> ids = manifest().ancestors;
    ids.push_back(manifest().run_id);
    return ids;
}

void ResumePoint::share_segments(const std::string& directory) const {
    for (std::uint32_t segment = 0; segment < manifest().segment_ranks.size(); ++segment)
        for (std::uint32_t rank = 0; rank < manifest().segment_ranks[segment]; ++rank) {
            const std::string from = results::rank_file_name(directory_, rank, segment).final_path;
            const std::string to = results::rank_file_name(directory, rank, segment).final_path;
            std::error_code error;
            fs::create_hard_link(from, to, error);
            if (error) fs::copy_file(from, to, error);
            if (error) throw IoError(fmt::format("{}: cannot be written: {}", to, error.message()));
        }
}

int ResumePoint::check_parts(engine::Transport& transport) const {
    std::string problem;
    for (std::uint32_t part = transport.rank(); part < manifest().ranks && problem.empty(); part += transport.ranks())
        try {
            reader_.check(results::state_file_name(part));
            reader_.check(results::sums_file_name(part));
        } catch (const InputError& error) {
            problem = error.problems().front();
        }
    std::vector<std::string> problems;
    for (const engine::Buffer& bytes : transport.gather(engine::Buffer(problem.begin(), problem.end())))
        if (!bytes.empty()) problems.emplace_back(bytes.begin(), bytes.end());
    return on_rank_zero(transport, [&] {
        if (!problems.empty()) throw InputError(problems);
    });
}

void ResumePoint::load(engine::Simulation& simulation) const {
    std::vector<ipc::mapped_region> regions;
    std::vector<std::span<const char>> parts;
    for (std::uint32_t part = 0; part < manifest().ranks; ++part) {
        const std::string file = (fs::path(path()) / results::state_file_name(part)).string();
        try {
            // Mapped, not read: a rank looks at no more than the processes that it gets.
            const ipc::file_mapping mapping(file.c_str(), ipc::read_only);
            const ipc::mapped_region& region = regions.emplace_back(mapping, ipc::read_only);
            parts.emplace_back(static_cast<const char*>(region.get_address()), region.get_size());
        } catch (const ipc::interprocess_exception& error) {
            throw IoError(fmt::format("{}: cannot be read: {}", file, error.what()));
        }
    }
    simulation.load(parts);
}

results::RankPartial ResumePoint::sums(const results::RunDescription& run) const {
    results::Reduction sum(run);
    for (std::uint32_t part = 0; part < manifest().ranks; ++part)
        sum.add(results::read_sums(reader_, part, run));
    return sum.total();
}

}  // namespace regatta::app
