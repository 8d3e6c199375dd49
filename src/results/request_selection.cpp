#include "results/request_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"

namespace regatta::results {
namespace {

std::uint16_t index_of(const std::string& name, const std::vector<std::string>& names, const char* what) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        throw InputError(fmt::format("--{0}: the run has no {0} {1}; it has {2}{3}", what, name, fmt::join(names, ", "),
                                     did_you_mean(name, names)));
    return static_cast<std::uint16_t>(found - names.begin());
}

}  // namespace

RequestFilter::RequestFilter(const RequestSelection& selection, const ResultReader& results)
    : from_ns_(selection.from.ns()),
      to_ns_(selection.to.ns()),
      node_(selection.node),
      replica_(selection.replica),
      requests_(selection.requests.begin(), selection.requests.end()),
      hash_below_(static_cast<std::uint64_t>(std::clamp(selection.fraction, 0.0, 1.0) * 0x1.0p32)) {
    const RunDescription& run = results.run();
    if (selection.stream) {
        std::vector<std::string> names;
        for (const StreamDescription& stream : run.streams)
            names.push_back(stream.name);
        stream_ = index_of(*selection.stream, names, "stream");
    }
    if (selection.pool) {
        std::vector<std::string> names;
        for (const PoolDescription& pool : run.pools)
            names.push_back(pool.name);
        pool_ = index_of(*selection.pool, names, "pool");
    }
    if (!node_) return;
    for (const serving::ReplicaRecord& replica : results.replicas())
        if (replica.node == *node_) replicas_of_node_.insert(replica.replica);
    if (replicas_of_node_.empty()) throw InputError(fmt::format("--node: no replica of the run is on node {}", *node_));
}

bool RequestFilter::takes_place(std::uint32_t pool, std::uint32_t replica) const {
    if (pool_ && pool != *pool_) return false;
    if (node_ && !replicas_of_node_.contains(replica)) return false;
    return !replica_ || replica == *replica_;
}

bool RequestFilter::takes(const serving::RequestRecord& record) const {
    if (record.arrival_ns < from_ns_ || record.arrival_ns >= to_ns_) return false;
    if (stream_ && record.stream != *stream_) return false;
    if (!takes_place(record.pool, record.replica)) return false;
    if (!requests_.empty() && !requests_.contains(record.request_id)) return false;
    return random_bits(0, RandomPurpose::Sample, record.request_id, 0) >> 32 < hash_below_;
}

bool RequestFilter::takes(const serving::StepRecord& step) const {
    return step.start_ns >= from_ns_ && step.start_ns < to_ns_ && takes_place(step.pool, step.replica);
}

bool RequestFilter::takes(const serving::FleetEventRecord& event) const {
    if (event.end_ns < from_ns_ || event.start_ns >= to_ns_) return false;
    if (pool_ && event.pool != serving::kNoPool && event.pool != *pool_) return false;
    if (node_ && event.node != serving::kNoNode && event.node != *node_) return false;
    return !replica_ || event.replica == serving::kNoReplica || event.replica == *replica_;
}

bool RequestFilter::takes(const SeriesRow& row) const {
    return row.time_ns >= from_ns_ && row.time_ns < to_ns_ && (!pool_ || row.pool == *pool_);
}

bool RequestFilter::takes(const NodeSeriesRow& row) const {
    return row.time_ns >= from_ns_ && row.time_ns < to_ns_ && (!pool_ || row.pool == *pool_) &&
           (!node_ || row.node == *node_);
}

}  // namespace regatta::results
