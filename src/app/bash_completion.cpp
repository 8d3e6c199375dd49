#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "app/shell_completion.hpp"

namespace regatta::app {
namespace {

// What is the same for all programs. `place` counts the arguments before the word that are neither options nor their
// values.
constexpr std::string_view kBegin =
    R"(    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local kind='' words='' options='' valued='' place=0 i
    # Bash makes three words of --out=DIR.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    COMPREPLY=()
)";
constexpr std::string_view kPlace = R"(    for ((i = 2; i < COMP_CWORD; ++i)); do
        if [[ $valued == *" ${COMP_WORDS[i]} "* ]]; then
            [[ ${COMP_WORDS[i + 1]} == = ]] && ((++i))
            ((++i))
        elif [[ ${COMP_WORDS[i]} != -* ]]; then
            ((++place))
        fi
    done
)";
constexpr std::string_view kEnd = R"(    case $kind in
        words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
        files | directories)
            # Lets readline quote names, and go on after a directory.
            compopt -o filenames 2>/dev/null
            if [[ $kind == files ]]; then
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -d -- "$word")
            fi
            ;;
    esac
}
)";

/// What sets `kind` and `words` for a value.
std::string answer(const ArgumentDescription& argument) {
    switch (argument.value) {
        case Value::None:
            return "";
        case Value::Text:
            return "kind=nothing";
        case Value::Word:
            return fmt::format("kind=words words='{}'", fmt::join(argument.words, " "));
        case Value::File:
            return "kind=files";
        case Value::Directory:
            return "kind=directories";
    }
    return "";
}

std::string names_of(const std::vector<ArgumentDescription>& options, bool only_valued) {
    std::vector<std::string> names;
    for (const ArgumentDescription& option : options)
        if (!only_valued || option.value != Value::None)
            names.insert(names.end(), option.names.begin(), option.names.end());
    return fmt::format("{}", fmt::join(names, " "));
}

std::string patterns(const CommandDescription& command, const ArgumentDescription& option) {
    std::string text;
    for (const std::string& name : option.names)
        text += fmt::format("{}'{} {}'", text.empty() ? "" : " | ", command.name, name);
    return text;
}

/// Cases of "COMMAND OPTION", the word before.
std::string option_cases(const ProgramDescription& program) {
    std::string text;
    for (const CommandDescription& command : program.commands)
        for (const ArgumentDescription& option : command.options)
            if (option.value != Value::None)
                text += fmt::format("        {}) {} ;;\n", patterns(command, option), answer(option));
    return text;
}

/// Cases of "COMMAND PLACE".
std::string argument_cases(const ProgramDescription& program) {
    std::string text;
    for (const CommandDescription& command : program.commands)
        for (std::size_t place = 0; place < command.arguments.size(); ++place) {
            const ArgumentDescription& argument = command.arguments[place];
            text += fmt::format("            '{} '{}) {} ;;\n", command.name,
                                argument.may_repeat ? "*" : std::to_string(place), answer(argument));
        }
    return text;
}

std::string command_cases(const ProgramDescription& program) {
    std::string text;
    for (const CommandDescription& command : program.commands)
        text += fmt::format("        {})\n            options='{}'\n            valued=' {} '\n            ;;\n",
                            command.name, names_of(command.options, false), names_of(command.options, true));
    return text;
}

}  // namespace

std::string bash_completion(const ProgramDescription& program) {
    std::string function = "_" + program.name;
    std::replace(function.begin(), function.end(), '-', '_');
    std::vector<std::string> commands;
    for (const CommandDescription& command : program.commands)
        commands.push_back(command.name);
    std::string text =
        fmt::format("# Completion of {0} for bash. Written by: {0} reference completion bash\n\n{1}() {{\n",
                    program.name, function);
    text += kBegin;
    text += fmt::format("    case $command in\n{}    esac\n", command_cases(program));
    text += fmt::format("    case \"$command $before\" in\n{}    esac\n", option_cases(program));
    text += kPlace;
    text += fmt::format(
        "    if ((COMP_CWORD == 1)); then\n"
        "        kind=words words='{}'\n"
        "        [[ $word == -* ]] && words='{}'\n"
        "    elif [[ -z $kind && $word != -* ]]; then\n"
        "        case \"$command $place\" in\n{}        esac\n"
        "    fi\n"
        "    [[ -z $kind ]] && kind=words words=$options\n",
        fmt::join(commands, " "), names_of(program.options, false), argument_cases(program));
    text += kEnd;
    return text + fmt::format("\ncomplete -F {} {}\n", function, program.name);
}

}  // namespace regatta::app
