#pragma once

#include <string>
#include <vector>

#include "app/setting.hpp"

namespace CLI {
class App;
}

namespace regatta::app {

/// `regatta catalog`: what a scenario can name.
struct CatalogArguments {
    std::string kind = "all";
    std::string name;                ///< empty: all of the kind
    std::string filter;              ///< empty: everything
    std::vector<std::string> files;  ///< of the user's, over the shipped catalogue
    bool is_json = false;
    bool shows_sources = false;
};
void declare_catalog(CLI::App& program, CatalogArguments& arguments);
/// Collective over the session's ranks; rank 0 speaks. Returns the exit code.
[[nodiscard]] int show_catalog(const CatalogArguments& arguments, const Setting& setting);

}  // namespace regatta::app
