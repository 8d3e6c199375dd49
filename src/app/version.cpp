#include "app/version.hpp"

#include <fmt/format.h>

namespace regatta::app {

std::string version_text() {
    return fmt::format("regatta {} ({}, {})", REGATTA_VERSION, REGATTA_COMMIT, REGATTA_BUILD_TYPE);
}

}  // namespace regatta::app
