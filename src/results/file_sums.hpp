#pragma once

#include <span>
#include <vector>

#include "regatta/serving/records.hpp"
#include "results/hdf5.hpp"
#include "results/rank_partial.hpp"

/// From the contents of a result file to what a rank of a run knows: shared by merge and reader.
namespace regatta::results {

/// Digest and sums of one file. Sums of several files may share one SummarySums, for sketches are large.
struct FileSums {
    Digest& digest;
    SummarySums& sums;
};

/// Hashes and sums the rows of all large tables. Throws IoError when they are rows that no run writes.
void add_large_rows(FileSums into, const h5::File& file);

/// Compares the digest that a rank file states with that of its rows; `large`: of those of large tables.
void check_digest(const h5::File& rank_file, const Digest& large);

/// A segment that is not the last one has no more than rows of large tables, and their digest.
[[nodiscard]] bool has_only_rows(const h5::File& file);

/// What is small in any run: all but the rows of large tables, which its digest and sums lack.
struct SmallParts {
    RankPartial partial;
    std::vector<serving::ReplicaRecord> replicas;
};
[[nodiscard]] SmallParts read_small(const h5::File& file, const RunDescription& run);

}  // namespace regatta::results
