#pragma once

#include <string>

namespace regatta::scenario {

/// Vidur's configuration as JSON, in the nested form of its config.json, complete: what was left out has Vidur's
/// default. Every class of which one is chosen has its name under `name`. `text` is such a JSON document or a command
/// line. Throws InputError for keys and flags that Vidur does not have. Source: microsoft/vidur 7d47513,
/// vidur/config/config.py.
[[nodiscard]] std::string vidur_config(const std::string& text, const std::string& source);

}  // namespace regatta::scenario
