#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "byte_source.hpp"

namespace regatta::fuzz {

/// Up to four changes of bytes that a run has saved, as `source` says: for formats that no input would find by chance.
template <class Container>
void change_some(Container& bytes, ByteSource& source) {
    using Byte = typename Container::value_type;
    for (int changes = 0; changes < 4 && !source.is_empty() && !bytes.empty(); ++changes) {
        const std::size_t at = (source.below(65536) << 8U | source.byte()) % bytes.size();
        const std::size_t what = source.below(8);
        if (what == 0) {
            bytes.resize(at);
        } else if (what == 1) {
            bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<Byte>(source.byte()));
        } else if (what < 5) {
            bytes[at] = static_cast<Byte>(source.byte());
        } else {
            const std::int64_t number = source.hostile_number();
            std::memcpy(&bytes[at], &number, std::min(sizeof number, bytes.size() - at));
        }
    }
}

}  // namespace regatta::fuzz
