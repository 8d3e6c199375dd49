// Changes of the fleet on their way from ranks to a merged file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>

#include "made_up_run.hpp"
#include "results/merge.hpp"
#include "results/result_reader.hpp"
#include "results/row_order.hpp"

namespace regatta::results {
namespace {

/// Writes the run on `ranks` ranks and merges it to `scratch`/NAME.
std::string merged(const ScratchDirectory& scratch, const MadeUpRun& run, std::uint32_t ranks,
                   const std::string& name) {
    const std::string directory = scratch.path(name + ".ranks");
    std::filesystem::create_directories(directory);
    write_run(run, directory, ranks, ranks);
    merge_run({.directory = directory, .output = scratch.path(name)});
    return scratch.path(name);
}

TEST(EventsTable, HoldsEveryChangeOfTheFleetInOrderWhateverTheNumberOfRanks) {
    const ScratchDirectory scratch;
    MadeUpRun run = make_up_run(15, 20);
    make_up_events(run, 15);
    std::sort(run.events.begin(), run.events.end(), RowOrder());
    for (const std::uint32_t ranks : {1U, 2U, 5U}) {
        SCOPED_TRACE(ranks);
        const auto events = ResultReader(merged(scratch, run, ranks, "run" + std::to_string(ranks) + ".h5")).events();
        ASSERT_EQ(events.size(), run.events.size());
        EXPECT_EQ(std::memcmp(events.data(), run.events.data(), events.size() * sizeof events.front()), 0);
    }
}

TEST(EventsTable, HasNoTableOfChangesWhereNothingChanged) {
    const ScratchDirectory scratch;
    EXPECT_TRUE(ResultReader(merged(scratch, make_up_run(16, 20), 2, "run.h5")).events().empty());
}

}  // namespace
}  // namespace regatta::results
