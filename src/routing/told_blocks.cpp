#include "routing/told_blocks.hpp"

#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

std::uint32_t ToldBlocks::new_dispatch(const Dispatch& dispatch) {
    if (first_free_ == kNone) {
        dispatches_.push_back(dispatch);
        return static_cast<std::uint32_t>(dispatches_.size() - 1);
    }
    const std::uint32_t index = first_free_;
    first_free_ = dispatches_[index].next;
    dispatches_[index] = dispatch;
    return index;
}

void ToldBlocks::dispatched(std::uint32_t replica, std::uint32_t blocks, SimTime arrives_at) {
    Replica& at = replicas_[replica];
    REGATTA_CHECK(at.first == kNone || dispatches_[at.last].arrives_at <= arrives_at,
                  "a request overtakes another on the way to replica " + std::to_string(replica));
    const std::uint32_t index = new_dispatch({.arrives_at = arrives_at, .blocks = blocks});
    (at.first == kNone ? at.first : dispatches_[at.last].next) = index;
    at.last = index;
    at.own_blocks += blocks;
    if (tree_) tree_->set(replica, load(replica));
}

void ToldBlocks::told(std::uint32_t replica, std::uint32_t blocks, SimTime at) {
    Replica& about = replicas_[replica];
    while (about.first != kNone && dispatches_[about.first].arrives_at < at) {
        Dispatch& covered = dispatches_[about.first];
        about.own_blocks -= covered.blocks;
        const std::uint32_t next = covered.next;
        covered.next = first_free_;
        first_free_ = about.first;
        about.first = next;
    }
    about.told_blocks = blocks;
    if (tree_) tree_->set(replica, load(replica));
}

std::uint32_t ToldBlocks::least(std::uint32_t start) {
    if (!tree_) {
        std::vector<std::uint64_t> loads;
        loads.reserve(replicas_.size());
        for (std::uint32_t replica = 0; replica < replicas(); ++replica)
            loads.push_back(load(replica));
        tree_.emplace(loads);
    }
    return tree_->least_from(start);
}

}  // namespace regatta::routing
