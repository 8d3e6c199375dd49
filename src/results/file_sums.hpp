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

/// Hashes and sums rows of /requests. Throws IoError when they are rows that no run writes.
void add_requests(FileSums into, std::span<const serving::RequestRecord> rows, const std::string& path);

/// Everything but /requests; `sums` of its partial are left alone.
struct FileRest {
    RankPartial partial;
    std::vector<serving::ReplicaRecord> replicas;
};
/// Reads it, adds it to `into`, whose digest must hold all rows of /requests, and compares that with the digest of a
/// rank file.
[[nodiscard]] FileRest read_rest(FileSums into, const h5::File& file, const RunDescription& run, bool is_rank_file);

}  // namespace regatta::results
