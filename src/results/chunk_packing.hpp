#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace regatta::results {

/// Packs chunks of `chunk_bytes` each as HDF5's shuffle and deflate (level 1) filters do, on all cores: the result is
/// ready for H5Dwrite_chunk. Element i is chunk i; the bytes do not depend on the number of cores.
/// Deflating is nearly all of a merge: on two cores this merges 1.8 times as fast as the filters inside HDF5, which
/// work on one (regatta-post merge, 2 million requests of 2 ranks). `chunks` must hold a whole number of chunks, and a
/// chunk a whole number of rows.
[[nodiscard]] std::vector<std::vector<std::byte>> pack_chunks(std::span<const std::byte> chunks,
                                                              std::size_t chunk_bytes, std::size_t row_bytes);

/// How many chunks to hand over at once, so that all cores have work.
[[nodiscard]] std::size_t chunks_at_once();

}  // namespace regatta::results
