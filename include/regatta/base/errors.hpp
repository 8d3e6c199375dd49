#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace regatta {

/// What the user gave is wrong: scenario, trace, arguments. Holds everything found, each line complete with its place
/// ("fleet.yaml:14:17: pools[1].replicas: expected ..., found ..."). Programs print the lines and exit with 2.
class InputError : public std::runtime_error {
public:
    explicit InputError(std::string problem);
    explicit InputError(std::vector<std::string> problems);
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

private:
    std::vector<std::string> problems_;
};

/// The world failed: disk full, file unreadable. One line with path and reason. Programs exit with 1.
class IoError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Our mistake: a broken invariant or causality. Programs exit with 1.
class BugError : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* file, int line, const char* condition, const std::string& details);

/// The known name nearest to `wanted` by edit distance, if it is near enough to be a slip; else empty.
[[nodiscard]] std::string nearest_name(std::string_view wanted, const std::vector<std::string>& known);
/// "; did you mean "x"?" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace regatta

/// Stays on in release builds. `details` is evaluated only when the condition fails.
#define REGATTA_CHECK(condition, details)                                     \
    do {                                                                      \
        if (!(condition)) [[unlikely]]                                        \
            ::regatta::fail_check(__FILE__, __LINE__, #condition, (details)); \
    } while (false)

#ifdef REGATTA_DEBUG_CHECKS
#define REGATTA_DEBUG_CHECK(condition, details) REGATTA_CHECK(condition, details)
#else
#define REGATTA_DEBUG_CHECK(condition, details) \
    do {                                        \
    } while (false)
#endif
