#include "results/series.hpp"

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {

SeriesPoint& SeriesPoint::operator+=(const SeriesPoint& other) {
    replicas += other.replicas;
    waiting += other.waiting;
    running += other.running;
    kv_blocks_used += other.kv_blocks_used;
    busy_replicas += other.busy_replicas;
    kv_tokens += other.kv_tokens;
    return *this;
}

SeriesSums::SeriesSums(SimTime every, std::size_t pools) : every_(every), pools_(pools) {
    REGATTA_CHECK(every > SimTime() && pools > 0, fmt::format("{} pools every {} ns", pools, every.ns()));
}

void SeriesSums::add(PoolId pool, SimTime at, const SeriesPoint& point) {
    REGATTA_CHECK(
        pool.index() < pools_ && at >= SimTime() && at.ns() % every_.ns() == 0,
        fmt::format("sample of pool {} at {} ns; {} pools every {} ns", pool.value(), at.ns(), pools_, every_.ns()));
    const std::size_t row = static_cast<std::size_t>(at.ns() / every_.ns()) * pools_;
    if (row + pools_ > points_.size()) points_.resize(row + pools_);
    points_[row + pool.index()] += point;
}

void SeriesSums::drop_after(SimTime end) {
    if (pools_ == 0) return;
    const std::size_t rows = end < SimTime() ? 0 : static_cast<std::size_t>(end.ns() / every_.ns()) + 1;
    if (rows * pools_ < points_.size()) points_.resize(rows * pools_);
}

SeriesSums& SeriesSums::operator+=(const SeriesSums& other) {
    if (other.pools_ == 0) return *this;
    if (pools_ == 0) return *this = other;
    REGATTA_CHECK(every_ == other.every_ && pools_ == other.pools_,
                  fmt::format("series of {} pools every {} ns and of {} pools every {} ns", pools_, every_.ns(),
                              other.pools_, other.every_.ns()));
    if (other.points_.size() > points_.size()) points_.resize(other.points_.size());
    for (std::size_t i = 0; i < other.points_.size(); ++i)
        points_[i] += other.points_[i];
    return *this;
}

std::vector<SeriesRow> SeriesSums::rows() const {
    std::vector<SeriesRow> result;
    for (std::size_t first = 0; first < points_.size(); first += pools_) {
        bool is_sampled = false;
        for (std::size_t pool = 0; pool < pools_; ++pool)
            is_sampled |= points_[first + pool].replicas > 0;
        if (!is_sampled) continue;
        for (std::size_t pool = 0; pool < pools_; ++pool) {
            const SeriesPoint& point = points_[first + pool];
            result.push_back({.time_ns = every_.ns() * static_cast<std::int64_t>(first / pools_),
                              .pool = static_cast<std::int64_t>(pool),
                              .replicas = point.replicas,
                              .waiting = point.waiting,
                              .running = point.running,
                              .kv_blocks_used = point.kv_blocks_used,
                              .busy_replicas = point.busy_replicas,
                              .kv_tokens = point.kv_tokens});
        }
    }
    return result;
}

}  // namespace regatta::results
