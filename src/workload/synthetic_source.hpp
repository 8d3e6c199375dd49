#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "workload/request_source.hpp"
#include "workload/workload.hpp"

namespace regatta::workload {

/// Streams, gateways and seed: what the numbers follow from.
struct SyntheticPlan {
    std::vector<SyntheticStream> streams;
    std::vector<StreamId> ids;  ///< by stream: its number among all streams of the workload
    std::uint32_t gateways = 1;
    std::uint64_t seed = 0;

    /// Streams are numbered in 16 bits.
    [[nodiscard]] std::uint16_t stream_count() const { return static_cast<std::uint16_t>(streams.size()); }
};

/// Arrival times of one process, one after the other: gaps are rounded to whole ns each, then added as integers.
/// Gap `i` comes from the uniform number of stream index `first_index + i * index_step`. With a curve, gaps are counted
/// in requests that the curve expects.
///
/// Where other terms begin to hold, every arrival before is as if they never came, to the bit. The gap that is under
/// way goes on: the part of it that is over is over, and the rest has the length that the new terms give it. For
/// Poisson gaps that is the change of clock of RateCurve, and so a Poisson process of the new rate. A stream that has
/// ended before begins anew.
class ArrivalTimes {
public:
    struct Terms {
        const ArrivalProcess* process = nullptr;
        const RateCurve* curve = nullptr;
        std::uint64_t end_index = UINT64_MAX;  ///< indices below this only: the stream's limit
        SimTime from;
        SimTime until;
    };
    struct Options {
        std::vector<Terms> terms;  ///< at least one, by time; each holds to the `from` of the next
        std::uint64_t seed = 0;
        StreamId stream;
        std::uint64_t first_index = 0;
        std::uint64_t index_step = 1;
    };
    explicit ArrivalTimes(Options options);

    /// Goes to the next arrival; false at the end, for good.
    [[nodiscard]] bool advance();
    /// Of the arrival that advance() went to.
    [[nodiscard]] SimTime arrival() const { return clock_; }

private:
    [[nodiscard]] const Terms& terms() const { return options_.terms[current_]; }
    void turn(SimTime planned, double gap);

    Options options_;
    std::size_t current_ = 0;  // of the terms
    std::uint64_t drawn_ = 0;
    std::uint64_t index_;  // of the next gap
    double left_ = 1;      // of the gap under way, after the clock
    SimTime clock_;
};

/// A stream that cannot be split: its arrivals are drawn once per rank and dealt out, arrival i to gateway i mod
/// `gateways`. A gateway whose clock is behind finds its arrivals kept for it.
class ArrivalDeal {
public:
    ArrivalDeal(const ArrivalTimes::Options& whole, std::uint32_t gateways) : times_(whole), lanes_(gateways) {}

    void serve(std::uint32_t gateway);
    void discard(std::uint32_t gateway, std::uint64_t count);
    /// The next arrival of this gateway; SimTime::never() at the end.
    [[nodiscard]] SimTime take(std::uint32_t gateway);
    [[nodiscard]] std::uint64_t buffered() const;

private:
    struct Lane {
        bool is_served = false;
        std::uint64_t to_discard = 0;
        std::deque<SimTime> arrivals;
    };
    ArrivalTimes times_;
    std::vector<Lane> lanes_;  // by gateway
    std::uint64_t dealt_ = 0;
    bool is_at_end_ = false;
};

/// What a plan's stream draws its arrivals from: the whole of it, or one gateway's share when it splits freely.
[[nodiscard]] ArrivalTimes::Options whole_arrivals(const SyntheticPlan& plan, std::uint16_t stream);
[[nodiscard]] ArrivalTimes::Options share_of_arrivals(const SyntheticPlan& plan, std::uint16_t stream,
                                                      std::uint32_t gateway);

/// One gateway's requests out of all streams, in order of (arrival, id).
/// Request i of gateway g in a stream has stream index i * gateways + g and the id (stream << 48) + stream index,
/// whoever draws it.
class SyntheticSource final : public RequestSource {
public:
    /// `plan` and `deals` must outlive the source. `deals[s]` serves stream s unless that splits freely.
    SyntheticSource(const SyntheticPlan& plan, std::vector<ArrivalDeal>& deals, std::uint32_t gateway);
    [[nodiscard]] std::optional<Request> next() override;
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    void skip(std::uint64_t position) override;

private:
    // One stream's next arrival. The order of heads is that of requests: by arrival, then id.
    struct Head {
        SimTime arrival;
        std::uint16_t stream = 0;  // in the plan
        std::uint64_t id = 0;
        [[nodiscard]] std::uint64_t stream_index() const;
    };
    static bool comes_later(const Head& a, const Head& b);
    void start();
    [[nodiscard]] SimTime next_arrival(std::uint16_t stream);
    /// Takes the first head off and puts that stream's next one in its place.
    [[nodiscard]] std::optional<Head> take_first();

    const SyntheticPlan& plan_;
    std::vector<ArrivalDeal>& deals_;
    std::uint32_t gateway_;
    std::vector<bool> splits_freely_;   // by stream
    std::vector<ArrivalTimes> shares_;  // by stream; used where it splits freely
    std::vector<std::uint64_t> taken_;  // by stream: requests given or skipped
    std::vector<Head> heads_;           // a heap, the first arrival on top
    bool has_started_ = false;
    std::uint64_t position_ = 0;
};

}  // namespace regatta::workload
