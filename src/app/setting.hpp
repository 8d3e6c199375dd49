#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "regatta/engine/partition.hpp"
#include "regatta/scenario/registries.hpp"
#include "regatta/transport/session.hpp"

namespace regatta::app {

class StopSignals;

/// What every command of `regatta` works with.
struct Setting {
    std::string catalogue_directory;
    const scenario::Registries& registries;
    transport::Session& session;
    StopSignals* signals = nullptr;  ///< null: none is heeded
    /// Which rank gets which part of a fleet. Results are the same whatever it says.
    std::function<engine::Partition(const engine::Model&, std::uint32_t ranks)> partitioner = engine::partition_by_load;
};

}  // namespace regatta::app
