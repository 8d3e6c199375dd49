#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <tuple>
#include <vector>

#include "workload/workload.hpp"

namespace regatta {

inline bool operator==(const Request& a, const Request& b) {
    const auto all = [](const Request& r) {
        return std::tie(r.id, r.arrival, r.prompt_tokens, r.output_tokens, r.stream, r.adapter, r.prefix);
    };
    return all(a) == all(b);
}

inline std::ostream& operator<<(std::ostream& out, const Request& request) {
    return out << request.id.value() << " at " << request.arrival.ns() << " ns: " << request.prompt_tokens << " + "
               << request.output_tokens;
}

namespace workload {

using Requests = std::vector<Request>;

/// Up to `most` further requests.
inline Requests drawn(RequestSource& source, std::size_t most = SIZE_MAX) {
    Requests requests;
    while (requests.size() < most) {
        const auto request = source.next();
        if (!request) break;
        requests.push_back(*request);
    }
    return requests;
}

/// Draws from one source per gateway, always from the one whose clock is furthest behind, as a simulation does.
/// Returns the requests by gateway; `most_buffered` learns how much was kept for gateways behind.
inline std::vector<Requests> drawn_in_step(const Workload& workload,
                                           std::vector<std::unique_ptr<RequestSource>>& sources,
                                           std::uint64_t* most_buffered = nullptr) {
    std::vector<Requests> requests(sources.size());
    std::vector<SimTime> clocks(sources.size());
    while (true) {
        const auto behind = std::min_element(clocks.begin(), clocks.end()) - clocks.begin();
        const auto gateway = static_cast<std::size_t>(behind);
        if (clocks[gateway].is_never()) return requests;
        const auto request = sources[gateway]->next();
        clocks[gateway] = request ? request->arrival : SimTime::never();
        if (request) requests[gateway].push_back(*request);
        if (most_buffered != nullptr) *most_buffered = std::max(*most_buffered, workload.buffered());
    }
}

inline std::vector<std::unique_ptr<RequestSource>> sources_of(Workload& workload, std::uint32_t gateways) {
    std::vector<std::unique_ptr<RequestSource>> sources;
    for (std::uint32_t gateway = 0; gateway < gateways; ++gateway)
        sources.push_back(workload.source_for(GatewayId(gateway)));
    return sources;
}

inline bool is_in_order(const Requests& requests) {
    return std::is_sorted(requests.begin(), requests.end(), [](const Request& a, const Request& b) {
        return std::tie(a.arrival, a.id) < std::tie(b.arrival, b.id);
    });
}

}  // namespace workload
}  // namespace regatta
