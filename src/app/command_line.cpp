#include "app/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <new>
#include <string_view>
#include <vector>

#include "regatta/base/errors.hpp"

namespace regatta::app {

namespace {

/// CLI11 would ask for a subcommand, whatever else was given.
void check_command(const CLI::App& program, int argument_count, char** arguments) {
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({}))
        names.push_back(command->get_name());
    const std::string known = fmt::format("expected {}", fmt::join(names, " or "));
    if (argument_count < 2) throw InputError(fmt::format("{}: no command given; {}", program.get_name(), known));
    const std::string word = arguments[1];
    if (word.starts_with('-')) return;
    if (std::find(names.begin(), names.end(), word) == names.end())
        throw InputError(
            fmt::format("{}: no command \"{}\"; {}{}", program.get_name(), word, known, did_you_mean(word, names)));
}

/// What was given to `command` and none of its arguments takes.
void check_remaining(const CLI::App& program, const CLI::App& command) {
    std::vector<std::string> options;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames())
            options.push_back("--" + name);
    const std::string name = fmt::format("{} {}", program.get_name(), command.get_name());
    std::vector<std::string> problems;
    for (const std::string& word : command.remaining())
        problems.push_back(word.starts_with('-')
                               ? fmt::format("{}: no option \"{}\"{}", name, word, did_you_mean(word, options))
                               : fmt::format("{}: \"{}\" is one argument too many", name, word));
    if (!problems.empty()) throw InputError(problems);
}

/// Up to the first blank or colon.
std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" :"));
}

/// Something wrong with how the chosen command was called.
InputError usage_error(const CLI::App& program, const std::string& problem) {
    std::string command = program.get_name();
    for (const CLI::App* chosen : program.get_subcommands())
        command += " " + chosen->get_name();
    return InputError(fmt::format("{0}: {1}; see {0} --help", command, problem));
}

}  // namespace

void ignore_file_size_signal() {
    std::signal(SIGXFSZ, SIG_IGN);
}

bool parse_command_line(CLI::App& program, int argument_count, char** arguments,
                        const std::function<void(const std::string&)>& answer) {
    const std::string name = program.get_name();
    for (CLI::App* command : program.get_subcommands({}))
        command->allow_extras();
    try {
        check_command(program, argument_count, arguments);
        program.parse(argument_count, arguments);
    } catch (const CLI::CallForHelp&) {
        const std::vector<CLI::App*> chosen = program.get_subcommands();
        answer(chosen.empty() ? program.help() : chosen.front()->help(name));
        return false;
    } catch (const CLI::CallForVersion& version) {
        answer(std::string(version.what()) + "\n");
        return false;
    } catch (const CLI::RequiredError& error) {
        throw usage_error(program, std::string(first_word(error.what())) + " is missing");
    } catch (const CLI::ArgumentMismatch& error) {
        // What the library says starts with the option.
        const std::string option(first_word(error.what()));
        const auto times = std::count(arguments + 1, arguments + argument_count, option);
        throw usage_error(program, option + (times > 1 ? " was given more than once" : " needs a value"));
    } catch (const CLI::ValidationError& error) {
        throw usage_error(program, error.what());
    } catch (const CLI::ParseError&) {
        throw InputError(fmt::format("{0}: \"{1}\" is not understood; see {0} --help", name,
                                     fmt::join(arguments + 1, arguments + argument_count, " ")));
    }
    for (const CLI::App* command : program.get_subcommands())
        check_remaining(program, *command);
    return true;
}

int exit_code_of(const std::string& program, const std::function<int()>& body,
                 const std::function<void(const std::string&)>& say) {
    try {
        return body();
    } catch (const InputError& error) {
        for (const std::string& problem : error.problems())
            say(problem);
        return 2;
    } catch (const IoError& error) {
        say(error.what());
    } catch (const BugError& error) {
        say(fmt::format("{}: a mistake of the program: {}", program, error.what()));
    } catch (const std::bad_alloc&) {
        say(fmt::format("{}: out of memory", program));
    }
    return 1;
}

}  // namespace regatta::app
