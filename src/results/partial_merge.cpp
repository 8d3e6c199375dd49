#include "results/partial_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "regatta/base/errors.hpp"
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

/// Without the directory that errors begin with.
std::string problem_of(const IoError& error, const std::string& path) {
    const std::string text = error.what();
    return text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text;
}

Candidate candidate_of(const std::string& directory, const std::string& name) {
    Candidate candidate{.name = name, .identity = {}, .problem = {}};
    const std::string path = (fs::path(directory) / name).string();
    try {
        candidate.identity = layout::read_identity(h5::File::open(path));
        if (candidate.identity.is_merged) candidate.problem = "is a merged file";
    } catch (const IoError& error) {
        candidate.problem = problem_of(error, path);
    }
    return candidate;
}

/// Of the candidates without a problem; the first of those that as many belong to.
std::optional<layout::Identity> most_frequent(const std::vector<Candidate>& candidates) {
    std::map<std::string, int> files;
    for (const Candidate& candidate : candidates)
        if (candidate.problem.empty()) ++files[candidate.identity.run_id];
    std::optional<layout::Identity> most;
    for (const Candidate& candidate : candidates)
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
        const SimTime own_end = SimTime::from_ns(layout::read_totals(file).end_ns);
        if (end && own_end != *end) return "ended at another time than the ranks before it";
        (void)read_small(file, run);
        end = own_end;
        return {};
    } catch (const IoError& error) {
        return problem_of(error, path);
    }
}

}  // namespace

RankFiles find_readable_rank_files(const std::string& directory) {
    std::vector<Candidate> candidates;
    std::set<std::string> unfinished;
    for (const std::string& name : rank_file_names(directory)) {
        if (name.starts_with('.'))
            unfinished.insert(name);
        else
            candidates.push_back(candidate_of(directory, name));
    }
    const std::optional<layout::Identity> run = most_frequent(candidates);
    if (!run)
        throw IoError(candidates.empty() ? fmt::format("{}: holds no whole rank files", directory)
                                         : fmt::format("{}: none of its rank files can be read; {} {}", directory,
                                                       candidates.front().name, candidates.front().problem));
    RankFiles found;
    std::optional<SimTime> end;
    for (std::int64_t rank = 0; rank < run->ranks; ++rank) {
        const RankFileName name = rank_file_name(directory, static_cast<std::uint32_t>(rank));
        const std::string file_name = fs::path(name.final_path).filename().string();
        const auto candidate = std::find_if(candidates.begin(), candidates.end(),
                                            [&](const Candidate& other) { return other.name == file_name; });
        std::string problem;
        if (candidate == candidates.end())
            problem = unfinished.contains(fs::path(name.temporary_path).filename().string())
                          ? "is not whole: the run is still going on or was broken off"
                          : "is missing";
        else if (!candidate->problem.empty())
            problem = candidate->problem;
        else if (candidate->identity.run_id != run->run_id || candidate->identity.rank != rank)
            problem = "belongs to another run";
        else
            problem = problem_of_rows(name.final_path, end);
        if (problem.empty())
            found.paths.push_back(name.final_path);
        else
            found.left_out.push_back(fmt::format("{}: {}", file_name, problem));
        if (candidate != candidates.end()) candidates.erase(candidate);
    }
    for (const Candidate& other : candidates)
        found.left_out.push_back(
            fmt::format("{}: does not belong to the run of {} ranks in this directory", other.name, run->ranks));
    if (found.paths.empty())
        throw IoError(fmt::format("{}: none of its rank files can be merged; {}", directory, found.left_out.front()));
    return found;
}

}  // namespace regatta::results
