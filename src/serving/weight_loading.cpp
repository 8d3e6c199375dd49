#include "serving/weight_loading.hpp"

#include <algorithm>
#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::serving {

namespace {

/// What takes longer never ends: 30 years, which a SimTime holds.
constexpr double kLongest_s = 1e9;

}  // namespace

void WeightLoads::begin(std::uint32_t slot, double bytes, std::uint32_t gpus, WeightSource source, SimTime now) {
    REGATTA_CHECK(bytes > 0 && gpus > 0, "slot " + std::to_string(slot) + " loads nothing");
    go_on_to(now);
    loads_.push_back({.slot = slot,
                      .source = source,
                      .bytes_left = bytes,
                      .most_bytes_per_s = gpus * rates_.host_link_bytes_per_s,
                      .end = SimTime::never()});
    share();
}

void WeightLoads::cancel(std::uint32_t slot, SimTime now) {
    go_on_to(now);
    std::erase_if(loads_, [slot](const Load& load) { return load.slot == slot; });
    share();
}

SimTime WeightLoads::next_end() const {
    SimTime next = SimTime::never();
    for (const Load& load : loads_)
        next = std::min(next, load.end);
    return next;
}

std::optional<std::uint32_t> WeightLoads::take_ended(SimTime now) {
    const auto ended = std::find_if(loads_.begin(), loads_.end(), [now](const Load& load) { return load.end <= now; });
    if (ended == loads_.end()) return std::nullopt;
    const std::uint32_t slot = ended->slot;
    go_on_to(now);
    loads_.erase(ended);
    share();
    return slot;
}

void WeightLoads::go_on_to(SimTime now) {
    for (Load& load : loads_)
        load.bytes_left = std::max(load.bytes_left - load.bytes_per_s * (now - as_of_).seconds(), 0.0);
    as_of_ = now;
}

void WeightLoads::share() {
    share(WeightSource::Disk, rates_.disk_bytes_per_s);
    share(WeightSource::Network, rates_.network_bytes_per_s);
    for (Load& load : loads_) {
        if (load.source == WeightSource::Host) load.bytes_per_s = load.most_bytes_per_s;
        load.end = as_of_ + SimTime::from_seconds(std::min(load.bytes_left / load.bytes_per_s, kLongest_s));
    }
}

/// Max-min fair: from the one that can take least to the one that can take most, each gets what is left over the number
/// of those left, or what it can take. Source: Bertsekas, Gallager, "Data Networks", 2nd ed., 1992, section 6.5.2.
void WeightLoads::share(WeightSource source, double bytes_per_s) {
    std::vector<Load*> sharing;
    for (Load& load : loads_)
        if (load.source == source) sharing.push_back(&load);
    std::stable_sort(sharing.begin(), sharing.end(),
                     [](const Load* a, const Load* b) { return a->most_bytes_per_s < b->most_bytes_per_s; });
    double left = bytes_per_s;
    for (std::size_t i = 0; i < sharing.size(); ++i) {
        sharing[i]->bytes_per_s =
            std::min(sharing[i]->most_bytes_per_s, left / static_cast<double>(sharing.size() - i));
        left -= sharing[i]->bytes_per_s;
    }
}

}  // namespace regatta::serving
