#include "app/command_description.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <string_view>

namespace regatta::app {
namespace {

/// The library shows what it checks behind the type, and a choice in braces: "NAME:{forest,polynomial}".
std::vector<std::string> words_of(std::string_view type) {
    std::vector<std::string> words;
    const std::size_t open = type.find('{');
    const std::size_t close = type.find('}');
    if (open == std::string_view::npos || close == std::string_view::npos) return words;
    std::string_view rest = type.substr(open + 1, close - open - 1);
    while (!rest.empty()) {
        const std::size_t length = std::min(rest.find(','), rest.size());
        words.emplace_back(rest.substr(0, length));
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return words;
}

/// An argument is a file unless it has words: those of our commands that are neither take files beside names.
Value value_of(const ArgumentDescription& argument, bool is_flag, bool is_positional) {
    if (is_flag) return Value::None;
    if (!argument.words.empty()) return Value::Word;
    if (argument.value_name == "DIR" || (is_positional && argument.names.front() == "DIR")) return Value::Directory;
    return is_positional || argument.value_name == "FILE" ? Value::File : Value::Text;
}

ArgumentDescription describe(const CLI::Option& option) {
    ArgumentDescription argument;
    const bool is_positional = option.get_positional();
    if (is_positional) argument.names.push_back(option.get_name(true));
    for (const std::string& name : option.get_snames())
        argument.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        argument.names.push_back("--" + name);
    const bool is_flag = option.get_items_expected_max() == 0;
    const std::string type = is_flag ? std::string() : option.get_type_name();
    argument.value_name = is_positional ? std::string() : type.substr(0, type.find(':'));
    argument.text = option.get_description();
    argument.group = option.get_group();
    argument.words = words_of(type);
    argument.value = value_of(argument, is_flag, is_positional);
    argument.is_required = option.get_required();
    argument.may_repeat = option.get_expected_max() > 1;
    return argument;
}

CommandDescription describe_command(const CLI::App& command) {
    CommandDescription description;
    description.name = command.get_name();
    description.text = command.get_description();
    description.footer = command.get_footer();
    for (const CLI::Option* option : command.get_options())
        (option->get_positional() ? description.arguments : description.options).push_back(describe(*option));
    return description;
}

}  // namespace

ProgramDescription describe(const CLI::App& program) {
    ProgramDescription description;
    description.name = program.get_name();
    description.text = program.get_description();
    // --help begins with the name.
    if (description.text.starts_with(description.name + ": ")) description.text.erase(0, description.name.size() + 2);
    for (const CLI::Option* option : program.get_options())
        description.options.push_back(describe(*option));
    for (const CLI::App* command : program.get_subcommands({}))
        description.commands.push_back(describe_command(*command));
    return description;
}

CLI::Validator offers(const std::vector<std::string>& words) {
    return CLI::Validator([](std::string& /*text*/) { return std::string(); },
                          fmt::format("{{{}}}", fmt::join(words, ",")));
}

}  // namespace regatta::app
