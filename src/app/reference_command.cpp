#include "app/reference_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/shell_completion.hpp"
#include "app/version.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::app {

void declare_reference(CLI::App& program, const std::vector<std::pair<std::string, std::string>>& pages,
                       ReferenceArguments& arguments) {
    arguments.page = pages.front().first;
    std::string listed;
    std::vector<std::string> names;
    for (const auto& [name, text] : pages) {
        listed += fmt::format("{}{}: {}; ", name, names.empty() ? " (the default)" : "", text);
        names.push_back(name);
    }
    names.insert(names.end(), {"man", "completion"});
    CLI::App* command = program.add_subcommand("reference", "Print a reference page, of files or of the command line");
    command
        ->add_option("PAGE", arguments.page,
                     listed + "man: the manual page, for man; completion: of the command line, for a shell")
        ->type_name("")
        ->check(CLI::IsMember(names));
    command->add_option("SHELL", arguments.shell, "Of completion: bash (the default), zsh or fish")
        ->type_name("")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->footer(
        fmt::format("Examples:\n"
                    "  {0} reference man > {0}.1 && man ./{0}.1\n"
                    "  source <({0} reference completion bash)",
                    program.get_name()));
}

std::optional<std::string> command_line_reference(const CLI::App& program, const ReferenceArguments& arguments,
                                                  const ManNotes& notes) {
    if (arguments.page == "completion") {
        const ProgramDescription description = describe(program);
        if (arguments.shell == "zsh") return zsh_completion(description);
        return arguments.shell == "fish" ? fish_completion(description) : bash_completion(description);
    }
    if (!arguments.shell.empty())
        throw InputError(
            fmt::format("{} reference: \"{}\" is one argument too many", program.get_name(), arguments.shell));
    if (arguments.page == "man")
        return man_page(describe(program), notes, "regatta " + version_number(), version_date());
    return std::nullopt;
}

}  // namespace regatta::app
