#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "regatta/routing/candidates.hpp"
#include "regatta/routing/registry.hpp"
#include "regatta/routing/router.hpp"
#include "routing/pool_view.hpp"

namespace regatta::routing {

inline constexpr serving::LoadSet kEveryLoad = {serving::Load::Requests, serving::Load::Tokens,
                                                serving::Load::KvBlocks};
inline constexpr std::uint32_t kBlockTokens = 16;

inline Request request_of(std::uint64_t id, std::uint32_t prompt_tokens = 100) {
    Request request;
    request.id = RequestId(id);
    request.prompt_tokens = prompt_tokens;
    request.output_tokens = 1;
    return request;
}

/// Pools as one gateway knows them.
class KnownFleet {
public:
    /// `replicas` by pool. Where they come and go, all are available at first.
    explicit KnownFleet(const std::vector<std::uint32_t>& replicas, Reports reports = Reports::OnCompletion,
                        bool they_come_and_go = false)
        : candidates_(views_of(replicas, reports, they_come_and_go)) {}
    KnownFleet(const KnownFleet&) = delete;
    KnownFleet& operator=(const KnownFleet&) = delete;

    [[nodiscard]] const Candidates& candidates() const { return candidates_; }
    [[nodiscard]] PoolView& pool(std::size_t index) { return *views_[index]; }
    void set_available(std::uint32_t candidate, bool is_available) {
        const Candidates::Place place = candidates_.place_of(candidate);
        views_[place.pool]->available()->set(place.replica, is_available);
    }
    [[nodiscard]] std::uint32_t choose(Router& router, std::uint64_t id) {
        return router.choose(request_of(id), candidates_);
    }
    [[nodiscard]] std::uint64_t load(std::uint32_t candidate, serving::Load load = serving::Load::Requests) const {
        return candidates_.load(load, candidate);
    }
    void dispatched(std::uint32_t candidate, const Request& request = request_of(0), SimTime arrives_at = {}) {
        const Candidates::Place place = candidates_.place_of(candidate);
        views_[place.pool]->dispatched(place.replica, request, arrives_at);
    }
    void completed(std::uint32_t candidate, const Request& request = request_of(0),
                   std::uint32_t kv_blocks = serving::kNotTold, SimTime at = {}) {
        const Candidates::Place place = candidates_.place_of(candidate);
        views_[place.pool]->completed({.replica = place.replica,
                                       .pool = PoolId(static_cast<std::uint16_t>(place.pool)),
                                       .prompt_tokens = request.prompt_tokens,
                                       .kv_blocks = kv_blocks,
                                       .at_ns = at.ns()});
    }

private:
    [[nodiscard]] std::vector<PoolView*> views_of(const std::vector<std::uint32_t>& replicas, Reports reports,
                                                  bool they_come_and_go) {
        std::vector<PoolView*> result;
        for (const std::uint32_t count : replicas) {
            views_.push_back(std::make_unique<PoolView>(PoolView::Setup{
                .replicas = count,
                .block_tokens = kBlockTokens,
                .loads = kEveryLoad,
                .reports = reports,
                .available =
                    they_come_and_go ? std::make_shared<Availability>(std::vector<bool>(count, true)) : nullptr}));
            result.push_back(views_.back().get());
        }
        return result;
    }

    std::vector<std::unique_ptr<PoolView>> views_;
    Candidates candidates_;
};

/// A policy and one way to set it.
struct RouterCase {
    std::string router;
    std::string word_key;  ///< a parameter and the choice it has here; empty: all as by default
    std::string word;

    friend std::ostream& operator<<(std::ostream& out, const RouterCase& one) { return out << one.name(); }
    [[nodiscard]] std::string name() const {
        return word_key.empty() ? router : router + "_by_" + word_key + "_" + word;
    }
};

/// The parameters of a policy as by default; those that are required have the least or first of what is allowed.
inline Parameters usual_parameters(const std::vector<Parameter>& declared) {
    Parameters values;
    for (const Parameter& one : declared) {
        const bool has_default = !one.is_required && !one.default_text.empty();
        if (!has_default && !one.is_required) continue;
        switch (one.kind) {
            case ParameterKind::Count:
                values.set(one.key, has_default ? std::stoll(one.default_text) : static_cast<std::int64_t>(one.least));
                break;
            case ParameterKind::Real:
            case ParameterKind::Fraction:
                values.set(one.key, has_default ? std::stod(one.default_text) : one.least);
                break;
            case ParameterKind::Flag:
                values.set(one.key, one.default_text == "true");
                break;
            case ParameterKind::Word:
                values.set(one.key, has_default ? one.default_text : one.choices.at(0));
                break;
            case ParameterKind::File:
                values.set(one.key, std::string("routes.csv"));
                break;
            default:
                throw BugError("the suite does not know how to set \"" + one.key + "\": teach it");
        }
    }
    return values;
}

/// A recorded run of the requests 0, 1, ... in which request i went to replica i modulo `replicas`.
inline std::string routes_of(std::uint32_t replicas) {
    std::string text = "request_id,arrived_at,replica_id\n";
    for (std::uint64_t request = 0; request < 60'000; ++request)
        text += std::to_string(request) + ",0.5," + std::to_string(request % replicas) + "\n";
    return text;
}

inline std::unique_ptr<Router> make_router(const RouterCase& one, const RouterTarget& target) {
    const RouterRegistry registry = built_in_routers();
    const auto* entry = registry.find(one.router);
    Parameters parameters = usual_parameters(entry->parameters);
    if (!one.word_key.empty()) parameters.set(one.word_key, one.word);
    RouterTarget with_files = target;
    with_files.fleet_replicas = target.replicas();
    with_files.read_file = [&target](const std::string& /*path*/) { return routes_of(target.replicas()); };
    for (std::size_t i = 1; i < with_files.pools.size(); ++i)
        with_files.pools[i].first_replica = with_files.pools[i - 1].first_replica + with_files.pools[i - 1].replicas;
    return entry->make(with_files, parameters);
}

inline std::unique_ptr<Router> make_router(std::string_view name, const RouterTarget& target) {
    return make_router(RouterCase{.router = std::string(name), .word_key = "", .word = ""}, target);
}

/// Every registered router as by default, and with each choice of each of its words.
inline std::vector<RouterCase> router_cases() {
    std::vector<RouterCase> cases;
    const RouterRegistry registry = built_in_routers();
    for (const auto& entry : registry.entries()) {
        cases.push_back({entry.name, "", ""});
        for (const Parameter& parameter : entry.parameters)
            for (const std::string& choice : parameter.choices)
                if (choice != parameter.default_text) cases.push_back({entry.name, parameter.key, choice});
    }
    return cases;
}

}  // namespace regatta::routing
