#pragma once

#include <string>

#include "app/command_description.hpp"

/// Scripts that complete commands, options, their words, files and directories. Each stands alone: no helper of a
/// distribution is called.
namespace regatta::app {

/// Of bash 4 and later.
[[nodiscard]] std::string bash_completion(const ProgramDescription& program);
/// A function that zsh finds by its name, "_regatta", in its function path.
[[nodiscard]] std::string zsh_completion(const ProgramDescription& program);
[[nodiscard]] std::string fish_completion(const ProgramDescription& program);

}  // namespace regatta::app
