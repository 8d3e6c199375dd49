#include "routing/least_over_report.hpp"

#include <string>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

namespace {

std::uint64_t raised_number(std::uint32_t load, std::uint32_t replica) {
    return (std::uint64_t{load} << 32) | replica;
}

std::uint32_t load_of(std::uint64_t raised) {
    return static_cast<std::uint32_t>(raised >> 32);
}

std::uint32_t replica_of(std::uint64_t raised) {
    return static_cast<std::uint32_t>(raised);
}

}  // namespace

void LeastOverReport::begin(const ReportIndex& index) {
    index_ = &index;
    level_ = 0;
    last_place_ = 0;
    behind_.clear();
    while (!raised_.empty())
        spare_.push_back(raised_.extract(raised_.begin()));
}

void LeastOverReport::raise(std::uint32_t replica, const Raise& by) {
    const std::uint64_t raised = raised_number(load_sum(by.reported, by.own), replica);
    if (by.own_before > 0) {
        auto node = raised_.extract(raised_number(load_sum(by.reported, by.own_before), replica));
        REGATTA_CHECK(!node.empty(), "replica " + std::to_string(replica) + " was raised to " + std::to_string(by.own) +
                                         " over a report out of turn");
        node.value() = raised;
        raised_.insert(std::move(node));
        return;
    }
    const std::uint32_t place =
        index_->replica_at(last_place_) == replica ? last_place_ : index_->place_of(replica, by.reported);
    behind_[place] = place + 1;
    if (spare_.empty()) {
        raised_.insert(raised);
    } else {
        spare_.back().value() = raised;
        raised_.insert(std::move(spare_.back()));
        spare_.pop_back();
    }
}

std::uint32_t LeastOverReport::least(std::uint32_t start) {
    const std::optional<std::uint32_t> open = first_open(start);
    if (raised_.empty()) return open.value();
    const std::uint32_t lowest_raised = load_of(*raised_.begin());
    if (!open) return first_raised(lowest_raised, start);
    const std::uint32_t lowest_open = index_->levels()[level_].load;
    if (lowest_open < lowest_raised) return *open;
    const std::uint32_t raised = first_raised(lowest_raised, start);
    if (lowest_raised < lowest_open) return raised;
    // Equal loads: whichever comes first on the way round.
    const auto steps_to = [&](std::uint32_t replica) {
        return replica >= start ? replica - start : index_->replicas() - start + replica;
    };
    return steps_to(*open) < steps_to(raised) ? *open : raised;
}

/// Of the replicas that are not raised, by the same rule.
std::optional<std::uint32_t> LeastOverReport::first_open(std::uint32_t start) {
    for (; level_ < index_->levels().size(); ++level_) {
        const ReportIndex::Level& level = index_->levels()[level_];
        std::uint32_t open = next_open(place_from(level, start));
        if (open >= level.end_place) open = next_open(level.first_place);
        if (open >= level.end_place) continue;
        last_place_ = open;
        return index_->replica_at(open);
    }
    return std::nullopt;
}

std::uint32_t LeastOverReport::place_from(const ReportIndex::Level& level, std::uint32_t start) const {
    const std::uint32_t next = last_place_ + 1;
    const bool goes_on = last_place_ >= level.first_place && last_place_ < level.end_place &&
                         index_->replica_at(last_place_) < start &&
                         (next == level.end_place || index_->replica_at(next) >= start);
    return goes_on ? next : index_->place_from(level, start);
}

/// The first place at or after `place` that is not taken, which may lie on a higher level; the end if there is none.
std::uint32_t LeastOverReport::next_open(std::uint32_t place) {
    std::uint32_t open = place;
    while (const std::uint32_t behind = behind_.of(open))
        open = behind;
    while (place != open)
        place = std::exchange(behind_[place], open);
    return open;
}

std::uint32_t LeastOverReport::first_raised(std::uint32_t level, std::uint32_t start) const {
    const auto found = raised_.lower_bound(raised_number(level, start));
    const bool is_there = found != raised_.end() && load_of(*found) == level;
    return replica_of(is_there ? *found : *raised_.begin());
}

}  // namespace regatta::routing
