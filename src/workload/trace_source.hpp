#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "workload/request_source.hpp"
#include "workload/trace_reader.hpp"

namespace regatta::workload {

/// Deals a trace's rows to the gateways of one rank, row i to gateway i mod `gateways`, reading on when one of them
/// needs more. A gateway whose clock is behind finds its rows kept for it.
class TraceFeed {
public:
    TraceFeed(const TraceInput& input, StreamId stream, std::uint32_t gateways);

    /// Before the first take(): this gateway's rows are wanted. Others' rows are dropped.
    void serve(std::uint32_t gateway);
    /// Before the first take(): the first `count` rows of this gateway are not wanted.
    void discard(std::uint32_t gateway, std::uint64_t count);
    [[nodiscard]] std::optional<Request> take(std::uint32_t gateway);
    /// Requests kept for gateways that have not asked for them yet.
    [[nodiscard]] std::uint64_t buffered() const;

private:
    struct Lane {
        bool is_served = false;
        std::uint64_t to_discard = 0;
        std::deque<Request> requests;
    };
    TraceReader reader_;
    StreamId stream_;
    std::vector<Lane> lanes_;  // by gateway
    std::uint64_t dealt_ = 0;
    bool is_at_end_ = false;
};

/// One gateway's requests out of a trace.
class TraceSource final : public RequestSource {
public:
    /// `feed` must outlive the source.
    TraceSource(TraceFeed& feed, std::uint32_t gateway);
    [[nodiscard]] std::optional<Request> next() override;
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    void skip(std::uint64_t position) override;

private:
    TraceFeed& feed_;
    std::uint32_t gateway_;
    std::uint64_t position_ = 0;
};

}  // namespace regatta::workload
