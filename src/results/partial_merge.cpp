#include "results/partial_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/checkpoint_files.hpp"
#include "results/checkpoint_sums.hpp"
#include "results/file_layout.hpp"
#include "results/file_sums.hpp"
#include "results/rank_files.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

/// What one file says it is, or what is wrong with it.
struct Candidate {
    std::string name;
    layout::Identity identity;
    std::string problem;
};

using Candidates = std::map<RankFileId, Candidate>;

/// Without the directory that errors begin with.
std::string problem_of(const IoError& error, const std::string& path) {
    const std::string text = error.what();
    return text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text;
}

Candidate candidate_of(const std::string& directory, const std::string& name, const RankFileId& id) {
    Candidate candidate{.name = name, .identity = {}, .problem = {}};
    const std::string path = (fs::path(directory) / name).string();
    try {
        candidate.identity = layout::read_identity(h5::File::open(path));
        if (candidate.identity.is_merged) candidate.problem = "is a merged file";
        if (candidate.identity.rank != id.rank || candidate.identity.segment != id.segment)
            candidate.problem = "belongs to another run";
    } catch (const IoError& error) {
        candidate.problem = problem_of(error, path);
    }
    return candidate;
}

/// The run that most of the candidates without a problem belong to; of several, that of the first.
std::optional<layout::Identity> most_frequent(const Candidates& candidates) {
    std::map<std::string, int> files;
    for (const auto& [id, candidate] : candidates) {
        if (!candidate.problem.empty()) continue;
        // A file of a branch speaks for its first segments, too.
        ++files[candidate.identity.run_id];
        for (const std::string& ancestor : candidate.identity.ancestors)
            files[candidate.identity.run_id] += files[ancestor];
    }
    std::optional<layout::Identity> most;
    for (const auto& [id, candidate] : candidates)
        if (candidate.problem.empty() && (!most || files[candidate.identity.run_id] > files[most->run_id]))
            most = candidate.identity;
    return most;
}

/// What is wrong with the rows of a file that says it is of the run; empty: nothing. `end`: of the run, once known.
std::string problem_of_rows(const std::string& path, std::optional<SimTime>& end) {
    try {
        const h5::File file = h5::File::open(path);
        const RunDescription run = layout::read_description(file);
        SummarySums sums(run);
        Digest digest;
        add_large_rows({.digest = digest, .sums = sums}, file);
        check_digest(file, digest);
        if (has_only_rows(file)) return {};
        const SimTime own_end = SimTime::from_ns(layout::read_totals(file).end_ns);
        if (end && own_end != *end) return "ended at another time than the ranks before it";
        (void)read_small(file, run);
        end = own_end;
        return {};
    } catch (const IoError& error) {
        return problem_of(error, path);
    }
}

/// The sums of all ranks as the checkpoint has them. Throws InputError when it is damaged.
RankPartial carried_by(const CheckpointReader& checkpoint, const RunDescription& run) {
    Reduction sum(run);
    for (std::uint32_t rank = 0; rank < checkpoint.manifest().ranks; ++rank) {
        RankPartial partial = read_sums(checkpoint, rank, run);
        partial.series.complete(checkpoint.manifest().at);
        partial.rows = Digest();
        sum.add(partial);
    }
    return sum.total();
}

/// Goes through the files of a directory, and sorts them into those that are taken and those that are not.
class Sorting {
public:
    explicit Sorting(const std::string& directory) : directory_(directory), list_(list_rank_files(directory)) {
        for (const auto& [id, name] : list_.whole)
            candidates_.emplace(id, candidate_of(directory, name, id));
    }

    [[nodiscard]] RankFiles sort() {
        const std::optional<layout::Identity> run = most_frequent(candidates_);
        if (!run)
            throw IoError(candidates_.empty()
                              ? fmt::format("{}: holds no whole rank files", directory_)
                              : fmt::format("{}: none of its rank files can be read; {} {}", directory_,
                                            candidates_.begin()->second.name, candidates_.begin()->second.problem));
        run_ = *run;
        // A run that has ended is what its last segment says; else it is what belongs to the last checkpoint.
        std::uint32_t last = candidates_.rbegin()->first.segment;
        const bool has_ended = std::any_of(candidates_.begin(), candidates_.end(), [&](const auto& entry) {
            return is_of_run(entry.second) && entry.second.identity.is_last;
        });
        std::optional<CheckpointReader> checkpoint;
        if (const auto path = has_ended ? std::nullopt : newest_checkpoint(directory_)) {
            checkpoint.emplace(*path);
            last = checkpoint->manifest().number;
        }
        if (!has_ended && !checkpoint)
            throw IoError(
                fmt::format("{}: its files are of a run that has not ended, and there is no checkpoint that "
                            "would say until when they are whole",
                            directory_));
        for (std::uint32_t segment = 0; segment <= last; ++segment)
            sort_segment(segment, checkpoint ? checkpoint->manifest().segment_ranks[segment] : ranks_of(segment));
        leave_rest(run->ranks, checkpoint.has_value());
        if (found_.paths.empty())
            throw IoError(
                fmt::format("{}: none of its rank files can be merged; {}", directory_, found_.left_out.front()));
        if (checkpoint) {
            found_.carried = carried_by(*checkpoint, layout::read_description(h5::File::open(found_.paths.back())));
            found_.left_out.push_back(
                fmt::format("everything from {} ns on: the run is still going on or was broken off, and that is where "
                            "its last checkpoint is",
                            checkpoint->manifest().at.ns()));
        }
        return std::move(found_);
    }

private:
    [[nodiscard]] bool is_of_run(const Candidate& candidate) const {
        return candidate.problem.empty() && run_.is_of_run(candidate.identity.run_id);
    }
    /// As any good file of it says; 0 where there is none.
    [[nodiscard]] std::uint32_t ranks_of(std::uint32_t segment) const {
        for (auto entry = candidates_.lower_bound({.segment = segment, .rank = 0});
             entry != candidates_.end() && entry->first.segment == segment; ++entry)
            if (is_of_run(entry->second)) return static_cast<std::uint32_t>(entry->second.identity.ranks);
        return 0;
    }
    void sort_segment(std::uint32_t segment, std::uint32_t ranks) {
        if (ranks == 0) found_.left_out.push_back(fmt::format("segment {}: has no files that can be read", segment));
        for (std::uint32_t rank = 0; rank < ranks; ++rank) {
            const RankFileName name = rank_file_name(directory_, rank, segment);
            const std::string problem = problem_of_file({.segment = segment, .rank = rank}, name, ranks);
            if (problem.empty())
                found_.paths.push_back(name.final_path);
            else
                found_.left_out.push_back(
                    fmt::format("{}: {}", fs::path(name.final_path).filename().string(), problem));
            candidates_.erase({.segment = segment, .rank = rank});
        }
    }
    [[nodiscard]] std::string problem_of_file(const RankFileId& id, const RankFileName& name, std::uint32_t ranks) {
        const auto candidate = candidates_.find(id);
        if (candidate == candidates_.end()) {
            const std::string unfinished = fs::path(name.temporary_path).filename().string();
            const bool is_unfinished =
                std::find(list_.unfinished.begin(), list_.unfinished.end(), unfinished) != list_.unfinished.end();
            return is_unfinished ? "is not whole: the run is still going on or was broken off" : "is missing";
        }
        if (!candidate->second.problem.empty()) return candidate->second.problem;
        if (!is_of_run(candidate->second) || candidate->second.identity.ranks != ranks) return "belongs to another run";
        return problem_of_rows(name.final_path, end_);
    }
    /// `is_broken_off`: files of segments after the last checkpoint are no more than was said of the time after it.
    void leave_rest(std::int64_t ranks, bool is_broken_off) {
        for (const auto& [id, other] : candidates_)
            if (!is_broken_off || !is_of_run(other))
                found_.left_out.push_back(
                    fmt::format("{}: does not belong to the run of {} ranks in this directory", other.name, ranks));
        for (const std::string& name : list_.strange)
            found_.left_out.push_back(fmt::format("{}: is not the name of a rank file (rank-00000-000.h5, ...)", name));
    }

    std::string directory_;
    RankFileList list_;
    Candidates candidates_;
    layout::Identity run_;
    RankFiles found_;
    std::optional<SimTime> end_;
};

}  // namespace

RankFiles find_readable_rank_files(const std::string& directory) {
    return Sorting(directory).sort();
}

}  // namespace regatta::results
