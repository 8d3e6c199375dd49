#include "routing/power_of_two.hpp"

#include "regatta/base/random.hpp"
#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

std::uint32_t PowerOfTwoRouter::choose(const Request& request, const Candidates& candidates) {
    // Numbers of available ones.
    const bool is_whole = candidates.is_whole();
    const std::uint32_t replicas = is_whole ? replicas_ : candidates.available();
    const auto candidate = [&](std::uint32_t n) { return is_whole ? n : candidates.nth_available(n); };
    if (replicas == 1) return candidate(0);
    const auto draw = [&](std::uint32_t bound, std::uint64_t index) {
        return static_cast<std::uint32_t>(
            uniform_below(bound, random_bits(seed_, RandomPurpose::Route, request.id.value(), index)));
    };
    const std::uint32_t first = draw(replicas, 0);
    // Uniform over the others: the numbers from `first` on stand for the replicas after it.
    const std::uint32_t among_others = draw(replicas - 1, 1);
    const std::uint32_t second = candidate(among_others < first ? among_others : among_others + 1);
    const auto load = [&](std::uint32_t replica) { return candidates.load(serving::Load::Requests, replica); };
    return load(second) < load(candidate(first)) ? second : candidate(first);
}

}  // namespace regatta::routing
