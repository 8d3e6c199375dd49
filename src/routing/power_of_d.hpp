#pragma once

#include <cstdint>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"

namespace regatta::routing {

/// Some different replicas drawn at random, each with a probability in proportion to its weight; of them the one with
/// the least load by weight, on a tie the one drawn first. With d of 1 weighted chance alone; with d of all replicas
/// the least loaded. On equal weights, d of 2 and by outstanding requests it chooses as power_of_two does.
///
/// A draw without replacement, so that a heavy replica is drawn once only: the first candidate is in proportion to the
/// weights, the next in proportion among the others. Draw i follows from (seed, request id, i) alone.
/// Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE Trans. Parallel Distrib. Syst.
/// 12(10), 2001, pp. 1094-1104, for d choices of equal replicas.
class PowerOfDRouter final : public Router {
public:
    struct Options {
        std::uint32_t choices = 2;  ///< at least 1; of fewer replicas all are candidates
        serving::Load load = serving::Load::Requests;
    };
    PowerOfDRouter(const RouterTarget& target, const Options& options);
    [[nodiscard]] std::uint32_t choose(const Request& request, const Candidates& candidates) override;
    [[nodiscard]] serving::LoadSet looks_at() const override;

    /// The candidates of a request in the order drawn; valid until the next call.
    [[nodiscard]] const std::vector<std::uint32_t>& draw(RequestId request);

private:
    struct Pool {
        std::uint32_t first = 0;  ///< of its replicas
        std::uint32_t replicas = 0;
        std::uint64_t weight = 1;  ///< of a replica
        std::uint64_t size = 1;    ///< what a replica's load is measured by
        std::uint32_t drawn = 0;   ///< of its replicas, in this draw
    };
    [[nodiscard]] std::uint32_t nth_left(const Pool& pool, std::uint32_t n) const;

    Options options_;
    std::uint64_t seed_;
    std::vector<Pool> pools_;
    std::vector<std::uint32_t> drawn_;
    std::vector<std::size_t> pool_of_drawn_;
};

/// What a scenario may say of it.
[[nodiscard]] std::vector<Parameter> power_of_d_parameters();
[[nodiscard]] PowerOfDRouter::Options power_of_d_options(const Parameters& parameters);

}  // namespace regatta::routing
