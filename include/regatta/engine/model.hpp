#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/engine/logical_process.hpp"

namespace regatta::engine {

using GroupId = Id<struct GroupTag, std::uint16_t>;

/// Logical processes of one kind: numbered one after the other, made on the rank that gets them.
struct Group {
    std::string name;  ///< singular, as people read it in messages: "node"
    std::uint32_t count = 0;
    double load = 1;  ///< expected work of each, in any unit that is the same for all groups
    std::function<std::unique_ptr<LogicalProcess>(std::uint32_t index, LpId id)> make;
};

/// Members of `from` may send to members of `to`, not faster than `latency`.
struct Link {
    GroupId from;
    GroupId to;
    SimTime latency;
    /// The one class of message it carries, if it is known: lets promises tell inputs apart. kWakeUp: any.
    EventClass carries = kWakeUp;
};

/// Stands for a board that changes, where a reaction names what a process reacts to.
inline constexpr EventClass kBoardChange = 255;

/// A promise: what a member of `group` gets as a message of class `input` (or as kBoardChange) makes it send nothing to
/// members of `to` sooner than `least` after; never: nothing at all. Wake-ups are what makes it send, at once.
/// A promise that is broken stops the run as a causality error.
struct Reaction {
    GroupId group;
    EventClass input = kBoardChange;
    GroupId to;
    SimTime least;
};

/// See BoardId. Reported at `period`, 2 * `period`, ...; read `latency` later.
struct Board {
    GroupId from;
    GroupId to;
    SimTime period;
    SimTime latency;
    std::uint32_t entries = 0;
    /// Members say what they report whenever it changes (Context::publish), and are not asked: costs what changes, not
    /// what there is.
    bool is_published = false;
};

/// What is simulated, as every rank describes it: groups, links, boards. Knows no ranks.
class Model {
public:
    GroupId add_group(Group group);
    /// `latency` >= 0; zero makes one island of the two groups, which no partition splits.
    void add_link(const Link& link);
    /// `latency` > 0 and a link latency of its own: it bounds how far ahead ranks may run.
    BoardId add_board(const Board& board);
    void add_reaction(const Reaction& reaction);
    /// Members of these groups are sampled at 0, `period`, 2 * `period`, ...
    void sample_every(SimTime period, std::vector<GroupId> groups);

    [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
    [[nodiscard]] const std::vector<Link>& links() const { return links_; }
    [[nodiscard]] const std::vector<Board>& boards() const { return boards_; }
    /// The least promised time from `input` to a send from `group` to `to`; 0 where nothing is promised.
    [[nodiscard]] SimTime reaction(GroupId group, EventClass input, GroupId to) const;
    [[nodiscard]] std::optional<SimTime> sample_period() const { return sample_period_; }
    [[nodiscard]] bool is_sampled(GroupId group) const;
    [[nodiscard]] std::uint32_t process_count() const { return first_id_.back(); }
    [[nodiscard]] LpId id_of(GroupId group, std::uint32_t index) const;
    [[nodiscard]] GroupId group_of(LpId id) const;
    /// "node 17": for messages to people.
    [[nodiscard]] std::string name_of(LpId id) const;
    /// The least latency of a link from group to group; none when there is no link.
    [[nodiscard]] std::optional<SimTime> latency(GroupId from, GroupId to) const;

private:
    std::vector<Group> groups_;
    std::vector<std::uint32_t> first_id_ = {0};  ///< of each group, and the total
    std::vector<Link> links_;
    std::vector<Board> boards_;
    std::vector<Reaction> reactions_;
    std::optional<SimTime> sample_period_;
    std::vector<GroupId> sampled_;
};

}  // namespace regatta::engine
