#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>

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

/// Begins every row's place in RowOrder: a row whose key is smaller comes first; rows with equal keys RowOrder tells
/// apart. Compared without a branch, for which of many sources comes next cannot be foreseen.
struct RowKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    [[nodiscard]] friend bool operator==(const RowKey&, const RowKey&) = default;
    [[nodiscard]] friend bool operator<(const RowKey& a, const RowKey& b) {
        return static_cast<bool>(static_cast<unsigned>(a.high < b.high) |
                                 (static_cast<unsigned>(a.high == b.high) & static_cast<unsigned>(a.low < b.low)));
    }

    /// Whether rows with equal keys are equal in RowOrder.
    template <class Row>
    static constexpr bool kIsWhole = !std::is_same_v<Row, serving::FleetEventRecord>;

    /// Negative numbers below the others.
    [[nodiscard]] static std::uint64_t in_order(std::int64_t number) {
        return static_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << 63);
    }
    [[nodiscard]] static RowKey of(const serving::RequestRecord& row) {
        return {.high = in_order(row.end_ns), .low = row.request_id};
    }
    [[nodiscard]] static RowKey of(const serving::StepRecord& row) {
        return {.high = row.replica, .low = in_order(row.start_ns)};
    }
    [[nodiscard]] static RowKey of(const serving::FleetEventRecord& row) {
        return {.high = in_order(row.start_ns), .low = row.node};
    }
    [[nodiscard]] static RowKey of(const NodeSeriesRow& row) {
        return {.high = in_order(row.time_ns), .low = std::uint64_t{row.node} << 32U | row.pool};
    }
};

}  // namespace regatta::results
