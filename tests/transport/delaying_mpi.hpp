#pragma once

#include <cstdint>
#include <functional>

#include "delaying_network.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::transport::test {

/// Like engine::test::run_on_delayed_ranks, with the transport of the product: MpiTransport, over functions of MPI that
/// join threads through a network that delays. To a program that links this they take the place of the library's.
///
/// They do what MPI allows and no implementation on one machine does: a message of any size may be sent without its
/// receiver or only when the receiver asks, and is then read from the sender's memory; who asks for messages of anyone
/// gets them in any order; broadcasts do not make ranks wait for each other, and reductions no more than they must.
///
/// Throws std::logic_error also when a message was received by nobody, or is longer than what is to hold it.
engine::test::DelayReport run_on_delayed_mpi(std::uint32_t ranks, std::uint64_t seed,
                                             const std::function<void(engine::Transport&)>& body);

}  // namespace regatta::transport::test
