#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "results/checkpoint_files.hpp"
#include "results/rank_partial.hpp"

namespace regatta::results {

/// What a rank knew at the instant `at`, as RankPartial::to_bytes gave it. Throws IoError that names `file` when the
/// bytes are of another run or instant, or of none.
[[nodiscard]] RankPartial sums_from_bytes(std::span<const std::byte> bytes, const RunDescription& run, SimTime at,
                                          const std::string& file);
/// Likewise of rank `rank` at the checkpoint. Throws InputError when its file is damaged.
[[nodiscard]] RankPartial read_sums(const CheckpointReader& checkpoint, std::uint32_t rank, const RunDescription& run);
/// Likewise where nobody knows the run: they are whole, and of the instant.
[[nodiscard]] RankPartial read_sums(const CheckpointReader& checkpoint, std::uint32_t rank);

}  // namespace regatta::results
