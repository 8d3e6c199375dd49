#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/records.hpp"
#include "results/tables.hpp"

namespace regatta::results {

/// One pool at one instant: sums over those of its replicas that were sampled.
struct SeriesPoint {
    std::int64_t replicas = 0;  ///< that were sampled
    std::int64_t waiting = 0;
    std::int64_t running = 0;
    std::int64_t kv_blocks_used = 0;
    std::int64_t busy_replicas = 0;
    std::int64_t kv_tokens = 0;
    RequestLives lives = {};
    std::int64_t samples = 0;  ///< how many were added; 0: nobody looked

    SeriesPoint& operator+=(const SeriesPoint& other);
    friend constexpr bool operator==(const SeriesPoint&, const SeriesPoint&) = default;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& replicas& waiting& running& kv_blocks_used& busy_replicas& kv_tokens& lives& samples;
    }
};

/// The sampled state of pools, instant by instant. Grows with the run, by 210 bytes per instant and pool.
class SeriesSums {
public:
    SeriesSums() = default;
    /// `every` > 0.
    SeriesSums(SimTime every, std::size_t pools);

    /// `at` must be a multiple of the interval; throws BugError otherwise.
    void add(PoolId pool, SimTime at, const SeriesPoint& point);
    /// A request has ended; it counts at every instant from its arrival on, for `pool`.
    void add(PoolId pool, const serving::RequestRecord& record);
    /// The run has ended: there are the instants up to `end`, and no others, whether this rank was asked or not.
    void complete(SimTime end);
    /// A series without pools (none was asked for) adds nothing; else both must have the same interval and pools, and
    /// be both complete or both not.
    SeriesSums& operator+=(const SeriesSums& other);

    /// Of the same pools and instants, and whole: what was read need not be.
    [[nodiscard]] bool is_like(const SeriesSums& other) const {
        return every_ == other.every_ && pools_ == other.pools_ &&
               (pools_ == 0 ? points_.empty() && changes_.empty()
                            : points_.size() % pools_ == 0 && changes_.size() % pools_ == 0);
    }
    [[nodiscard]] SimTime every() const { return every_; }
    [[nodiscard]] std::size_t pools() const { return pools_; }
    /// One row per pool at each instant at which any replica was sampled, by instant and pool.
    [[nodiscard]] std::vector<SeriesRow> rows() const;
    friend bool operator==(const SeriesSums&, const SeriesSums&) = default;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& every_& pools_& points_& changes_;
    }

private:
    /// The instants of one request mostly lie between the same two samples: looked up once, not divided each time.
    struct Gap {
        std::int64_t from_ns = 0;
        std::int64_t until_ns = 0;
        std::size_t row = 0;  ///< of the sample at its end
    };
    [[nodiscard]] RequestLives& change_after(PoolId pool, std::int64_t at_ns, Gap& last);

    SimTime every_;
    std::size_t pools_ = 0;
    std::vector<SeriesPoint> points_;    ///< instant-major: points_[instant * pools_ + pool]
    std::vector<RequestLives> changes_;  ///< likewise: what is new since the instant before; until complete()
};

}  // namespace regatta::results
