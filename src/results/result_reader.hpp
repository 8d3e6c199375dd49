#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "regatta/serving/records.hpp"
#include "results/rank_partial.hpp"
#include "results/run_description.hpp"

namespace regatta::results {

/// The results of one run: a merged file, or a directory with all rank files of a run (or only its merged run.h5).
class ResultReader {
public:
    /// Throws IoError that names the file that is missing, damaged, foreign or of a newer format; also one of those
    /// whose rows a virtually merged file shows.
    explicit ResultReader(const std::string& path);

    [[nodiscard]] const RunDescription& run() const { return run_; }
    /// The program that ran it, with its version.
    [[nodiscard]] const std::string& program() const { return program_; }
    /// The merged file, or the rank files by rank.
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

    /// All rows of /requests in blocks, file after file; within a file by (end_ns, request_id).
    void visit_requests(const std::function<void(std::span<const serving::RequestRecord>)>& visit) const;

    /// All recorded steps in blocks, file after file; within a file by (replica, start_ns).
    void visit_steps(const std::function<void(std::span<const serving::StepRecord>)>& visit) const;
    /// All recorded samples of nodes in blocks, file after file; within a file by (time_ns, node, pool).
    void visit_node_series(const std::function<void(std::span<const NodeSeriesRow>)>& visit) const;
    /// Changes of the fleet, by time.
    [[nodiscard]] std::vector<serving::FleetEventRecord> events() const;

    /// All rows of /replicas, by replica.
    [[nodiscard]] std::vector<serving::ReplicaRecord> replicas() const;

    /// The sampled state of the pools, by instant and pool; empty where none was asked for.
    [[nodiscard]] std::vector<SeriesRow> series() const;

    /// Computes digest and summary from the rows, exactly as the run did. Throws IoError when a file's rows are not
    /// those whose digest it holds.
    [[nodiscard]] RunOutcome outcome() const;

private:
    /// All rows of a table that not every file has.
    template <class Row>
    void visit_optional(const Table& table, const std::function<void(std::span<const Row>)>& visit) const;

    /// Throws IoError where a row refers to what the run does not have.
    template <class Row>
    void check_known(const std::string& path, std::span<const Row> rows) const;

    bool is_merged_ = false;
    std::vector<std::string> files_;
    /// Where the rows of large tables are: the same, or the rank files that a virtually merged file shows. Not read
    /// through HDF5's virtual datasets: for these each block is looked for in every rank file.
    std::vector<std::string> row_files_;
    RunDescription run_;
    std::string program_;
};

}  // namespace regatta::results
