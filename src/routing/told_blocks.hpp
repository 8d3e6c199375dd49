#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"
#include "routing/least_tree.hpp"

namespace regatta::routing {

/// KV blocks in use at each replica, as far as completions told one gateway: what was in use when the last request of
/// this gateway ended there, and on top the prompts of its own dispatches that reached the replica since or are on
/// their way. Where nothing has ended yet, its own dispatches alone.
class ToldBlocks {
public:
    explicit ToldBlocks(std::uint32_t replicas) : replicas_(replicas) {}

    [[nodiscard]] std::uint32_t replicas() const { return static_cast<std::uint32_t>(replicas_.size()); }
    [[nodiscard]] std::uint64_t load(std::uint32_t replica) const {
        return replicas_[replica].told_blocks + replicas_[replica].own_blocks;
    }
    /// A request whose prompt takes `blocks` reaches `replica` at `arrives_at`, not before what was sent there earlier.
    void dispatched(std::uint32_t replica, std::uint32_t blocks, SimTime arrives_at);
    /// `blocks` were in use at `at`, before anything that arrived then.
    void told(std::uint32_t replica, std::uint32_t blocks, SimTime at);
    /// Linear only in the first call.
    [[nodiscard]] std::uint32_t least(std::uint32_t start);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& replicas_& dispatches_& first_free_;
        if constexpr (Archive::is_loading::value) tree_.reset();
    }

private:
    static constexpr std::uint32_t kNone = UINT32_MAX;

    struct Replica {
        std::uint64_t own_blocks = 0;  ///< of its dispatches, below
        std::uint32_t told_blocks = 0;
        std::uint32_t first = kNone;  ///< of its dispatches, in order of arrival
        std::uint32_t last = kNone;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& own_blocks& told_blocks& first& last;
        }
    };
    /// One that nothing told has covered yet. Memory follows what is outstanding.
    struct Dispatch {
        SimTime arrives_at;
        std::uint32_t blocks = 0;
        std::uint32_t next = kNone;  ///< of the same replica, or among the free ones

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& arrives_at& blocks& next;
        }
    };
    [[nodiscard]] std::uint32_t new_dispatch(const Dispatch& dispatch);

    std::vector<Replica> replicas_;
    std::vector<Dispatch> dispatches_;
    std::uint32_t first_free_ = kNone;
    std::optional<LeastTree> tree_;  ///< made by the first least()
};

}  // namespace regatta::routing
