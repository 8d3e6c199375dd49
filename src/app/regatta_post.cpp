#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "app/post.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::app {

void check_exists(const std::string& command, const std::string& argument, const std::string& path) {
    if (path.empty())
        throw InputError(
            fmt::format("regatta-post {0}: {1} is missing; see regatta-post {0} --help", command, argument));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw InputError(fmt::format("{}: no such file or directory", path));
}

namespace {

/// CLI11 would ask for a subcommand, whatever else was given.
void check_command(const CLI::App& program, int argument_count, char** arguments) {
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({}))
        names.push_back(command->get_name());
    const std::string known = fmt::format("expected {}", fmt::join(names, " or "));
    if (argument_count < 2) throw InputError(fmt::format("regatta-post: no command given; {}", known));
    const std::string word = arguments[1];
    if (word.starts_with('-')) return;
    if (std::find(names.begin(), names.end(), word) == names.end())
        throw InputError(fmt::format("regatta-post: no command \"{}\"; {}{}", word, known, did_you_mean(word, names)));
}

/// What was given to `command` and none of its arguments takes.
void check_remaining(const CLI::App& command) {
    std::vector<std::string> options;
    for (const CLI::Option* option : command.get_options())
        for (const std::string& name : option->get_lnames())
            options.push_back(fmt::format("--{}", name));
    std::vector<std::string> problems;
    for (const std::string& word : command.remaining())
        problems.push_back(word.starts_with('-') ? fmt::format("regatta-post {}: no option \"{}\"{}",
                                                               command.get_name(), word, did_you_mean(word, options))
                                                 : fmt::format("regatta-post {}: \"{}\" is one argument too many",
                                                               command.get_name(), word));
    if (!problems.empty()) throw InputError(problems);
}

int run(int argument_count, char** arguments) {
    CLI::App program("regatta-post: merges and reads the results of regatta run", "regatta-post");
    MergeArguments merge;
    StatsArguments stats;
    program.set_version_flag("--version", "regatta-post " REGATTA_VERSION);
    declare_merge(program, merge);
    declare_stats(program, stats);
    program.require_subcommand(1);
    for (CLI::App* command : program.get_subcommands({}))
        command->allow_extras();
    try {
        check_command(program, argument_count, arguments);
        program.parse(argument_count, arguments);
    } catch (const CLI::Success& answer) {  // --help, --version
        return program.exit(answer);
    } catch (const CLI::ArgumentMismatch&) {
        throw InputError("regatta-post: an option is without its value, or was given twice; see --help");
    } catch (const CLI::ParseError&) {
        throw InputError(fmt::format("regatta-post: \"{}\" is not understood; see regatta-post --help",
                                     fmt::join(arguments + 1, arguments + argument_count, " ")));
    }
    for (const CLI::App* command : program.get_subcommands())
        check_remaining(*command);
    if (program.got_subcommand("merge")) run_merge(merge);
    if (program.got_subcommand("stats")) run_stats(stats);
    // A pipe that is closed, a disk that is full: the answer did not arrive.
    if (std::fflush(stdout) != 0)
        throw IoError(fmt::format("stdout: cannot be written: {}", std::generic_category().message(errno)));
    return 0;
}

}  // namespace
}  // namespace regatta::app

int main(int argument_count, char** arguments) {
    try {
        return regatta::app::run(argument_count, arguments);
    } catch (const regatta::InputError& error) {
        for (const std::string& problem : error.problems())
            fmt::print(stderr, "{}\n", problem);
        return 2;
    } catch (const regatta::IoError& error) {
        fmt::print(stderr, "{}\n", error.what());
    } catch (const regatta::BugError& error) {
        fmt::print(stderr, "regatta-post: a mistake of the program: {}\n", error.what());
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "regatta-post: out of memory\n");
    }
    return 1;
}
