#include "control/reprovisioners.hpp"

#include "regatta/base/random.hpp"

namespace regatta::control {

std::optional<std::size_t> RandomIdle::choose(const std::vector<Donor>& donors, double /*load*/, SimTime /*now*/,
                                              std::uint64_t number) {
    std::vector<std::size_t> idle;
    for (std::size_t i = 0; i < donors.size(); ++i)
        if (donors[i].outstanding == 0) idle.push_back(i);
    if (idle.empty()) return std::nullopt;
    return idle[uniform_below(idle.size(), random_bits(seed_, RandomPurpose::Reprovision, number, 0))];
}

std::optional<std::size_t> LongestIdle::choose(const std::vector<Donor>& donors, double /*load*/, SimTime /*now*/,
                                               std::uint64_t /*number*/) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < donors.size(); ++i)
        if (donors[i].outstanding == 0 && (!best || donors[i].idle_since < donors[*best].idle_since)) best = i;
    return best;
}

std::optional<std::size_t> ByDemand::choose(const std::vector<Donor>& donors, double load, SimTime /*now*/,
                                            std::uint64_t /*number*/) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < donors.size(); ++i) {
        if (donors[i].pool_load * factor_ >= load) continue;
        const bool is_better =
            !best || donors[i].pool_load < donors[*best].pool_load ||
            (donors[i].pool_load == donors[*best].pool_load && donors[i].outstanding < donors[*best].outstanding);
        if (is_better) best = i;
    }
    return best;
}

std::vector<Parameter> by_demand_parameters() {
    return {{.key = "factor",
             .kind = ParameterKind::Real,
             .default_text = "2",
             .least = 1,
             .most = 1e6,
             .sentence = "a pool gets a replica of another one with so many times less load per replica"}};
}

}  // namespace regatta::control
