#pragma once

#include <cstdint>

#include "regatta/engine/transport.hpp"

namespace regatta::engine::test {

struct TransportSuite {
    std::uint32_t rounds = 100;  ///< exchanges that reuse the same buffers
    std::uint64_t seed = 1;      ///< of the sizes and bytes
};

/// What every transport must do, called by all its ranks: expectations fail (GoogleTest) where it does not. All ranks
/// make the same calls whatever fails, so that none is left waiting.
void check_transport(Transport& transport, const TransportSuite& suite);

}  // namespace regatta::engine::test
