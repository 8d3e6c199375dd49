#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "app/shell_completion.hpp"

namespace regatta::app {
namespace {

std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\\' || c == '\'') out += '\\';
        out += c;
    }
    return out + "'";
}

/// What may stand for the value. -x: one is needed, and no file; -r -F: one is needed, a file.
std::string value_of(const ArgumentDescription& argument) {
    switch (argument.value) {
        case Value::None:
            return "";
        case Value::Text:
            return " -x";
        case Value::Word:
            return fmt::format(" -x -a '{}'", fmt::join(argument.words, " "));
        case Value::File:
            return " -r -F";
        case Value::Directory:
            return " -x -a '(__fish_complete_directories)'";
    }
    return "";
}

/// `start`: "complete -c regatta -n CONDITION".
std::string option_line(const std::string& start, const ArgumentDescription& option) {
    std::string line = start;
    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    return fmt::format("{}{} -d {}\n", line, value_of(option), quoted(option.text));
}

std::string argument_line(const std::string& start, const ArgumentDescription& argument) {
    switch (argument.value) {
        case Value::Word:
            return fmt::format("{} -a '{}'\n", start, fmt::join(argument.words, " "));
        case Value::Directory:
            return start + " -a '(__fish_complete_directories)'\n";
        case Value::File:
            return start + " -F\n";
        case Value::None:
        case Value::Text:
            return "";
    }
    return "";
}

/// Where fish looks, it takes the value of an option for an argument: after one it offers less than it could.
std::string condition(const std::string& command, std::optional<std::size_t> place) {
    std::string text = fmt::format("contains -- {} (commandline -opc)[2]", command);
    if (place) text += fmt::format("; and __fish_is_nth_token {}", *place + 2);
    return text;
}

}  // namespace

std::string fish_completion(const ProgramDescription& program) {
    std::string text =
        fmt::format("# Completion of {0} for fish. Written by: {0} reference completion fish\n\ncomplete -c {0} -f\n",
                    program.name);
    const std::string first = fmt::format("complete -c {} -n 'test (count (commandline -opc)) -lt 2'", program.name);
    for (const ArgumentDescription& option : program.options)
        text += option_line(first, option);
    for (const CommandDescription& command : program.commands)
        text += fmt::format("{} -a {} -d {}\n", first, command.name, quoted(command.text));
    for (const CommandDescription& command : program.commands) {
        const auto start = [&](std::optional<std::size_t> place) {
            return fmt::format("complete -c {} -n '{}'", program.name, condition(command.name, place));
        };
        for (const ArgumentDescription& option : command.options)
            text += option_line(start(std::nullopt), option);
        const bool is_alone = command.arguments.size() == 1;
        for (std::size_t place = 0; place < command.arguments.size(); ++place)
            text += argument_line(start(is_alone ? std::nullopt : std::optional(place)), command.arguments[place]);
    }
    return text;
}

}  // namespace regatta::app
