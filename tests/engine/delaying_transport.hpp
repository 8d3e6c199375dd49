#pragma once

#include <cstdint>
#include <functional>

#include "delaying_network.hpp"

namespace regatta::engine::test {

/// Like run_on_ranks, with transports whose messages are held, overtake each other and come in batches by `seed`, and
/// whose ranks pause: all within what the contract of Transport, and MPI under it, allow. A rank leaves a call as soon
/// as it has what the call gives it, and may be calls ahead of others: the root of broadcasts, those that a gather
/// takes from.
DelayReport run_on_delayed_ranks(std::uint32_t ranks, std::uint64_t seed, const std::function<void(Transport&)>& body);

}  // namespace regatta::engine::test
