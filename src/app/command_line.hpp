#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace regatta::app {

/// A file that grows beyond the limit of the process (ulimit -f) is an error like a full disk, and not the end of the
/// process by a signal. For main.
void ignore_file_size_signal();

/// Parses the command line of a program with subcommands. Throws InputError, in our words, for an unknown command or
/// option (with did-you-mean), a missing value, or one argument too many. Help and version: `answer` gets the text, and
/// the result is false; true when there is something to run.
[[nodiscard]] bool parse_command_line(CLI::App& program, int argument_count, char** arguments,
                                      const std::function<void(const std::string&)>& answer);

/// Runs `body` and turns what it throws into an exit code, telling `say` each line: 2 for bad input, 1 for everything
/// else.
[[nodiscard]] int exit_code_of(const std::string& program, const std::function<int()>& body,
                               const std::function<void(const std::string&)>& say);

}  // namespace regatta::app
