#include "results/export_vidur.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <tuple>

#include "regatta/base/errors.hpp"
#include "results/vidur_batches.hpp"
#include "results/vidur_plots.hpp"
#include "results/vidur_replicas.hpp"
#include "results/vidur_requests.hpp"

namespace regatta::results {
namespace {

using serving::ReplicaRecord;
using serving::StepRecord;

void make_directories(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code error;
    // What an earlier export left there would look like a part of this one.
    if (fs::exists(directory, error) && !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
        throw InputError(fmt::format("{}: is there already; name an empty or a new directory", directory));
    fs::create_directories(fs::path(directory) / "plots", error);
    if (error) throw IoError(fmt::format("{}: cannot be written: {}", directory, error.message()));
}

/// The recorded steps of a run, by replica, start and end.
class Steps {
public:
    explicit Steps(const ResultReader& results) {
        results.visit_steps(
            [&](std::span<const StepRecord> block) { rows_.insert(rows_.end(), block.begin(), block.end()); });
        std::sort(rows_.begin(), rows_.end(), [](const StepRecord& a, const StepRecord& b) {
            return std::tie(a.replica, a.start_ns, a.end_ns) < std::tie(b.replica, b.start_ns, b.end_ns);
        });
    }
    [[nodiscard]] const std::vector<StepRecord>& rows() const { return rows_; }
    /// Of one replica; none unless all were recorded.
    [[nodiscard]] std::optional<std::span<const StepRecord>> all_of(const ReplicaRecord& replica) const {
        const auto [begin, end] =
            std::equal_range(rows_.begin(), rows_.end(), StepRecord{.replica = replica.replica},
                             [](const StepRecord& a, const StepRecord& b) { return a.replica < b.replica; });
        if (end - begin != replica.steps) return std::nullopt;
        return std::span(begin, end);
    }

private:
    std::vector<StepRecord> rows_;
};

/// Why it cannot be told when each token was there; empty when it can.
std::string tokens_unknown(const Steps& steps, const std::vector<ReplicaRecord>& replicas) {
    std::int64_t decode_tokens = 0;
    for (const ReplicaRecord& replica : replicas) {
        if (!steps.all_of(replica)) return "not all steps of all replicas were recorded";
        decode_tokens += replica.decode_tokens;
    }
    for (const StepRecord& step : steps.rows())
        decode_tokens -= step.decodes;
    return decode_tokens == 0 ? "" : "some decodes made several tokens at once";
}

void write_tokens(const std::string& plots, const Steps& steps, const std::vector<ReplicaRecord>& replicas,
                  const SummarySums& sums, std::vector<std::string>& left_out) {
    LatencySketch gaps;
    for (const PoolSums& pool : sums.pools())
        gaps += pool.inter_token_gap;
    vidur::write_quantiles(plots, "decode_token_execution_plus_preemption_time", gaps);
    if (const std::string reason = tokens_unknown(steps, replicas); !reason.empty())
        left_out.push_back("decode_completion_time_series.csv: " + reason);
    else
        vidur::write_decode_completions(plots, steps.rows());
}

void write_replicas(const std::string& plots, const Steps& steps, std::span<const ReplicaRecord> replicas,
                    const RunDescription& run, SimTime end) {
    for (const ReplicaRecord& replica : replicas)
        vidur::write_replica_metrics(plots, replica, steps.all_of(replica), run.pools.at(replica.pool), end);
}

}  // namespace

VidurExport write_vidur_metrics(const ResultReader& results, const std::string& directory, std::int64_t most_replicas) {
    const RunOutcome outcome = results.outcome();  // finds damage before anything is written
    make_directories(directory);
    const std::string plots = directory + "/plots";
    VidurExport done;

    std::vector<serving::RequestRecord> requests;
    results.visit_requests([&](std::span<const serving::RequestRecord> block) {
        requests.insert(requests.end(), block.begin(), block.end());
    });
    done.requests = static_cast<std::int64_t>(requests.size());
    vidur::write_request_metrics(directory, std::move(requests));

    const Steps steps(results);
    const std::vector<ReplicaRecord> replicas = results.replicas();
    done.batches = static_cast<std::int64_t>(steps.rows().size());
    if (steps.rows().empty())
        done.left_out.emplace_back("batch_metrics.csv, operation_metrics.csv: no steps were recorded (output.steps)");
    vidur::write_batch_metrics(directory, steps.rows(), results.run());
    write_tokens(plots, steps, replicas, outcome.sums, done.left_out);

    const auto count = [&](const auto& is) { return std::count_if(replicas.begin(), replicas.end(), is); };
    if (const auto unknown = count([&](const ReplicaRecord& replica) { return !steps.all_of(replica); }); unknown > 0)
        done.left_out.push_back(
            fmt::format("memory usage of {} of {} replicas, but for the maximum: not all of their steps were recorded",
                        unknown, replicas.size()));
    if (outcome.summary.end > SimTime()) {
        done.replicas = std::min(static_cast<std::int64_t>(replicas.size()), most_replicas);
        write_replicas(plots, steps, std::span(replicas).first(static_cast<std::size_t>(done.replicas)), results.run(),
                       outcome.summary.end);
    }
    if (const std::int64_t rest = static_cast<std::int64_t>(replicas.size()) - done.replicas; rest > 0)
        done.left_out.push_back(fmt::format("files of {} further replicas: take more with --most-replicas", rest));
    return done;
}

}  // namespace regatta::results
