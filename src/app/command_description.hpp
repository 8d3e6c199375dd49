#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

/// What a command line takes, read from the declarations that --help is made of: for man pages and completion.
namespace regatta::app {

enum class Value {
    None,  ///< a flag
    Text,  ///< anything: a number, a name, a time
    Word,  ///< one of `words`
    File,
    Directory
};

/// An option, or an argument known by its place.
struct ArgumentDescription {
    std::vector<std::string> names;  ///< "-o", "--output"; of an argument its name alone: "SCENARIO"
    std::string value_name;          ///< of the value: "DIR"; empty for flags and arguments
    std::string text;
    std::string group;  ///< the heading above it in --help
    Value value = Value::Text;
    std::vector<std::string> words;
    bool is_required = false;
    bool may_repeat = false;
};

struct CommandDescription {
    std::string name;
    std::string text;
    std::vector<ArgumentDescription> options;
    std::vector<ArgumentDescription> arguments;  ///< in their order
    std::string footer;                          ///< notes and examples; indented lines stay as they are
};

struct ProgramDescription {
    std::string name;
    std::string text;
    std::vector<ArgumentDescription> options;
    std::vector<CommandDescription> commands;
};

[[nodiscard]] ProgramDescription describe(const CLI::App& program);

/// Shows the words that an option or argument takes in --help, man page and completion, and refuses none: the command
/// does that in its own words.
[[nodiscard]] CLI::Validator offers(const std::vector<std::string>& words);

}  // namespace regatta::app
