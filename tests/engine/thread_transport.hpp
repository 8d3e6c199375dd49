#pragma once

#include <cstdint>
#include <functional>

#include "regatta/engine/transport.hpp"

namespace regatta::engine::test {

/// Runs `body` once for each of `ranks` ranks, each in a thread of its own, with a transport that joins them through
/// memory: what takes several processes under MPI can be tested, and watched by a sanitizer, in one.
///
/// Returns when all have ended. Rethrows the exception that was thrown first. Never hangs: when one rank throws, or
/// ends while others still wait for it in a collective call, those others leave the call by an exception too.
void run_on_ranks(std::uint32_t ranks, const std::function<void(Transport&)>& body);

}  // namespace regatta::engine::test
