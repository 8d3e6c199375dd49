#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "regatta/serving/load.hpp"

namespace regatta::routing {

class Availability;
class LoadView;
class PoolView;

/// A load and what it is measured by: two replicas of different size compare by load / size, exactly.
struct Share {
    std::uint64_t load = 0;
    std::uint64_t size = 1;  ///< above 0

    friend bool operator<(const Share& a, const Share& b) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<Wide>(a.load) * b.size < static_cast<Wide>(b.load) * a.size;
    }
};

/// The replicas that a router chooses among, with what its gateway knows of them: those of one pool, or of all pools
/// that serve a model, numbered through from pool to pool.
class Candidates {
public:
    /// At least one pool; they must outlive this.
    explicit Candidates(std::span<PoolView* const> pools);

    [[nodiscard]] std::uint32_t replicas() const { return pools_.back().end; }
    [[nodiscard]] std::size_t pools() const { return pools_.size(); }

    // Replicas come and go in some fleets. A router that looks away chooses among all; the gateway then takes the next
    // available one.
    /// Whether all are available. If not, those that are: at least one while a router is asked.
    [[nodiscard]] bool is_whole() const;
    [[nodiscard]] std::uint32_t available() const;
    [[nodiscard]] std::uint32_t available_in(std::size_t pool) const;
    [[nodiscard]] bool is_available(std::uint32_t candidate) const;
    /// The candidate that has `n` < available() available ones before it; of one pool: among the pool's. Logarithmic.
    [[nodiscard]] std::uint32_t nth_available(std::uint32_t n) const;
    [[nodiscard]] std::uint32_t nth_available_in(std::size_t pool, std::uint32_t n) const;
    /// The first at or after `candidate`, wrapping round.
    [[nodiscard]] std::uint32_t next_available(std::uint32_t candidate) const;

    struct Place {
        std::size_t pool = 0;       ///< among the candidates' pools
        std::uint32_t replica = 0;  ///< within it
    };
    /// `candidate` < replicas().
    [[nodiscard]] Place place_of(std::uint32_t candidate) const {
        const Pool* pool = pool_of(candidate);
        return {.pool = static_cast<std::size_t>(pool - pools_.data()), .replica = candidate - pool->begin};
    }
    /// What the gateway knows of `candidate` < replicas(). The load must be among those that the router said it looks
    /// at.
    [[nodiscard]] std::uint64_t load(serving::Load load, std::uint32_t candidate) const;
    /// The candidate with the smallest load / sizes[pool]; of several, the first at or after `start`, wrapping round.
    /// Logarithmic in the number of replicas, as LoadView::least is, and linear in that of pools.
    [[nodiscard]] std::uint32_t least(serving::Load load, std::uint32_t start,
                                      std::span<const std::uint64_t> sizes) const;

private:
    struct Pool {
        std::uint32_t begin = 0;  ///< candidates of this pool
        std::uint32_t end = 0;
        const Availability* available = nullptr;            ///< null: all are, always
        std::array<LoadView*, serving::kLoads> views = {};  ///< by load; null: nobody said that he would look

        [[nodiscard]] LoadView& known(serving::Load load) const {
            LoadView* view = views[serving::index_of(load)];
            if (view == nullptr) [[unlikely]]
                fail_unknown(load);
            return *view;
        }
    };
    [[nodiscard]] const Pool* pool_of(std::uint32_t candidate) const {
        const Pool* pool = pools_.data();
        while (candidate >= pool->end)
            ++pool;
        return pool;
    }
    [[noreturn]] static void fail_unknown(serving::Load load);

    std::vector<Pool> pools_;
};

}  // namespace regatta::routing
