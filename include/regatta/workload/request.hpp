#pragma once

#include <cstdint>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"

namespace regatta {

/// One prompt with the answer it will get. Class, tenant, priority and targets follow from the stream; session and turn
/// are encoded in the id; all optional facts have a value that means "none".
struct Request {
    RequestId id;
    SimTime arrival;                  ///< at the gateway
    std::uint32_t prompt_tokens = 0;  ///< at least 1
    std::uint32_t output_tokens = 0;  ///< at least 1
    StreamId stream;
    std::uint16_t attempt = 0;  ///< how often it has been sent before, and was lost
    GatewayId gateway;          ///< the one that owns its arrival and dispatches it
    std::uint16_t adapter = 0;  ///< LoRA adapter, 0: none
    std::uint64_t prefix = 0;   ///< handle of the prompt's shared prefix, 0: none

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& id& arrival& prompt_tokens& output_tokens& gateway;
        serialize_mostly_zero(archive, stream, attempt, adapter, prefix);
    }
};

}  // namespace regatta
