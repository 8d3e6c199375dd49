#include "routing/gpu_count.hpp"

namespace regatta::routing {

std::uint32_t GpuCountRouter::choose(const Request& request, const Candidates& candidates) {
    std::vector<std::uint32_t> best;
    std::uint32_t best_idle = 0;
    for (std::uint32_t node = 0; node < nodes_.nodes(); ++node) {
        const std::uint32_t idle = nodes_.state_of(node, candidates).idle;
        if (idle == 0) continue;
        const bool is_better = best.empty() || (prefers_most_ ? idle > best_idle : idle < best_idle);
        if (!is_better && idle != best_idle) continue;
        if (is_better) best.clear();
        best_idle = idle;
        best.push_back(node);
    }
    const std::uint32_t node =
        best.empty() ? nodes_.least_outstanding(request, candidates) : nodes_.any_of(best, request);
    return nodes_.least_on(node, candidates);
}

std::vector<Parameter> gpu_count_parameters() {
    return {{.key = "prefer",
             .kind = ParameterKind::Word,
             .default_text = "most",
             .choices = {"most", "fewest"},
             .sentence = "most: spreads; fewest: fills one node after the other"}};
}

}  // namespace regatta::routing
