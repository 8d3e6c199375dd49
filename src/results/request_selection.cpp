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

RequestFilter::RequestFilter(const RequestSelection& selection, const RunDescription& run)
    : from_ns_(selection.from.ns()),
      to_ns_(selection.to.ns()),
      replica_(selection.replica),
      hash_below_(static_cast<std::uint64_t>(std::clamp(selection.fraction, 0.0, 1.0) * 0x1.0p32)) {
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
}

bool RequestFilter::takes(const serving::RequestRecord& record) const {
    if (record.arrival_ns < from_ns_ || record.arrival_ns >= to_ns_) return false;
    if (stream_ && record.stream != *stream_) return false;
    if (pool_ && record.pool != *pool_) return false;
    if (replica_ && record.replica != *replica_) return false;
    return random_bits(0, RandomPurpose::Sample, record.request_id, 0) >> 32 < hash_below_;
}

bool RequestFilter::takes(const serving::StepRecord& step) const {
    if (step.start_ns < from_ns_ || step.start_ns >= to_ns_) return false;
    if (pool_ && step.pool != *pool_) return false;
    return !replica_ || step.replica == *replica_;
}

}  // namespace regatta::results
