#pragma once

#include <cstdint>

namespace regatta::timing {

/// How many of `experts` are used, on average, when each of `tokens` is routed to `per_token` different ones and all
/// are equally likely: E (1 - (1 - k/E)^T). Real routers are less even and use fewer. The same bits on every machine:
/// the power is made of multiplications, not by the C library.
[[nodiscard]] double expected_distinct_experts(std::int64_t experts, std::int64_t per_token, std::int64_t tokens);

}  // namespace regatta::timing
