#include "results/scratchpad_iterations.hpp"

#include <algorithm>
#include <tuple>

namespace regatta::results {

using serving::RequestRecord;

ScratchpadIterations::ScratchpadIterations(std::span<const RequestRecord> requests) {
    for (const RequestRecord& request : requests)
        if (request.scheduled_ns != serving::kNoTime) replicas_[request.replica].served.push_back(&request);
    for (auto& [number, replica] : replicas_)
        std::sort(replica.served.begin(), replica.served.end(), [](const RequestRecord* a, const RequestRecord* b) {
            return std::tie(a->scheduled_ns, a->request_id) < std::tie(b->scheduled_ns, b->request_id);
        });
}

std::span<const RequestRecord* const> ScratchpadIterations::participants(const serving::StepRecord& step) {
    Replica& replica = replicas_[step.replica];
    std::vector<const RequestRecord*>& batch = replica.batch;
    std::erase_if(batch, [&](const RequestRecord* request) { return request->end_ns < step.end_ns; });
    if (step.prefills > 0) {
        if (replica.next == replica.served.size()) return {};
        batch.push_back(replica.served[replica.next++]);
        return std::span(batch).last(1);
    }
    if (batch.size() > step.decodes) ++unclear_;
    return std::span(batch).first(std::min<std::size_t>(batch.size(), step.decodes));
}

}  // namespace regatta::results
