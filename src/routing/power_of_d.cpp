#include "routing/power_of_d.hpp"

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"
#include "regatta/routing/candidates.hpp"

namespace regatta::routing {

using serving::Load;

namespace {

// Whoever looks at more than a handful wants the least of all, which is found faster.
constexpr double kMostChoices = 64;

}  // namespace

std::vector<Parameter> power_of_d_parameters() {
    return {{.key = "d",
             .kind = ParameterKind::Count,
             .default_text = "2",
             .least = 1,
             .most = kMostChoices,
             .sentence = "replicas drawn; 1: weighted chance alone"},
            {.key = "load",
             .kind = ParameterKind::Word,
             .default_text = "outstanding",
             .choices = {"outstanding", "tokens", "kv"},
             .sentence = "what is compared: outstanding requests, their prompt tokens, or the share of KV blocks in "
                         "use; each divided by the pool's weight"}};
}

PowerOfDRouter::Options power_of_d_options(const Parameters& parameters) {
    const std::string& load = parameters.word("load");
    return {.choices = static_cast<std::uint32_t>(parameters.count("d")),
            .load = load == "tokens" ? Load::Tokens
                    : load == "kv"   ? Load::KvBlocks
                                     : Load::Requests};
}

PowerOfDRouter::PowerOfDRouter(const RouterTarget& target, const Options& options)
    : options_(options), seed_(target.seed) {
    std::uint32_t first = 0;
    for (const RouterTarget::Pool& pool : target.pools) {
        REGATTA_CHECK(pool.weight > 0 && pool.kv_blocks > 0, "a pool without weight or KV blocks");
        pools_.push_back({.first = first,
                          .replicas = pool.replicas,
                          .weight = pool.weight,
                          .size = pool.weight * (options.load == Load::KvBlocks ? pool.kv_blocks : 1)});
        first += pool.replicas;
    }
    options_.choices = std::min(options_.choices, first);
}

serving::LoadSet PowerOfDRouter::looks_at() const {
    return options_.choices > 1 ? serving::LoadSet{options_.load} : serving::LoadSet{};
}

const std::vector<std::uint32_t>& PowerOfDRouter::draw(RequestId request) {
    drawn_.clear();
    pool_of_drawn_.clear();
    std::uint64_t weight_left = 0;
    std::uint32_t replicas = 0;
    for (Pool& pool : pools_) {
        pool.drawn = 0;
        weight_left += pool.weight * pool.replicas;
        replicas += pool.replicas;
    }
    const std::uint32_t choices = std::min(options_.choices, replicas);
    while (drawn_.size() < choices) {
        std::uint64_t at =
            uniform_below(weight_left, random_bits(seed_, RandomPurpose::Route, request.value(), drawn_.size()));
        std::size_t i = 0;
        for (; at >= pools_[i].weight * (pools_[i].replicas - pools_[i].drawn); ++i)
            at -= pools_[i].weight * (pools_[i].replicas - pools_[i].drawn);
        Pool& pool = pools_[i];
        drawn_.push_back(nth_left(pool, static_cast<std::uint32_t>(at / pool.weight)));
        pool_of_drawn_.push_back(i);
        ++pool.drawn;
        weight_left -= pool.weight;
    }
    return drawn_;
}

/// Of the pool's replicas that have not been drawn, the one with number `n`.
std::uint32_t PowerOfDRouter::nth_left(const Pool& pool, std::uint32_t n) const {
    std::uint32_t replica = pool.first + n;
    if (pool.drawn == 0) return replica;
    // Each drawn replica at or before the answer pushes it one on; once more whenever that brings it to another.
    std::uint32_t passed = 0;
    while (true) {
        std::uint32_t at_or_before = 0;
        for (const std::uint32_t other : drawn_)
            if (other >= pool.first && other <= replica) ++at_or_before;
        if (at_or_before == passed) return replica;
        replica += at_or_before - passed;
        passed = at_or_before;
    }
}

std::uint32_t PowerOfDRouter::choose(const Request& request, const Candidates& candidates) {
    const bool is_whole = candidates.is_whole();
    // What is drawn are numbers of available ones.
    for (std::size_t i = 0; i < pools_.size(); ++i)
        pools_[i].replicas = candidates.available_in(i);
    static_cast<void>(draw(request.id));
    for (std::size_t i = 0; i < drawn_.size() && !is_whole; ++i)
        drawn_[i] = candidates.nth_available_in(pool_of_drawn_[i], drawn_[i] - pools_[pool_of_drawn_[i]].first);
    if (drawn_.size() == 1) return drawn_.front();
    std::uint32_t best = 0;
    Share best_share;
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
        const Share share{.load = candidates.load(options_.load, drawn_[i]), .size = pools_[pool_of_drawn_[i]].size};
        if (i > 0 && !(share < best_share)) continue;
        best = drawn_[i];
        best_share = share;
    }
    return best;
}

}  // namespace regatta::routing
