#include "results/checkpoint_sums.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

bool is_of(const RankPartial& partial, const RunDescription& run) {
    const SeriesSums series = run.series_every ? SeriesSums(*run.series_every, run.pools.size()) : SeriesSums();
    return partial.sums.streams().size() == run.streams.size() && partial.sums.pools().size() == run.pools.size() &&
           partial.series.is_like(series);
}

/// `run` may be null.
RankPartial checked(std::span<const std::byte> bytes, const RunDescription* run, SimTime at, const std::string& file) {
    std::optional<RankPartial> partial;
    try {
        partial = RankPartial::from_bytes(bytes);
    } catch (const BugError&) {  // what is a mistake in bytes of our own is none of ours here
    }
    if (!partial || partial->end != at || !partial->series.is_like(partial->series) ||
        (run != nullptr && !is_of(*partial, *run)))
        throw IoError(fmt::format("{}: is not what a rank of this run knew at {} ns; it is damaged or was changed",
                                  file, at.ns()));
    return std::move(*partial);
}

std::string path_of(const CheckpointReader& checkpoint, std::uint32_t rank) {
    return (std::filesystem::path(checkpoint.path()) / sums_file_name(rank)).string();
}

}  // namespace

RankPartial sums_from_bytes(std::span<const std::byte> bytes, const RunDescription& run, SimTime at,
                            const std::string& file) {
    return checked(bytes, &run, at, file);
}

RankPartial read_sums(const CheckpointReader& checkpoint, std::uint32_t rank, const RunDescription& run) {
    return checked(checkpoint.read(sums_file_name(rank)), &run, checkpoint.manifest().at, path_of(checkpoint, rank));
}

RankPartial read_sums(const CheckpointReader& checkpoint, std::uint32_t rank) {
    return checked(checkpoint.read(sums_file_name(rank)), nullptr, checkpoint.manifest().at, path_of(checkpoint, rank));
}

}  // namespace regatta::results
