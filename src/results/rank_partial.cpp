#include "results/rank_partial.hpp"

#include <fmt/format.h>

#include <boost/archive/archive_exception.hpp>
#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/stream.hpp>
#include <boost/serialization/vector.hpp>

#include "regatta/base/errors.hpp"

namespace boost::serialization {

template <class Archive>
void serialize(Archive& archive, regatta::results::RankPartial& partial, unsigned /*version*/) {
    archive& partial.rows& partial.sums& partial.series& partial.arrived& partial.end& partial.facts;
}

}  // namespace boost::serialization

namespace regatta::results {

std::vector<std::byte> RankPartial::to_bytes() const {
    std::vector<char> buffer;
    {
        boost::iostreams::stream<boost::iostreams::back_insert_device<std::vector<char>>> stream(buffer);
        boost::archive::binary_oarchive archive(stream);
        archive << *this;
    }
    const auto bytes = std::as_bytes(std::span(buffer));
    return {bytes.begin(), bytes.end()};
}

RankPartial RankPartial::from_bytes(std::span<const std::byte> bytes) {
    RankPartial partial;
    try {
        boost::iostreams::stream<boost::iostreams::array_source> stream(reinterpret_cast<const char*>(bytes.data()),
                                                                        static_cast<std::streamsize>(bytes.size()));
        boost::archive::binary_iarchive archive(stream);
        archive >> partial;
    } catch (const boost::archive::archive_exception&) {
        throw BugError(fmt::format("{} bytes are not what a rank knows of the run", bytes.size()));
    }
    return partial;
}

RunOutcome combine(const RunDescription& run, const std::vector<RankPartial>& partials) {
    REGATTA_CHECK(!partials.empty(), "no rank to combine");
    RunOutcome outcome;
    SummarySums sums(run);
    RunTotalsRow totals{.requests_arrived = 0, .end_ns = partials.front().end.ns()};
    for (const RankPartial& partial : partials) {
        REGATTA_CHECK(partial.end.ns() == totals.end_ns,
                      fmt::format("one rank ended at {} ns, another at {} ns", partial.end.ns(), totals.end_ns));
        outcome.digest += partial.rows;
        outcome.series += partial.series;
        outcome.ranks.push_back(partial.facts);
        sums += partial.sums;
        totals.requests_arrived += partial.arrived;
    }
    // What several ranks add to is hashed after the addition; rows that one rank alone produces were hashed by it.
    for (const SeriesRow& row : outcome.series.rows())
        series_table().add_to(outcome.digest, &row);
    for (const GapRow& row : sums.gap_rows())
        gaps_table().add_to(outcome.digest, &row);
    for (const GapTotalRow& row : sums.gap_total_rows())
        gap_totals_table().add_to(outcome.digest, &row);
    run_totals_table().add_to(outcome.digest, &totals);
    outcome.summary = summarize(run, sums, outcome.series, totals.requests_arrived, partials.front().end);
    outcome.sums = std::move(sums);
    return outcome;
}

}  // namespace regatta::results
