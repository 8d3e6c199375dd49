#include "engine/tiers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace regatta::engine {

Tiers::Tiers(const Model& model) {
    const std::size_t groups = model.groups().size();
    std::vector<std::size_t> joined(groups);  // each group's tier by the lowest group in it
    std::iota(joined.begin(), joined.end(), std::size_t{0});
    for (const Link& link : model.links()) {
        if (link.latency > SimTime()) continue;
        const std::size_t low = std::min(joined[link.from.index()], joined[link.to.index()]);
        const std::size_t high = std::max(joined[link.from.index()], joined[link.to.index()]);
        for (std::size_t& tier : joined)
            if (tier == high) tier = low;
    }
    std::vector<std::uint32_t> number(groups, UINT32_MAX);
    for (std::size_t group = 0; group < groups; ++group) {
        if (number[joined[group]] == UINT32_MAX) number[joined[group]] = count_++;
        of_group_.push_back(number[joined[group]]);
    }
    stride_.assign(count_, SimTime::never());
    is_island_.assign(count_, false);
    for (const Link& link : model.links()) {
        if (of(link.from) == of(link.to)) stride_[of(link.from)] = std::min(stride_[of(link.from)], link.latency);
        if (link.latency == SimTime()) is_island_[of(link.from)] = true;
    }
}

std::vector<Channel> channels_of(const Model& model, const Tiers& tiers) {
    std::vector<Channel> channels;
    for (const Link& link : model.links())
        channels.push_back({.from = link.from,
                            .to = link.to,
                            .from_tier = tiers.of(link.from),
                            .to_tier = tiers.of(link.to),
                            .latency = link.latency,
                            .is_board = false,
                            .board = BoardId(),
                            .carries = link.carries});
    for (std::size_t i = 0; i < model.boards().size(); ++i) {
        const Board& board = model.boards()[i];
        channels.push_back({.from = board.from,
                            .to = board.to,
                            .from_tier = tiers.of(board.from),
                            .to_tier = tiers.of(board.to),
                            .latency = board.latency,
                            .is_board = true,
                            .board = BoardId(static_cast<std::uint16_t>(i)),
                            .carries = kBoardChange});
    }
    return channels;
}

std::string name_of(const Channel& channel, const Model& model) {
    return fmt::format("{} -> {}{}", model.groups()[channel.from.index()].name, model.groups()[channel.to.index()].name,
                       channel.is_board ? " (reports)" : "");
}

}  // namespace regatta::engine
