#include "routing/availability.hpp"

#include <bit>
#include <string>

#include "regatta/base/errors.hpp"
#include "serving/phase.hpp"

namespace regatta::routing {

Availability::Availability(const std::vector<bool>& at_start)
    : at_start_(at_start),
      replicas_(static_cast<std::uint32_t>(at_start.size())),
      members_(replicas_),
      sums_(at_start.size() + 1, 0) {
    for (std::uint32_t replica = 0; replica < replicas_; ++replica)
        if (at_start[replica]) set(replica, true);
}

void Availability::add(std::uint32_t replica, std::uint32_t by) {
    for (std::size_t i = replica + std::size_t{1}; i < sums_.size(); i += i & (~i + 1))
        sums_[i] += by;
}

void Availability::set(std::uint32_t replica, bool takes_requests) {
    if (has(replica) == takes_requests) return;
    ++version_;
    if (takes_requests) {
        members_.insert(replica);
        add(replica, 1);
        ++count_;
    } else {
        members_.erase(replica);
        add(replica, ~std::uint32_t{0});  // one less, modulo 2^32
        --count_;
    }
}

void Availability::told(std::span<const std::uint32_t> phases, SimTime tick) {
    if (tick == told_at_) return;
    told_at_ = tick;
    for (std::uint32_t replica = 0; replica < replicas_; ++replica) {
        const serving::Phase at_start = at_start_[replica] ? serving::Phase::Ready : serving::Phase::Off;
        set(replica, serving::phase_of(phases[replica], at_start) == serving::Phase::Ready);
    }
}

std::uint32_t Availability::nth(std::uint32_t n) const {
    REGATTA_CHECK(n < count_, "available replica " + std::to_string(n) + " of " + std::to_string(count_));
    std::size_t place = 0;
    for (std::size_t step = std::bit_floor(sums_.size()); step > 0; step /= 2) {
        if (place + step >= sums_.size() || sums_[place + step] > n) continue;
        place += step;
        n -= sums_[place];
    }
    return static_cast<std::uint32_t>(place);
}

}  // namespace regatta::routing
