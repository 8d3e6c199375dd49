#include "results/checkpoint_sums.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

bool is_of(const RankPartial& partial, const RunDescription& run, SimTime at) {
    const SeriesSums series = run.series_every ? SeriesSums(*run.series_every, run.pools.size()) : SeriesSums();
    return partial.end == at && partial.sums.streams().size() == run.streams.size() &&
           partial.sums.pools().size() == run.pools.size() && partial.series.is_like(series);
}

}  // namespace

RankPartial sums_from_bytes(std::span<const std::byte> bytes, const RunDescription& run, SimTime at,
                            const std::string& file) {
    std::optional<RankPartial> partial;
    try {
        partial = RankPartial::from_bytes(bytes);
    } catch (const BugError&) {  // what is a mistake in bytes of our own is none of ours here
    }
    if (!partial || !is_of(*partial, run, at))
        throw IoError(fmt::format("{}: is not what a rank of this run knew at {} ns; it is damaged or was changed",
                                  file, at.ns()));
    return std::move(*partial);
}

RankPartial read_sums(const CheckpointReader& checkpoint, std::uint32_t rank, const RunDescription& run) {
    const std::string name = sums_file_name(rank);
    return sums_from_bytes(checkpoint.read(name), run, checkpoint.manifest().at,
                           (std::filesystem::path(checkpoint.path()) / name).string());
}

}  // namespace regatta::results
