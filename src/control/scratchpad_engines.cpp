#include "control/scratchpad_engines.hpp"

#include <algorithm>

#include "control/scratchpad_ticks.hpp"

namespace regatta::control {
namespace {

using serving::ScratchpadEngine;
using serving::ScratchpadIteration;
using serving::ScratchpadRequest;

/// It gives up after so long without a finished request [s].
constexpr double kPatience = 300;

struct Engine {
    ScratchpadEngine engine;
    ScratchpadPlace place;
    std::uint16_t model = 0;
    double clock_s = 0;  ///< when it is to step next
    bool is_in_service = true;

    [[nodiscard]] bool is_empty() const { return engine.waiting() == 0 && engine.running() == 0; }
};

class Driver {
public:
    Driver(const ScratchpadFleet& fleet, std::span<ScratchpadRequest> requests, workload::ScratchpadDraws& draws,
           ScratchpadWatcher& watcher)
        : fleet_(fleet), requests_(requests), draws_(draws), watcher_(watcher) {
        for (const ScratchpadEngines& group : fleet.engines)
            add_engines(group.kind, group.count);
    }

    double run(double until_s) {
        while (now_s_ < until_s) {
            step_engines();
            if (!is_done()) skip_idle_ticks();
            now_s_ = std::min_element(engines_.begin(), engines_.end(), by_clock)->clock_s;
            for (; next_change_ < fleet_.changes.size() && fleet_.changes[next_change_].at_s <= now_s_; ++next_change_)
                if (const ScratchpadChange& change = fleet_.changes[next_change_]; change.count > 0)
                    add_engines(change.kind, static_cast<std::uint32_t>(change.count));
            for (; next_ < requests_.size() && requests_[next_].arrival_s <= now_s_; ++next_)
                route(requests_[next_]);
            if (has_finished_) last_progress_s_ = now_s_;
            has_finished_ = false;
            if (now_s_ - last_progress_s_ > kPatience || is_done()) break;
        }
        return std::min(now_s_, until_s);
    }

private:
    static bool by_clock(const Engine& a, const Engine& b) { return a.clock_s < b.clock_s; }

    void add_engines(std::uint16_t kind, std::uint32_t count) {
        const ScratchpadKind& facts = fleet_.kinds[kind];
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto number = static_cast<std::uint32_t>(engines_.size());
            const ScratchpadPlace place{.replica = number, .node = number, .kind = kind};
            engines_.push_back({ScratchpadEngine(*facts.times, facts.blocks), place, facts.model});
            watcher_.made(place, now_s_);
        }
    }

    void step_engines() {
        for (Engine& engine : engines_) {
            if (engine.clock_s > now_s_) continue;
            const ScratchpadIteration done = engine.engine.step(engine.clock_s);
            if (done.kind == ScratchpadIteration::Kind::None) {
                engine.clock_s += kScratchpadTick;
                continue;
            }
            engine.clock_s = done.end_s;
            has_finished_ = has_finished_ || !done.finished.empty();
            watcher_.iterated(engine.place, done);
        }
    }

    /// Clocks of engines that have nothing to do go on to where something may happen: a step of another, an arrival, a
    /// change, the end of patience. In between ticks change nothing.
    void skip_idle_ticks() {
        double next_s = last_progress_s_ + kPatience;
        if (has_finished_) next_s = now_s_ + kPatience;
        if (next_ < requests_.size()) next_s = std::min(next_s, requests_[next_].arrival_s);
        if (next_change_ < fleet_.changes.size()) next_s = std::min(next_s, fleet_.changes[next_change_].at_s);
        for (const Engine& engine : engines_)
            if (!engine.engine.is_at_rest()) next_s = std::min(next_s, engine.clock_s);
        for (Engine& engine : engines_)
            if (engine.engine.is_at_rest()) engine.clock_s = first_tick_from(engine.clock_s, next_s);
    }

    void route(ScratchpadRequest& request) {
        std::vector<Engine*> candidates;
        for (Engine& engine : engines_)
            if (engine.model == request.model && engine.is_in_service) candidates.push_back(&engine);
        if (candidates.empty()) {
            take_out_of_service();
            request.is_lost = true;
            request.end_s = now_s_;
            return;
        }
        Engine& chosen = *candidates[draws_.below(static_cast<std::uint32_t>(candidates.size()))];
        request.received_s = now_s_;
        request.replica = chosen.place.replica;
        request.node = chosen.place.node;
        chosen.engine.add(request);
    }

    /// It would load another model onto an idle engine, and die when that has ended. Here the engine does not come
    /// back.
    void take_out_of_service() {
        std::vector<Engine*> idle;
        for (Engine& engine : engines_)
            if (engine.is_in_service && engine.is_empty()) idle.push_back(&engine);
        if (!idle.empty()) idle[choices_.below(static_cast<std::uint32_t>(idle.size()))]->is_in_service = false;
    }

    [[nodiscard]] bool is_done() const {
        return next_ == requests_.size() &&
               std::all_of(engines_.begin(), engines_.end(), [](const Engine& engine) { return engine.is_empty(); });
    }

    const ScratchpadFleet& fleet_;
    std::span<ScratchpadRequest> requests_;
    workload::ScratchpadDraws& draws_;
    workload::PythonDraws choices_;
    ScratchpadWatcher& watcher_;
    std::vector<Engine> engines_;
    double now_s_ = 0;  ///< goes back when engines are added
    double last_progress_s_ = 0;
    bool has_finished_ = false;  ///< since the last instant
    std::size_t next_ = 0;
    std::size_t next_change_ = 0;
};

}  // namespace

double run_scratchpad_engines(const ScratchpadFleet& fleet, std::span<ScratchpadRequest> requests,
                              workload::ScratchpadDraws& draws, ScratchpadWatcher& watcher, double until_s) {
    return Driver(fleet, requests, draws, watcher).run(until_s);
}

}  // namespace regatta::control
