#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/man_page.hpp"

namespace regatta::app {

/// Which page `reference` prints.
struct ReferenceArguments {
    std::string page;
    std::string shell;
};

/// Declares `reference` with the program's own `pages` (name and what it is; the first is the default) and those that
/// every program has: man and completion.
void declare_reference(CLI::App& program, const std::vector<std::pair<std::string, std::string>>& pages,
                       ReferenceArguments& arguments);

/// The page of the command line itself: man or completion; nothing when another page is wanted. Throws InputError for
/// an argument too many.
[[nodiscard]] std::optional<std::string> command_line_reference(const CLI::App& program,
                                                                const ReferenceArguments& arguments,
                                                                const ManNotes& notes);

}  // namespace regatta::app
