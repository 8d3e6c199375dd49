#include "regatta/engine/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::engine {

GroupId Model::add_group(Group group) {
    const std::uint64_t total = std::uint64_t{first_id_.back()} + group.count;
    REGATTA_CHECK(total < UINT32_MAX, fmt::format("{} logical processes are too many", total));
    // A load that is no number would keep the partitioner looking for the least one for ever.
    REGATTA_CHECK(std::isfinite(group.load) && group.load >= 0,
                  fmt::format("group {} has a load of {}", group.name, group.load));
    groups_.push_back(std::move(group));
    first_id_.push_back(static_cast<std::uint32_t>(total));
    return GroupId(static_cast<std::uint16_t>(groups_.size() - 1));
}

void Model::add_link(const Link& link) {
    REGATTA_CHECK(link.latency >= SimTime(), "a link latency is not negative");
    links_.push_back(link);
}

BoardId Model::add_board(const Board& board) {
    REGATTA_CHECK(board.period > SimTime() && board.latency > SimTime(), "a board has a period and a latency");
    boards_.push_back(board);
    return BoardId(static_cast<std::uint16_t>(boards_.size() - 1));
}

void Model::add_reaction(const Reaction& reaction) {
    REGATTA_CHECK(reaction.input != kWakeUp, "wake-ups make processes send at once");
    reactions_.push_back(reaction);
}

SimTime Model::reaction(GroupId group, EventClass input, GroupId to) const {
    for (const Reaction& reaction : reactions_)
        if (reaction.group == group && reaction.input == input && reaction.to == to) return reaction.least;
    return {};
}

void Model::sample_every(SimTime period, std::vector<GroupId> groups) {
    REGATTA_CHECK(period > SimTime(), "a sampling period is positive");
    sample_period_ = period;
    sampled_ = std::move(groups);
}

bool Model::is_sampled(GroupId group) const {
    return std::find(sampled_.begin(), sampled_.end(), group) != sampled_.end();
}

LpId Model::id_of(GroupId group, std::uint32_t index) const {
    return LpId(first_id_[group.index()] + index);
}

GroupId Model::group_of(LpId id) const {
    const auto after = std::upper_bound(first_id_.begin(), first_id_.end(), id.value());
    return GroupId(static_cast<std::uint16_t>(after - first_id_.begin() - 1));
}

std::string Model::name_of(LpId id) const {
    const GroupId group = group_of(id);
    return fmt::format("{} {}", groups_[group.index()].name, id.value() - first_id_[group.index()]);
}

std::optional<SimTime> Model::latency(GroupId from, GroupId to) const {
    std::optional<SimTime> least;
    for (const Link& link : links_)
        if (link.from == from && link.to == to && (!least || link.latency < *least)) least = link.latency;
    return least;
}

}  // namespace regatta::engine
