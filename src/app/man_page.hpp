#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/command_description.hpp"

namespace regatta::app {

/// What a manual page says beside what the declarations of the command line do: a name and a sentence each.
struct ManNotes {
    using Entries = std::vector<std::pair<std::string, std::string>>;
    Entries exit_codes;
    Entries environment;
    Entries files;
    std::vector<std::string> see_also;  ///< "mpirun(1)"
};

/// A page of section 1 in the macros of man(7), for `man` and whatever formats such pages. `date` may be empty.
[[nodiscard]] std::string man_page(const ProgramDescription& program, const ManNotes& notes, const std::string& version,
                                   const std::string& date);

}  // namespace regatta::app
