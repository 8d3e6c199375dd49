#pragma once

#include <cstdint>
#include <memory>

#include "regatta/base/registry.hpp"
#include "regatta/control/autoscaler.hpp"
#include "regatta/control/reprovisioner.hpp"

namespace regatta::control {

/// What a policy is made for.
struct ControlTarget {
    std::uint64_t seed = 0;
};

using AutoscalerFactory = std::unique_ptr<Autoscaler> (*)(const ControlTarget&, const Parameters&);
using AutoscalerRegistry = Registry<AutoscalerFactory>;
[[nodiscard]] AutoscalerRegistry built_in_autoscalers();

using ReprovisionerFactory = std::unique_ptr<Reprovisioner> (*)(const ControlTarget&, const Parameters&);
using ReprovisionerRegistry = Registry<ReprovisionerFactory>;
[[nodiscard]] ReprovisionerRegistry built_in_reprovisioners();

}  // namespace regatta::control
