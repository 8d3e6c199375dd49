#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "regatta/base/registry.hpp"

namespace regatta::routing {

class Admission;

/// Whose requests a rule looks at.
struct AdmissionTarget {
    std::vector<std::string> class_of_stream;
    std::uint32_t gateways = 1;  ///< each has a part of what a rule allows in all
};

using AdmissionFactory = std::unique_ptr<Admission> (*)(const AdmissionTarget&, const Parameters&);
using AdmissionRegistry = Registry<AdmissionFactory>;
[[nodiscard]] AdmissionRegistry built_in_admissions();

}  // namespace regatta::routing
