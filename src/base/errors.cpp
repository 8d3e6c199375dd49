#include "regatta/base/errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace regatta {

namespace {

/// Slips are looked for in words.
constexpr std::size_t kLongestName = 200;

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        if (!text.empty()) text += '\n';
        text += line;
    }
    return text;
}

/// Levenshtein distance with a swap of neighbours counting one (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

InputError::InputError(std::string problem) : InputError(std::vector<std::string>{std::move(problem)}) {}

InputError::InputError(std::vector<std::string> problems)
    : std::runtime_error(joined(problems)), problems_(std::move(problems)) {}

void fail_check(const char* file, int line, const char* condition, const std::string& details) {
    throw BugError(fmt::format("internal check failed at {}:{}: {} ({})", file, line, details, condition));
}

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& known) {
    std::string best;
    // A slip is at most a third of the word, and at least one letter may always be wrong.
    std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
    for (const std::string& name : known) {
        // As many letters as the lengths differ by are wrong at least; and what is not a slip may be a whole file.
        const std::size_t longer = std::max(wanted.size(), name.size()) - std::min(wanted.size(), name.size());
        if (longer >= best_distance || wanted.size() > kLongestName) continue;
        const std::size_t distance = edit_distance(wanted, name);
        if (distance < best_distance) {
            best_distance = distance;
            best = name;
        }
    }
    if (!best.empty() || wanted.size() < 3) return best;
    // A beginning that fits only one name is meant too: "h100" for "h100-sxm".
    for (const std::string& name : known) {
        if (name.starts_with(wanted)) {
            if (!best.empty()) return {};
            best = name;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
    const std::string name = nearest_name(wanted, known);
    return name.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", name);
}

}  // namespace regatta
