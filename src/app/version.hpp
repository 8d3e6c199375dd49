#pragma once

#include <string>

namespace regatta::app {

/// "regatta 0.1.0 (a1b2c3d, Release)".
[[nodiscard]] std::string version_text();

}  // namespace regatta::app
