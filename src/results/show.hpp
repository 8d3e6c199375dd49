#pragma once

#include <cstdint>
#include <string>

/// Quantities as people read them: three digits and a unit.
namespace regatta::results {

/// "214 ms", "9.83 ms", "1.50 s", "12 min 05 s", "740 ns".
[[nodiscard]] std::string show_time(double ns);
/// "7,204".
[[nodiscard]] std::string show_count(std::int64_t count);
/// "18.4", "943", "9,430": a count per second, or another number that is not whole.
[[nodiscard]] std::string show_number(double number);
/// "18.1 M", "61.2 k", "943".
[[nodiscard]] std::string show_large(double number);
/// "1.23 k", "41.0 ", "3.70 m": to be followed by its unit. >= 0.
[[nodiscard]] std::string show_scaled(double number);
/// "214 B", "12.3 kB", "1.20 MB".
[[nodiscard]] std::string show_bytes(double bytes);
/// "98.4 %".
[[nodiscard]] std::string show_percent(double fraction);

}  // namespace regatta::results
