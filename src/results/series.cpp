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
    lives += other.lives;
    samples += other.samples;
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
    ++points_[row + pool.index()].samples;
}

/// What happens at an instant shows at the next one: a sample is the state before any event.
RequestLives& SeriesSums::change_after(PoolId pool, std::int64_t at_ns, Gap& last) {
    if (at_ns < last.from_ns || at_ns >= last.until_ns) {
        const std::int64_t sample = at_ns / every_.ns() + 1;
        last = {.from_ns = (sample - 1) * every_.ns(),
                .until_ns = sample * every_.ns(),
                .row = static_cast<std::size_t>(sample) * pools_};
        if (last.row + pools_ > changes_.size()) changes_.resize(last.row + pools_);
    }
    return changes_[last.row + pool.index()];
}

void SeriesSums::add(PoolId pool, const serving::RequestRecord& record) {
    using Lives = RequestLives;
    REGATTA_CHECK(pool.index() < pools_, fmt::format("a request of pool {} of {}", pool.value(), pools_));
    Gap gap;
    std::int64_t Lives::*state = &Lives::pending;
    Lives& first = change_after(pool, record.arrival_ns, gap);
    ++first.arrived;
    ++first.pending;
    const auto go_on = [&](std::int64_t at_ns, std::int64_t Lives::*next) {
        if (at_ns == serving::kNoTime) return;
        Lives& change = change_after(pool, at_ns, gap);
        --(change.*state);
        ++(change.*next);
        state = next;
    };
    go_on(record.received_ns, &Lives::scheduled);
    go_on(record.scheduled_ns, &Lives::prefill);
    go_on(record.first_token_ns, &Lives::generate);
    switch (record.state) {
        case serving::EndState::Finished:
            go_on(record.end_ns, &Lives::finished);
            break;
        case serving::EndState::Rejected:
            go_on(record.end_ns, &Lives::rejected);
            break;
        case serving::EndState::Failed:
            go_on(record.end_ns, &Lives::failed);
            break;
        case serving::EndState::TimedOut:
            go_on(record.end_ns, &Lives::timed_out);
            break;
        case serving::EndState::Unfinished:
            break;
    }
    if (record.retries > 0 && record.state != serving::EndState::Unfinished)
        ++change_after(pool, record.end_ns, gap).retried;
}

void SeriesSums::complete(SimTime end) {
    if (pools_ == 0) return;
    const std::size_t rows = end < SimTime() ? 0 : static_cast<std::size_t>(end.ns() / every_.ns()) + 1;
    points_.resize(rows * pools_);
    changes_.resize(rows * pools_);
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (i >= pools_) changes_[i] += changes_[i - pools_];
        points_[i].lives = changes_[i];
        points_[i].samples = 1;
    }
    changes_.clear();
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
    if (other.changes_.size() > changes_.size()) changes_.resize(other.changes_.size());
    for (std::size_t i = 0; i < other.changes_.size(); ++i)
        changes_[i] += other.changes_[i];
    return *this;
}

std::vector<SeriesRow> SeriesSums::rows() const {
    std::vector<SeriesRow> result;
    for (std::size_t first = 0; first < points_.size(); first += pools_) {
        bool is_sampled = false;
        for (std::size_t pool = 0; pool < pools_; ++pool)
            is_sampled |= points_[first + pool].samples > 0;
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
                              .kv_tokens = point.kv_tokens,
                              .lives = point.lives});
        }
    }
    return result;
}

}  // namespace regatta::results
