#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/hdf5.hpp"
#include "results/rank_partial.hpp"
#include "results/run_description.hpp"

/// Where things lie in rank files and in merged files, besides the two tables of rows: the same in both, so that one
/// reader does for both.
namespace regatta::results::layout {

/// Version of the layout. A higher minor number adds objects, columns or attributes; a higher major number changes the
/// meaning of what was there, and older readers refuse the file.
inline constexpr std::int64_t kFormatMajor = 1;
inline constexpr std::int64_t kFormatMinor = 5;

/// What a file is part of.
struct Identity {
    bool is_merged = false;
    std::string run_id;  ///< of rank files: equal for files of one run, else empty
    std::int64_t rank = 0;
    std::int64_t ranks = 1;    ///< that have a file of this segment
    std::int64_t segment = 0;  ///< number of the file among those of the run that a rank has
    bool is_last = true;       ///< has what the run ends with: replicas, series, histograms
    /// Of a branch: ids of the runs that its first segments are of.
    std::vector<std::string> ancestors = {};
    /// Whether a file with `id` may be a segment of the same run.
    [[nodiscard]] bool is_of_run(const std::string& id) const;
};
/// Follows from what is run (scenario, seed, program).
[[nodiscard]] std::string run_id(const RunDescription& run, const std::string& program);

/// But for is_last, which is not known when a file is begun.
void write_identity(h5::File& file, const Identity& identity);
void write_last_segment(h5::File& file);
/// Throws IoError when this is no result file, or one of a newer major format.
[[nodiscard]] Identity read_identity(const h5::File& file);

/// The resolved scenario and the names and targets that rows refer to.
void write_description(h5::File& file, const RunDescription& run);
[[nodiscard]] RunDescription read_description(const h5::File& file);

void write_series(h5::File& file, const SeriesSums& series);
/// Empty when the file has none.
[[nodiscard]] SeriesSums read_series(const h5::File& file, const RunDescription& run);

void write_histograms(h5::File& file, const SummarySums& sums, h5::Packing packing);
void read_histograms(const h5::File& file, SummarySums& sums);

void write_totals(h5::File& file, const RunTotalsRow& totals, const Digest& digest);
[[nodiscard]] RunTotalsRow read_totals(const h5::File& file);
/// Of a rank file: of its own rows; of a merged file: of all results.
[[nodiscard]] Digest read_digest(const h5::File& file);
/// Throws the IoError for a file whose rows do not have the digest it states.
[[noreturn]] void fail_digest(const std::string& path);

/// To be called before write_facts.
void write_program(h5::File& file, const std::string& program);
/// What depends on how the run was carried out. Tables whose rows are as many as ranks, or a multiple: h5diff passes
/// over datasets of different extent.
void write_facts(h5::File& file, const RunFacts& facts);
[[nodiscard]] std::string read_program(const h5::File& file);
[[nodiscard]] RunFacts read_facts(const h5::File& file);

}  // namespace regatta::results::layout
