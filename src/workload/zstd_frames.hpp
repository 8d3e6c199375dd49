#pragma once

#include <cstdint>

namespace regatta::workload {

/// Whether an open file of `file_bytes` ends where its last zstd frame ends. Only the sizes of the blocks are looked
/// at. Boost's decompressor takes a file that was cut off for a whole one, which would silently lose requests.
[[nodiscard]] bool ends_with_a_whole_zstd_frame(int file, std::int64_t file_bytes);

}  // namespace regatta::workload
