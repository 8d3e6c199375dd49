#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/engine/event.hpp"
#include "regatta/workload/request.hpp"

namespace regatta::serving {

/// Classes of the messages between gateways and nodes, in the order in which they count at one instant.
inline constexpr engine::EventClass kCompletionMessage = 1;
inline constexpr engine::EventClass kDispatchMessage = 2;
inline constexpr engine::EventClass kLostMessage = 3;   ///< a dispatch that came to nothing, back to its gateway
inline constexpr engine::EventClass kOrderMessage = 4;  ///< of a controller

/// A request on its way to a replica; the event's key is its id. The gateway is known from the sender.
struct Dispatch {
    std::int64_t arrival_ns = 0;
    std::uint64_t prefix = 0;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    std::uint16_t slot = 0;     ///< which of the node's replicas
    std::uint16_t attempt = 0;  ///< see Request
    std::uint16_t stream = 0;
    std::uint16_t adapter = 0;

    [[nodiscard]] static Dispatch of(const Request& request, std::uint32_t slot) {
        return {.arrival_ns = request.arrival.ns(),
                .prefix = request.prefix,
                .prompt_tokens = request.prompt_tokens,
                .output_tokens = request.output_tokens,
                .slot = static_cast<std::uint16_t>(slot),
                .attempt = request.attempt,
                .stream = request.stream.value(),
                .adapter = request.adapter};
    }
    [[nodiscard]] Request request(RequestId id, GatewayId gateway) const {
        return {.id = id,
                .arrival = SimTime::from_ns(arrival_ns),
                .prompt_tokens = prompt_tokens,
                .output_tokens = output_tokens,
                .stream = StreamId(stream),
                .attempt = attempt,
                .gateway = gateway,
                .adapter = adapter,
                .prefix = prefix};
    }
};
static_assert(sizeof(Dispatch) == engine::Event::kPayloadBytes);

/// Stands for KV blocks that a completion does not tell.
inline constexpr std::uint32_t kNotTold = UINT32_MAX;

/// A request has ended at a replica; the event's key is its id.
struct Completion {
    std::uint32_t replica = 0;  ///< within the pool
    PoolId pool;
    std::uint32_t prompt_tokens = 0;     ///< of the request
    std::uint32_t kv_blocks = kNotTold;  ///< in use at the replica once it had ended, at `at_ns`
    std::int64_t at_ns = 0;              ///< when it ended
};
static_assert(sizeof(Completion) <= engine::Event::kPayloadBytes);

}  // namespace regatta::serving
