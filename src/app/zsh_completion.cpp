#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "app/shell_completion.hpp"

namespace regatta::app {
namespace {

/// In single quotes, with a backslash before each of `special`, which mean something inside a specification.
std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) out += '\\';
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out;
}

/// ":MESSAGE:ACTION" of a value, or nothing for a flag.
std::string value_of(const ArgumentDescription& argument) {
    const std::string name = escaped(argument.value_name.empty() ? argument.names.front() : argument.value_name, ":");
    switch (argument.value) {
        case Value::None:
            return "";
        case Value::Text:
            return fmt::format(":{}: ", name);
        case Value::Word:
            return fmt::format(":{}:({})", name, fmt::join(argument.words, " "));
        case Value::File:
            return fmt::format(":{}:_files", name);
        case Value::Directory:
            return fmt::format(":{}:_files -/", name);
    }
    return "";
}

/// One specification for each name; a name shuts out the others unless the option may be repeated.
std::string option_specifications(const ArgumentDescription& option, std::string_view indent) {
    std::string text;
    for (const std::string& name : option.names) {
        const std::string others = option.may_repeat ? "*" : fmt::format("({})", fmt::join(option.names, " "));
        const bool takes_sign = option.value != Value::None && name.starts_with("--");
        text += fmt::format(" \\\n{}'{}{}{}[{}]{}'", indent, others, name, takes_sign ? "=" : "",
                            escaped(option.text, "[]\\"), value_of(option));
    }
    return text;
}

std::string command_case(const CommandDescription& command) {
    const std::string indent(20, ' ');
    std::string text = fmt::format("                {})\n                    _arguments", command.name);
    for (const ArgumentDescription& option : command.options)
        text += option_specifications(option, indent + "    ");
    for (std::size_t place = 0; place < command.arguments.size(); ++place) {
        const ArgumentDescription& argument = command.arguments[place];
        text += fmt::format(" \\\n{}    '{}{}'", indent, argument.may_repeat ? "*" : std::to_string(place + 1),
                            value_of(argument));
    }
    return text + " ;;\n";
}

}  // namespace

std::string zsh_completion(const ProgramDescription& program) {
    std::string text = fmt::format(
        "#compdef {0}\n# Completion of {0} for zsh. Written by: {0} reference completion zsh\n\n"
        "local curcontext=$curcontext state line ret=1\nlocal -a commands\ncommands=(\n",
        program.name);
    for (const CommandDescription& command : program.commands)
        text += fmt::format("    '{}:{}'\n", command.name, escaped(command.text, ""));
    text += ")\n_arguments -C";
    for (const ArgumentDescription& option : program.options)
        text += option_specifications(option, "    ");
    text +=
        " \\\n    '1: :->command' \\\n    '*:: :->arguments' && ret=0\n"
        "case $state in\n"
        "    command) _describe -t commands command commands && ret=0 ;;\n"
        "    arguments)\n"
        "        case $words[1] in\n";
    for (const CommandDescription& command : program.commands)
        text += command_case(command);
    return text + "        esac\n        ret=$?\n        ;;\nesac\nreturn ret\n";
}

}  // namespace regatta::app
