#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "regatta/serving/records.hpp"
#include "results/rank_partial.hpp"
#include "results/report/chart.hpp"
#include "results/report/request_pass.hpp"
#include "results/run_description.hpp"

namespace regatta::results::report {

/// Nodes as a heat map shows them: each row is a node, or several that follow each other.
struct NodeRows {
    std::vector<std::string> labels;          ///< by row
    std::vector<std::int64_t> nodes;          ///< in each
    std::vector<std::size_t> row_of_replica;  ///< by replica, over the fleet
};

/// What the recorded steps of one kind took, part by part.
enum class StepKind { Prefill, Mixed, Decode };
struct StepPartSums {
    static constexpr std::size_t kParts = 9;
    std::int64_t steps = 0;
    std::array<std::int64_t, kParts> ns = {};
};
/// In the order of StepPartSums::ns.
inline constexpr std::array<std::string_view, StepPartSums::kParts> kStepParts = {
    "projections", "MLP",   "experts", "attention, prefill", "attention, decode", "LM head",
    "collectives", "other", "overhead"};

/// One run as a report reads it.
struct ReportRun {
    RunName name;
    std::string program;
    RunDescription description;
    RunOutcome outcome;
    std::vector<serving::ReplicaRecord> replicas;
    std::vector<serving::FleetEventRecord> events;
    NodeRows nodes;
    RequestPass requests;
    std::map<std::pair<std::uint32_t, StepKind>, StepPartSums> steps;  ///< by pool and kind

    [[nodiscard]] const Summary& summary() const { return outcome.summary; }
};
using Runs = std::vector<ReportRun>;

/// `path` is what ResultReader takes, and throws as it does.
[[nodiscard]] ReportRun read_run(const std::string& path);

/// "chat" in the report of one run, "run a: chat" where several are overlaid; without `what` the run's name.
[[nodiscard]] std::string label_of(const Runs& runs, std::size_t run, std::string_view what);

/// Requests that are shown together: of one class of service, of one stream, or all.
struct RequestGroup {
    std::string label;
    std::vector<std::size_t> streams;
};
/// All, and where a report shows one run with several classes or else streams, each of them (at most seven).
[[nodiscard]] std::vector<RequestGroup> groups_of(const Runs& runs, std::size_t run);

/// Likewise for pools. Element 0 is the whole fleet; the only one if there is one pool, or several runs.
struct PoolGroup {
    std::string label;
    std::vector<std::size_t> pools;
};
[[nodiscard]] std::vector<PoolGroup> pool_groups_of(const Runs& runs, std::size_t run);

}  // namespace regatta::results::report
