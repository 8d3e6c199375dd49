#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "regatta/base/errors.hpp"

/// What every fuzz target does: whatever bytes come, they are read or refused.
namespace regatta::fuzz {

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Runs a reader, which may throw what a file can be at fault for. Any other exception, and above all BugError, leaves
/// the target: a finding.
template <class Read>
void read_or_refuse(const Read& read) {
    try {
        read();
    } catch (const InputError&) {  // refused
    } catch (const IoError&) {     // refused
    }
}

}  // namespace regatta::fuzz
