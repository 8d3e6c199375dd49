#include "workload/trace_source.hpp"

#include "regatta/base/errors.hpp"

namespace regatta::workload {

TraceFeed::TraceFeed(const TraceInput& input, StreamId stream, std::uint32_t gateways)
    : reader_(input), stream_(stream), lanes_(gateways) {}

void TraceFeed::serve(std::uint32_t gateway) {
    REGATTA_CHECK(dealt_ == 0, "all gateways of a rank must be made before one of them draws requests");
    REGATTA_CHECK(!lanes_.at(gateway).is_served, "each gateway has one source");
    lanes_[gateway].is_served = true;
}

void TraceFeed::discard(std::uint32_t gateway, std::uint64_t count) {
    REGATTA_CHECK(dealt_ == 0, "requests are skipped before any are drawn");
    lanes_[gateway].to_discard = count;
}

std::optional<Request> TraceFeed::take(std::uint32_t gateway) {
    std::deque<Request>& mine = lanes_[gateway].requests;
    while (mine.empty() && !is_at_end_) {
        const auto row = reader_.next();
        if (!row) {
            is_at_end_ = true;
            break;
        }
        Lane& lane = lanes_[dealt_++ % lanes_.size()];
        if (!lane.is_served) continue;
        if (lane.to_discard > 0) {
            --lane.to_discard;
            continue;
        }
        Request request;
        request.id = RequestId(first_id(stream_) + row->row);
        request.arrival = row->arrival;
        request.prompt_tokens = row->prompt_tokens;
        request.output_tokens = row->output_tokens;
        request.stream = stream_;
        request.prefix = row->prefix;
        lane.requests.push_back(request);
    }
    if (mine.empty()) return std::nullopt;
    const Request request = mine.front();
    mine.pop_front();
    return request;
}

std::uint64_t TraceFeed::buffered() const {
    std::uint64_t count = 0;
    for (const Lane& lane : lanes_)
        count += lane.requests.size();
    return count;
}

TraceSource::TraceSource(TraceFeed& feed, std::uint32_t gateway) : feed_(feed), gateway_(gateway) {
    feed_.serve(gateway);
}

std::optional<Request> TraceSource::next() {
    auto request = feed_.take(gateway_);
    if (request) ++position_;
    return request;
}

void TraceSource::skip(std::uint64_t position) {
    REGATTA_CHECK(position_ == 0, "requests are skipped before any are drawn");
    feed_.discard(gateway_, position);
    position_ = position;
}

}  // namespace regatta::workload
