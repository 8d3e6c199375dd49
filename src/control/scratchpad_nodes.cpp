#include "control/scratchpad_nodes.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <queue>

namespace regatta::control {
namespace {

using serving::ScratchpadEngine;
using serving::ScratchpadIteration;
using serving::ScratchpadRequest;

struct Gpu {
    ScratchpadEngine engine;
    ScratchpadPlace place;
    double busy_until_s = 0;
};

struct Reprovisioning {
    double end_s = 0;
    std::uint16_t target = 0;
};

struct Node {
    std::vector<Gpu> gpus;
    std::uint16_t model = 0;  ///< that its engines have, or will have when it is loaded
    double load_end_s = 0;
    bool is_loaded = false;
    std::vector<ScratchpadRequest*> waiting;  ///< for a GPU
    std::int64_t running = 0;                 ///< handed to a GPU and not finished
    std::optional<Reprovisioning> reprovisioning;

    [[nodiscard]] bool may_serve(std::uint16_t wanted) const { return model == wanted && !reprovisioning; }
    /// What waits is not looked at.
    [[nodiscard]] bool is_idle() const { return !reprovisioning && is_loaded && running == 0; }
    [[nodiscard]] std::int64_t free_gpus() const {
        if (!is_loaded) return 0;
        return std::count_if(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.engine.running() == 0; });
    }
};

class Driver {
public:
    Driver(const ScratchpadFleet& fleet, std::span<ScratchpadRequest> requests, workload::ScratchpadDraws& draws,
           ScratchpadWatcher& watcher)
        : fleet_(fleet), requests_(requests), draws_(draws), watcher_(watcher), last_node_(models()) {
        std::uint32_t replica = 0;
        for (const ScratchpadNode& planned : fleet.nodes) {
            first_replica_.push_back(replica);
            replica += static_cast<std::uint32_t>(planned.gpus.size());
        }
        gpus_ = replica;
        for (std::size_t i = 0; i < fleet.nodes.size(); ++i) {
            nodes_.emplace_back();
            nodes_[i].load_end_s = fleet.nodes[i].loading_s;
            ends_.push(fleet.nodes[i].loading_s);
            make_engines(i, fleet.nodes[i].model, 0);
            if (fleet.nodes[i].loading_s > 0) tell_loading(i);
        }
    }

    /// Each instant: what is re-provisioned, then what has arrived, then node by node. The order is that simulator's.
    double run(double until_s) {
        double now_s = 0;
        while (now_s < until_s) {
            complete_reprovisionings(now_s);
            route_arrived(now_s);
            for (Node& node : nodes_)
                advance(node, now_s);
            if (is_done()) break;
            const std::optional<double> next_s = next_instant(now_s);
            // What still waits will never fit.
            if (!next_s) break;
            now_s = *next_s;
        }
        return std::min(now_s, until_s);
    }

private:
    [[nodiscard]] std::size_t models() const { return fleet_.reprovisioning_s.size(); }

    void make_engines(std::size_t index, std::uint16_t model, double now_s) {
        Node& node = nodes_[index];
        node.model = model;
        node.gpus.clear();
        for (std::size_t gpu = 0; gpu < fleet_.nodes[index].gpus.size(); ++gpu) {
            const std::uint16_t kind = fleet_.kind_of[fleet_.nodes[index].gpus[gpu]][model];
            // A GPU has a number for each model, so that what it did for one is not mixed with what it did for another.
            const std::uint32_t replica = model * gpus_ + first_replica_[index] + static_cast<std::uint32_t>(gpu);
            const ScratchpadPlace place{.replica = replica, .node = fleet_.nodes[index].id, .kind = kind};
            node.gpus.push_back({ScratchpadEngine(*fleet_.kinds[kind].times, fleet_.kinds[kind].blocks), place, 0});
            watcher_.made(place, now_s);
        }
    }

    void tell_loading(std::size_t index) {
        const std::vector<Gpu>& gpus = nodes_[index].gpus;
        for (std::uint32_t gpu = 0; gpu < gpus.size(); ++gpu)
            watcher_.changed({.end_s = fleet_.nodes[index].loading_s,
                              .amount = fleet_.model_bytes[nodes_[index].model],
                              .node = fleet_.nodes[index].id,
                              .replica = gpus[gpu].place.replica,
                              .gpu = gpu,
                              .pool = gpus[gpu].place.kind});
    }

    void complete_reprovisionings(double now_s) {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            Node& node = nodes_[i];
            if (!node.reprovisioning || node.reprovisioning->end_s > now_s) continue;
            for (Gpu& gpu : node.gpus) {
                // Nothing is drained: what was routed here at the instant at which it began, and still runs, is lost.
                for (ScratchpadRequest* request : gpu.engine.give_up())
                    lose(*request, now_s);
                watcher_.gone(gpu.place, now_s);
            }
            node.running = 0;
            const std::uint16_t target = node.reprovisioning->target;
            node.reprovisioning.reset();
            node.is_loaded = true;
            make_engines(i, target, now_s);
        }
    }

    static void lose(ScratchpadRequest& request, double now_s) {
        request.is_lost = true;
        request.end_s = now_s;
    }

    void route_arrived(double now_s) {
        if (may_route_held()) {
            std::vector<ScratchpadRequest*> still_held;
            for (ScratchpadRequest* request : held_)
                if (!try_route(*request, now_s)) still_held.push_back(request);
            held_ = std::move(still_held);
        }
        for (; next_ < requests_.size() && requests_[next_].arrival_s <= now_s; ++next_)
            if (!try_route(requests_[next_], now_s)) held_.push_back(&requests_[next_]);
    }

    /// Whether any of those that wait for a node could do more than wait: else nobody need ask for each of them.
    [[nodiscard]] bool may_route_held() const {
        if (held_.empty()) return false;
        const bool has_idle =
            std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.is_idle(); });
        std::vector<bool> is_known(models(), false);
        for (const ScratchpadRequest* request : held_) {
            if (is_known[request->model]) continue;
            is_known[request->model] = true;
            const bool has_node = std::any_of(nodes_.begin(), nodes_.end(),
                                              [request](const Node& node) { return node.may_serve(request->model); });
            if (has_node || (has_idle && !is_coming(request->model))) return true;
        }
        return false;
    }

    [[nodiscard]] bool is_coming(std::uint16_t model) const {
        return std::any_of(nodes_.begin(), nodes_.end(), [model](const Node& node) {
            return node.reprovisioning && node.reprovisioning->target == model;
        });
    }

    bool try_route(ScratchpadRequest& request, double now_s) {
        candidates_.clear();
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            if (nodes_[i].may_serve(request.model)) candidates_.push_back(i);
        if (candidates_.empty()) {
            if (!is_coming(request.model)) reprovision(request.model, now_s);
            return false;
        }
        const std::size_t chosen = choose(request.model);
        request.received_s = now_s;
        request.node = fleet_.nodes[chosen].id;
        nodes_[chosen].waiting.push_back(&request);
        return true;
    }

    void reprovision(std::uint16_t target, double now_s) {
        std::vector<std::size_t> idle;
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            if (nodes_[i].is_idle()) idle.push_back(i);
        if (idle.empty()) return;
        const std::size_t chosen = idle[choices_.below(static_cast<std::uint32_t>(idle.size()))];
        Node& node = nodes_[chosen];
        node.reprovisioning = {.end_s = now_s + fleet_.reprovisioning_s[target], .target = target};
        ends_.push(node.reprovisioning->end_s);
        ScratchpadEvent event{.start_s = now_s,
                              .end_s = node.reprovisioning->end_s,
                              .amount = static_cast<std::int64_t>(node.gpus.size()),
                              .node = fleet_.nodes[chosen].id,
                              .kind = serving::FleetEvent::Reprovision,
                              .cause = serving::FleetCause::Reprovision};
        // The first GPU stands for all of the node.
        if (!node.gpus.empty()) {
            event.replica = node.gpus.front().place.replica;
            event.pool = fleet_.kind_of[fleet_.nodes[chosen].gpus.front()][target];
        }
        watcher_.changed(event);
    }

    [[nodiscard]] std::size_t choose(std::uint16_t model) {
        switch (fleet_.router) {
            case ScratchpadRouter::Random:
                return draw(candidates_);
            case ScratchpadRouter::LeastLoaded:
                return draw(best([](const Node& node) { return -node.running; }));
            case ScratchpadRouter::MostGpus:
                return draw(best([](const Node& node) { return node.free_gpus(); }));
            case ScratchpadRouter::FewestGpus:
                return draw(best([](const Node& node) { return -node.free_gpus(); }));
            case ScratchpadRouter::Affinity:
                break;
        }
        std::optional<std::size_t>& last = last_node_[model];
        const bool is_there = last && nodes_[*last].may_serve(model) && nodes_[*last].free_gpus() > 0;
        if (!is_there) last = draw(best([](const Node& node) { return -node.running; }));
        return *last;
    }

    [[nodiscard]] std::size_t draw(const std::vector<std::size_t>& among) {
        return among[draws_.below(static_cast<std::uint32_t>(among.size()))];
    }

    /// The candidates for which `value` is greatest.
    template <class Value>
    [[nodiscard]] std::vector<std::size_t> best(Value value) const {
        std::vector<std::size_t> found;
        for (const std::size_t candidate : candidates_) {
            const std::int64_t own = value(nodes_[candidate]);
            if (!found.empty() && own > value(nodes_[found.front()])) found.clear();
            if (found.empty() || own == value(nodes_[found.front()])) found.push_back(candidate);
        }
        return found;
    }

    void advance(Node& node, double now_s) {
        if (!node.is_loaded && node.load_end_s <= now_s) node.is_loaded = true;
        if (node.is_loaded) hand_over(node);
        for (Gpu& gpu : node.gpus) {
            if (now_s < gpu.busy_until_s || gpu.engine.is_at_rest()) continue;
            const ScratchpadIteration done = gpu.engine.step(now_s);
            if (done.kind == ScratchpadIteration::Kind::None) continue;
            gpu.busy_until_s = done.end_s;
            ends_.push(done.end_s);
            node.running -= static_cast<std::int64_t>(done.finished.size());
            watcher_.iterated(gpu.place, done);
        }
    }

    /// To the first GPU on which nothing runs: all of them, for what is handed over does not run yet.
    static void hand_over(Node& node) {
        if (node.waiting.empty()) return;
        const auto free =
            std::find_if(node.gpus.begin(), node.gpus.end(), [](const Gpu& gpu) { return gpu.engine.running() == 0; });
        if (free == node.gpus.end()) return;
        std::vector<ScratchpadRequest*> others;  // their model went away
        for (ScratchpadRequest* request : node.waiting) {
            if (request->model != node.model) {
                others.push_back(request);
                continue;
            }
            request->replica = free->place.replica;
            free->engine.add(*request);
            ++node.running;
        }
        node.waiting = std::move(others);
    }

    [[nodiscard]] bool is_done() const {
        if (next_ < requests_.size() || !held_.empty()) return false;
        return std::all_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
            return !node.reprovisioning && node.waiting.empty() && node.running == 0;
        });
    }

    [[nodiscard]] std::optional<double> next_instant(double now_s) {
        while (!ends_.empty() && ends_.top() <= now_s)
            ends_.pop();
        std::optional<double> next_s;
        if (!ends_.empty()) next_s = ends_.top();
        if (next_ < requests_.size() && (!next_s || requests_[next_].arrival_s < *next_s))
            next_s = requests_[next_].arrival_s;
        return next_s;
    }

    const ScratchpadFleet& fleet_;
    std::span<ScratchpadRequest> requests_;
    workload::ScratchpadDraws& draws_;
    workload::PythonDraws choices_;
    ScratchpadWatcher& watcher_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> first_replica_;  ///< by node
    std::uint32_t gpus_ = 0;
    std::size_t next_ = 0;                               ///< of the requests: the first that has not arrived
    std::vector<ScratchpadRequest*> held_;               ///< arrived, and no node has their model
    std::vector<std::optional<std::size_t>> last_node_;  ///< by model, for affinity
    std::vector<std::size_t> candidates_;                ///< scratch
    std::priority_queue<double, std::vector<double>, std::greater<>> ends_;  ///< of iterations, loads, re-provisionings
};

}  // namespace

double run_scratchpad_nodes(const ScratchpadFleet& fleet, std::span<ScratchpadRequest> requests,
                            workload::ScratchpadDraws& draws, ScratchpadWatcher& watcher, double until_s) {
    return Driver(fleet, requests, draws, watcher).run(until_s);
}

}  // namespace regatta::control
