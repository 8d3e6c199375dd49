#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/time.hpp"
#include "regatta/serving/registry.hpp"
#include "regatta/serving/replica_scheduler.hpp"

namespace regatta::serving {

/// Who waits at a replica goes in by this.
enum class QueueOrder : std::uint8_t {
    Fcfs,           ///< by arrival at the replica; who was preempted before all others, the earliest admitted first
    Priority,       ///< by the stream's priority, smaller first, then by arrival at the gateway
    ShortestFirst,  ///< by the length of the prompt, then by arrival at the gateway
};

struct QueueRules {
    QueueOrder order = QueueOrder::Fcfs;
    std::optional<SimTime> max_waiting = {};      ///< until a request is in a batch for the first time
    std::vector<std::int64_t> class_limits = {};  ///< most running sequences by class; empty: no limits

    /// First come, first served, and nothing else to be seen to.
    [[nodiscard]] bool is_plain() const { return order == QueueOrder::Fcfs && !max_waiting && class_limits.empty(); }
};

/// What orders the requests that wait, or those that give way; the last tie is broken by the request's id.
struct QueueKey {
    std::int64_t precedence = 0;  ///< smaller goes first
    std::int64_t order = 0;
    std::uint64_t id = 0;

    friend auto operator<=>(const QueueKey&, const QueueKey&) = default;
    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& precedence& order& id;
    }
};

/// The waiting requests of a replica under rules that a plain list cannot keep, logarithmic in their number. Classes
/// whose limit is reached stand aside: others pass them.
class OrderedQueue {
public:
    /// `streams` must outlive the queue.
    OrderedQueue(const QueueRules& rules, std::span<const StreamTerms> streams);

    /// `slot` is the owner's name for the request. One that was scheduled before has been preempted.
    void push(std::uint32_t slot, const ServedRequest& served);
    /// The slot of the first whose class has room; none when nobody waits but for a class.
    [[nodiscard]] std::optional<std::uint32_t> first() const;
    /// Takes off what first() gave: it runs from now on.
    void admit_first();
    void stopped_running(const Request& request);
    /// Takes off whoever waits as `slot`.
    void erase(std::uint32_t slot, const Request& request);
    /// Whether `request`, were it pushed now for the first time, would be first().
    [[nodiscard]] bool would_be_first(const Request& request) const;

    /// Of the requests that wait and never ran, the soonest at which one has waited too long; never: none will.
    [[nodiscard]] SimTime deadline() const;
    /// Takes off a request whose deadline is `now`, if there is one left. Throws BugError when one has passed.
    [[nodiscard]] std::optional<std::uint32_t> take_expired(SimTime now);

    /// By Priority the running request with the largest of these gives way first.
    [[nodiscard]] QueueKey key_of(const Request& request) const;

    void save(OutArchive& archive) const;
    void load(InArchive& archive);

private:
    struct Entry {
        QueueKey key;
        SimTime deadline = {};
        std::uint32_t slot = 0;
        std::uint16_t line = 0;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& key& deadline& slot& line;
        }
    };
    struct ByKey {
        bool operator()(const Entry& a, const Entry& b) const { return a.key < b.key; }
    };
    struct ByDeadline {
        bool operator()(const Entry& a, const Entry& b) const {
            return a.deadline != b.deadline ? a.deadline < b.deadline : a.key.id < b.key.id;
        }
    };
    /// One class, or all of them where there are no limits.
    struct Line {
        std::set<Entry, ByKey> waiting;
        std::int64_t running = 0;
        std::int64_t limit = INT64_MAX;
    };

    [[nodiscard]] std::uint16_t line_of(const Request& request) const;
    [[nodiscard]] const Entry* first_entry() const;

    QueueOrder order_;
    std::optional<SimTime> max_waiting_;
    std::span<const StreamTerms> streams_;
    std::vector<Line> lines_;
    std::set<Entry, ByDeadline> deadlines_;
    std::vector<QueueKey> keys_;  ///< by slot: by what it waits, or waited last
    std::int64_t arrivals_ = 0;   ///< Fcfs: counts up
    std::int64_t returners_ = 0;  ///< Fcfs: counts down
};

}  // namespace regatta::serving
