#pragma once

#include <tuple>

#include "regatta/serving/records.hpp"
#include "results/tables.hpp"

namespace regatta::results {

/// The order of rows in files: what makes merged files the same whatever rank wrote a row.
struct RowOrder {
    [[nodiscard]] bool operator()(const serving::RequestRecord& a, const serving::RequestRecord& b) const {
        return std::tie(a.end_ns, a.request_id) < std::tie(b.end_ns, b.request_id);
    }
    [[nodiscard]] bool operator()(const serving::ReplicaRecord& a, const serving::ReplicaRecord& b) const {
        return a.replica < b.replica;
    }
    [[nodiscard]] bool operator()(const serving::StepRecord& a, const serving::StepRecord& b) const {
        return std::tie(a.replica, a.start_ns) < std::tie(b.replica, b.start_ns);
    }
    [[nodiscard]] bool operator()(const serving::FleetEventRecord& a, const serving::FleetEventRecord& b) const {
        const auto key = [](const serving::FleetEventRecord& row) {
            return std::tie(row.start_ns, row.node, row.replica, row.gpu, row.kind, row.pool, row.end_ns, row.cause,
                            row.amount);
        };
        return key(a) < key(b);
    }
    [[nodiscard]] bool operator()(const NodeSeriesRow& a, const NodeSeriesRow& b) const {
        return std::tie(a.time_ns, a.node, a.pool) < std::tie(b.time_ns, b.node, b.pool);
    }
};

}  // namespace regatta::results
