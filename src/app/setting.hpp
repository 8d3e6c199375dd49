#pragma once

#include <string>

#include "regatta/scenario/registries.hpp"
#include "regatta/transport/session.hpp"

namespace regatta::app {

/// What every command of `regatta` works with.
struct Setting {
    std::string catalogue_directory;
    const scenario::Registries& registries;
    transport::Session& session;
};

}  // namespace regatta::app
