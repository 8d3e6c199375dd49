#include "workload/workload.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"
#include "workload/merged_source.hpp"
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

class Workload::Impl {
public:
    Impl(std::vector<StreamTraffic> streams, std::uint32_t gateways, std::uint64_t seed)
        : streams_(std::move(streams)), plan_{.streams = {}, .ids = {}, .gateways = gateways, .seed = seed} {
        REGATTA_CHECK(streams_.size() <= UINT16_MAX, "streams are numbered in 16 bits");
        const auto count = static_cast<std::uint16_t>(streams_.size());
        for (std::uint16_t stream = 0; stream < count; ++stream) {
            if (const auto* trace = std::get_if<TraceInput>(&streams_[stream]))
                feeds_.push_back(std::make_unique<TraceFeed>(*trace, StreamId(stream), gateways));
            else
                add_synthetic(StreamId(stream));
        }
    }

    std::unique_ptr<RequestSource> source_for(std::uint32_t gateway) {
        MergedSource::Parts parts = parts_for(gateway);
        if (parts.size() == 1) return std::move(parts.front());
        return std::make_unique<MergedSource>(std::move(parts), [this, gateway] { return lone_source(gateway); });
    }

    std::uint64_t buffered() const {
        std::uint64_t count = 0;
        for (const auto& feed : feeds_)
            count += feed->buffered();
        for (const ArrivalDeal& deal : deals_)
            count += deal.buffered();
        return count;
    }

private:
    void add_synthetic(StreamId id) {
        const auto& stream = std::get<SyntheticStream>(streams_[id.index()]);
        const auto ends = [](const ArrivalTerms& terms) { return terms.limit || !terms.whole->needs_limit(); };
        REGATTA_CHECK(ends(stream.arrivals) && std::all_of(stream.later.begin(), stream.later.end(), ends),
                      fmt::format("stream {} never ends", id.value()));
        for (const ArrivalTerms& terms : stream.later)
            REGATTA_CHECK(terms.whole->splits_freely() == stream.arrivals.whole->splits_freely(),
                          fmt::format("stream {} changes whether it splits freely", id.value()));
        plan_.streams.push_back(stream);
        plan_.ids.push_back(id);
        const auto place = static_cast<std::uint16_t>(plan_.streams.size() - 1);
        deals_.emplace_back(whole_arrivals(plan_, place), plan_.gateways);
    }

    MergedSource::Parts parts_for(std::uint32_t gateway) {
        MergedSource::Parts parts;
        if (!plan_.streams.empty()) parts.push_back(std::make_unique<SyntheticSource>(plan_, deals_, gateway));
        for (const auto& feed : feeds_)
            parts.push_back(std::make_unique<TraceSource>(*feed, gateway));
        return parts;
    }

    // One gateway's requests from readers and deals of its own, which it owns.
    std::unique_ptr<MergedSource> lone_source(std::uint32_t gateway) const {
        // Owned by the closure of the source alone: shared only because a std::function must be copyable.
        const auto own = std::make_shared<Impl>(streams_, plan_.gateways, plan_.seed);
        return std::make_unique<MergedSource>(own->parts_for(gateway),
                                              [own, gateway] { return own->lone_source(gateway); });
    }

    std::vector<StreamTraffic> streams_;
    SyntheticPlan plan_;              // of the streams that are made up
    std::vector<ArrivalDeal> deals_;  // by stream of the plan
    std::vector<std::unique_ptr<TraceFeed>> feeds_;
};

Workload::Workload(std::vector<StreamTraffic> streams, std::uint32_t gateways, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(std::move(streams), gateways, seed)) {}

Workload::~Workload() = default;

std::unique_ptr<RequestSource> Workload::source_for(GatewayId gateway) {
    return impl_->source_for(gateway.value());
}

std::uint64_t Workload::buffered() const {
    return impl_->buffered();
}

}  // namespace regatta::workload
