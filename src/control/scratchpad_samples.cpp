#include "control/scratchpad_samples.hpp"

#include <algorithm>

namespace regatta::control {

serving::ReplicaSample& ScratchpadSamples::at(std::vector<serving::ReplicaSample>& changes, std::int64_t index) {
    const auto place = static_cast<std::size_t>(index);
    if (place >= changes.size()) changes.resize(place + 1);
    return changes[place];
}

void ScratchpadSamples::add(const Group& group, std::int64_t serving::ReplicaSample::*quantity, std::int64_t from_ns,
                            std::int64_t to_ns, std::int64_t value) {
    State& state = groups_[group];
    // The first sample after `from`, and the first after `to`.
    const std::int64_t first = from_ns / period_.ns() + 1;
    const std::int64_t last = std::min(to_ns, until_.ns()) / period_.ns() + 1;
    if (first >= last) return;
    at(state.changes, first).*quantity += value;
    // What lasts to the end of a run that goes on until all is done has no last sample.
    if (to_ns < SimTime::never().ns()) at(state.changes, last).*quantity -= value;
}

void ScratchpadSamples::tell(SimTime at, serving::RecordSink& sink) {
    const auto index = static_cast<std::size_t>(at.ns() / period_.ns());
    for (auto& [group, state] : groups_) {
        if (index < state.changes.size()) state.now += state.changes[index];
        sink.sample(group.first, group.second, at, state.now);
    }
}

}  // namespace regatta::control
