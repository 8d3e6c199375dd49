#include "engine/agenda.hpp"

#include <algorithm>
#include <cstddef>

#include "regatta/base/errors.hpp"

namespace regatta::engine {

namespace {

SimTime earliest(const std::vector<SimTime>& times) {
    return times.empty() ? SimTime::never() : *std::min_element(times.begin(), times.end());
}

}  // namespace

Agenda::Agenda(const Model& model, const Tiers& tiers, std::uint32_t tier) : model_(&model) {
    for (std::size_t i = 0; i < model.groups().size(); ++i) {
        const GroupId group(static_cast<std::uint16_t>(i));
        if (tiers.of(group) == tier && model.sample_period() && model.is_sampled(group)) next_sample_ = SimTime();
    }
    for (const Board& board : model.boards()) {
        next_reports_.push_back(tiers.of(board.from) == tier ? board.period : SimTime::never());
        next_changes_.push_back(tiers.of(board.to) == tier ? board.period + board.latency : SimTime::never());
    }
    find_next_time();
}

void Agenda::find_next_time() {
    next_time_ = next_sample_;
    for (const SimTime time : next_reports_)
        next_time_ = std::min(next_time_, time);
    for (const SimTime time : next_changes_)
        next_time_ = std::min(next_time_, time);
}

SimTime Agenda::next_report() const {
    return earliest(next_reports_);
}
SimTime Agenda::next_change() const {
    return earliest(next_changes_);
}

Agenda::Item Agenda::take() {
    Item item{.kind = Kind::Sample, .board = BoardId(), .at = next_time_};
    if (next_sample_ == next_time_) {
        next_sample_ += *model_->sample_period();
        find_next_time();
        return item;
    }
    for (const Kind kind : {Kind::Report, Kind::Change}) {
        std::vector<SimTime>& times = kind == Kind::Report ? next_reports_ : next_changes_;
        for (std::size_t i = 0; i < times.size(); ++i) {
            if (times[i] != next_time_) continue;
            item.kind = kind;
            item.board = BoardId(static_cast<std::uint16_t>(i));
            times[i] += model_->boards()[i].period;
            find_next_time();
            return item;
        }
    }
    throw BugError("the agenda has an instant without an item");
}

}  // namespace regatta::engine
