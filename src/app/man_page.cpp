#include "app/man_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>

namespace regatta::app {
namespace {

/// Text as it is: these characters the formatter would take for commands, or print as look-alikes of Unicode.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '\\':
                out += "\\e";
                break;
            case '-':
                out += "\\-";
                break;
            case '\'':
                out += "\\(aq";
                break;
            case '`':
                out += "\\(ga";
                break;
            case '^':
                out += "\\(ha";
                break;
            case '~':
                out += "\\(ti";
                break;
            default:
                out += c;
        }
    }
    return out;
}

/// A line that begins with a dot would be a command.
std::string escaped_line(std::string_view text) {
    return (text.starts_with('.') ? "\\&" : "") + escaped(text);
}

/// Likewise, in lines of at most 80 characters, as those who check pages like them; the formatter fills its own.
std::string flowing(const std::string& text) {
    constexpr std::size_t kMost = 80;
    std::string out;
    std::size_t column = 0;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const bool is_first = column == 0 || column + 1 + escaped(word).size() > kMost;
        const std::string shown = is_first ? escaped_line(word) : " " + escaped(word);
        if (is_first && column > 0) out += "\n";
        column = is_first ? shown.size() : column + shown.size();
        out += shown;
    }
    return out;
}

std::string bold(std::string_view text) {
    return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + escaped(text) + "\\fR";
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string usage_of_argument(const ArgumentDescription& argument) {
    const std::string name = italic(argument.names.front()) + (argument.may_repeat ? "..." : "");
    return argument.is_required ? name : "[" + name + "]";
}

std::string usage(const ProgramDescription& program, const CommandDescription& command) {
    std::string text = fmt::format("{} [{}]", bold(program.name + " " + command.name), italic("OPTIONS"));
    for (const ArgumentDescription& argument : command.arguments)
        text += " " + usage_of_argument(argument);
    return text + "\n";
}

std::string head_of(const ArgumentDescription& argument, bool is_positional) {
    if (is_positional) return italic(argument.names.front());
    std::vector<std::string> names;
    for (const std::string& name : argument.names)
        names.push_back(bold(name));
    const std::string value = argument.value_name.empty() ? "" : " " + italic(argument.value_name);
    return fmt::format("{}{}", fmt::join(names, ", "), value);
}

/// With the words it takes, unless its sentence names them all.
std::string text_of(const ArgumentDescription& argument) {
    std::string text = argument.text;
    const auto is_named = [&](const std::string& word) { return argument.text.find(word) != std::string::npos; };
    if (!std::all_of(argument.words.begin(), argument.words.end(), is_named))
        text += fmt::format(". One of: {}", fmt::join(argument.words, ", "));
    return text + (argument.is_required ? ". Required." : ".");
}

std::string entry(const std::string& head, const std::string& text) {
    return fmt::format(".TP\n{}\n{}\n", head, flowing(text));
}

std::string arguments_of(const CommandDescription& command) {
    std::string text;
    for (const ArgumentDescription& argument : command.arguments)
        text += entry(head_of(argument, true), text_of(argument));
    std::string group;
    for (const ArgumentDescription& option : command.options) {
        if (option.group != group && option.group != "Options")
            text += fmt::format(".PP\n{}:\n", escaped(option.group));
        group = option.group;
        text += entry(head_of(option, false), text_of(option));
    }
    return text;
}

/// Indented lines stay as they are, others flow.
std::string footer_of(const CommandDescription& command) {
    std::string text;
    bool is_example = false;
    std::istringstream lines(command.footer);
    for (std::string line; std::getline(lines, line);) {
        const bool is_indented = line.starts_with("  ");
        if (is_indented != is_example) text += is_indented ? ".PP\n.RS 4\n.nf\n" : ".fi\n.RE\n";
        if (!is_indented && (is_example || text.empty() || line.ends_with(':'))) text += ".PP\n";
        text += (is_indented ? escaped_line(line.substr(2)) : flowing(line)) + "\n";
        is_example = is_indented;
    }
    return text + (is_example ? ".fi\n.RE\n" : "");
}

std::string section(const std::string& title, const ManNotes::Entries& entries) {
    std::string text = entries.empty() ? "" : fmt::format(".SH {}\n", title);
    for (const auto& [name, sentence] : entries)
        text += entry(bold(name), sentence);
    return text;
}

}  // namespace

std::string man_page(const ProgramDescription& program, const ManNotes& notes, const std::string& version,
                     const std::string& date) {
    std::string text = fmt::format(".\\\" Written by: {0} reference man\n.TH {1} 1 \"{2}\" \"{3}\" \"User Commands\"\n",
                                   program.name, escaped(upper(program.name)), date, escaped(version));
    text += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.nf\n", escaped(program.name), escaped(program.text));
    for (const CommandDescription& command : program.commands)
        text += usage(program, command);
    text += ".fi\n.SH OPTIONS\n";
    for (const ArgumentDescription& option : program.options)
        text += entry(head_of(option, false), text_of(option));
    text += ".SH COMMANDS\n";
    for (const CommandDescription& command : program.commands)
        text += fmt::format(".SS \"{}\"\n{}.\n{}{}", escaped(program.name + " " + command.name), flowing(command.text),
                            arguments_of(command), footer_of(command));
    text += section("EXIT STATUS", notes.exit_codes);
    text += section("ENVIRONMENT", notes.environment);
    text += section("FILES", notes.files);
    std::vector<std::string> pages;
    for (const std::string& page : notes.see_also)
        pages.push_back(bold(page.substr(0, page.find('('))) + page.substr(page.find('(')));
    if (!pages.empty()) text += fmt::format(".SH SEE ALSO\n{}\n", fmt::join(pages, ",\n"));
    return text;
}

}  // namespace regatta::app
