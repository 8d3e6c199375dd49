#include "workload/workload.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"
#include "workload/synthetic_source.hpp"
#include "workload/trace_reader.hpp"
#include "workload/trace_source.hpp"

namespace regatta::workload {

TraceSummary survey_trace(const TraceInput& input) {
    TraceReader reader(input);
    TraceSummary summary;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t output_tokens = 0;
    while (const auto row = reader.next()) {
        ++summary.requests;
        summary.last_arrival = row->arrival;
        prompt_tokens += row->prompt_tokens;
        output_tokens += row->output_tokens;
        summary.longest_request_tokens = std::max(
            summary.longest_request_tokens, std::uint64_t{row->prompt_tokens} + std::uint64_t{row->output_tokens});
    }
    if (reader.rows_read() == 0 && input.limit != 0)
        throw InputError(fmt::format("{}: the file has a header and no requests", input.path));
    if (summary.requests == 0)
        throw InputError(fmt::format("{}: no request is selected by window and limit", input.path));
    summary.mean_prompt_tokens = static_cast<double>(prompt_tokens) / static_cast<double>(summary.requests);
    summary.mean_output_tokens = static_cast<double>(output_tokens) / static_cast<double>(summary.requests);
    return summary;
}

// One of the two kinds, never both.
class Workload::Impl {
public:
    Impl(const TraceInput& trace, std::uint32_t gateways) : feed_(std::make_unique<TraceFeed>(trace, gateways)) {}
    explicit Impl(SyntheticPlan plan) : plan_(std::move(plan)) {
        REGATTA_CHECK(plan_.streams.size() <= UINT16_MAX, "streams are numbered in 16 bits");
        for (std::uint16_t stream = 0; stream < plan_.streams.size(); ++stream) {
            const SyntheticStream& one = plan_.streams[stream];
            REGATTA_CHECK(one.limit || !one.whole->needs_limit(), fmt::format("stream {} never ends", stream));
            deals_.emplace_back(whole_arrivals(plan_, stream), plan_.gateways);
        }
    }

    std::unique_ptr<RequestSource> source_for(std::uint32_t gateway) {
        if (feed_) return std::make_unique<TraceSource>(*feed_, gateway);
        return std::make_unique<SyntheticSource>(plan_, deals_, gateway);
    }

    std::uint64_t buffered() const {
        std::uint64_t count = feed_ ? feed_->buffered() : 0;
        for (const ArrivalDeal& deal : deals_)
            count += deal.buffered();
        return count;
    }

private:
    std::unique_ptr<TraceFeed> feed_;
    SyntheticPlan plan_;
    std::vector<ArrivalDeal> deals_;  // by stream
};

Workload::Workload(TraceInput trace, std::uint32_t gateways) : impl_(std::make_unique<Impl>(trace, gateways)) {}

Workload::Workload(std::vector<SyntheticStream> streams, std::uint32_t gateways, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(SyntheticPlan{.streams = std::move(streams), .gateways = gateways, .seed = seed})) {}

Workload::~Workload() = default;

std::unique_ptr<RequestSource> Workload::source_for(GatewayId gateway) {
    return impl_->source_for(gateway.value());
}

std::uint64_t Workload::buffered() const {
    return impl_->buffered();
}

}  // namespace regatta::workload
