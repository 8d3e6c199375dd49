#include "results/rank_partial.hpp"

#include <fmt/format.h>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace boost::serialization {

template <class Archive>
void serialize(Archive& archive, regatta::results::RankPartial& partial, unsigned /*version*/) {
    archive& partial.rows& partial.sums& partial.series& partial.arrived& partial.end& partial.facts;
}

}  // namespace boost::serialization

namespace regatta::results {

std::vector<std::byte> RankPartial::to_bytes() const {
    ByteBlock buffer;
    OutArchive(buffer) << *this;
    const auto bytes = std::as_bytes(std::span(buffer));
    return {bytes.begin(), bytes.end()};
}

RankPartial RankPartial::from_bytes(std::span<const std::byte> bytes) {
    RankPartial partial;
    InArchive archive({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    bool is_whole = false;
    try {
        archive >> partial;
        is_whole = archive.left() == 0;
    } catch (const ArchiveEnds&) {  // told below
    }
    if (!is_whole) throw BugError(fmt::format("{} bytes are not what a rank knows of the run", bytes.size()));
    return partial;
}

RunFacts& RunFacts::operator+=(const RunFacts& other) {
    ranks.insert(ranks.end(), other.ranks.begin(), other.ranks.end());
    links.insert(links.end(), other.links.begin(), other.links.end());
    if (link_names.empty()) link_names = other.link_names;
    return *this;
}

Reduction::Reduction(const RunDescription& run) : run_(run) {
    total_.sums = SummarySums(run);
}

RankPartial& RankPartial::operator+=(const RankPartial& other) {
    REGATTA_CHECK(facts.ranks.empty() || other.end == end,
                  fmt::format("one rank ended at {} ns, another at {} ns", end.ns(), other.end.ns()));
    end = other.end;
    rows += other.rows;
    sums += other.sums;
    series += other.series;
    arrived += other.arrived;
    facts += other.facts;
    return *this;
}

void Reduction::add(const RankPartial& partial) {
    total_ += partial;
}

/// What several ranks add to is hashed after the addition; rows that one rank alone produces were hashed by it.
Digest digest_of(const RankPartial& total) {
    Digest digest = total.rows;
    for (const SeriesRow& row : total.series.rows())
        series_table().add_to(digest, &row);
    for (const GapRow& row : total.sums.gap_rows())
        gaps_table().add_to(digest, &row);
    for (const GapTotalRow& row : total.sums.gap_total_rows())
        gap_totals_table().add_to(digest, &row);
    for (const GapRow& row : total.sums.step_time_rows())
        step_times_table().add_to(digest, &row);
    for (const GapTotalRow& row : total.sums.step_time_total_rows())
        step_time_totals_table().add_to(digest, &row);
    for (const BatchRow& row : total.sums.batch_rows())
        batches_table().add_to(digest, &row);
    const RunTotalsRow totals{.requests_arrived = total.arrived, .end_ns = total.end.ns()};
    run_totals_table().add_to(digest, &totals);
    return digest;
}

RunOutcome Reduction::outcome() const {
    REGATTA_CHECK(!total_.facts.ranks.empty(), "no rank to reduce");
    return {.digest = digest(),
            .summary = summarize(run_, total_.sums, total_.series, total_.arrived, total_.end),
            .sums = total_.sums,
            .series = total_.series,
            .facts = total_.facts};
}

RunOutcome combine(const RunDescription& run, const std::vector<RankPartial>& partials) {
    Reduction reduction(run);
    for (const RankPartial& partial : partials)
        reduction.add(partial);
    return reduction.outcome();
}

}  // namespace regatta::results
