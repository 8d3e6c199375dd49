#pragma once

#include <array>
#include <string>

#include "workload/text_input.hpp"

namespace regatta::timing {

/// The text of a file, unpacked.
inline std::string text_of(const std::string& path) {
    workload::TextInput input(path);
    std::string text;
    std::array<char, 65536> block{};
    for (std::size_t count = block.size(); count == block.size();) {
        count = input.read(block);
        text.append(block.data(), count);
    }
    return text;
}

}  // namespace regatta::timing
