#pragma once

#include "regatta/engine/transport.hpp"

namespace regatta::engine::test {

/// The ranks that this test program was started on.
[[nodiscard]] Transport& mpi_transport();

}  // namespace regatta::engine::test
