// Result files that HDF5 opens and whose numbers no run writes, in the words that are told: docs/guide/limits.md.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "made_up_run.hpp"
#include "results/export_requests.hpp"
#include "results/export_scratchpad.hpp"
#include "results/export_trace.hpp"
#include "results/hdf5.hpp"
#include "results/merge.hpp"
#include "results/result_reader.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

using h5::Handle;

/// One rank's file, to be changed.
class Hostile : public ::testing::Test {
protected:
    Hostile() : run_(make_up_run(1, 20)) {
        make_up_events(run_, 1);
        write_run(run_, scratch_.path(), 1);
        path_ = scratch_.path("rank-00000-000.h5");
        EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.outcome(); }), "");
    }

    /// What opening and `read` throw, without the path; empty: nothing.
    std::string told(const std::function<void(const ResultReader&)>& read) const {
        try {
            const ResultReader reader(scratch_.path());
            read(reader);
            return {};
        } catch (const IoError& error) {
            const std::string text = error.what();
            return text.starts_with(path_) ? text.substr(path_.size() + 2) : text;
        }
    }
    std::string told_of_outcome() const {
        return told([](const ResultReader& reader) { (void)reader.outcome(); });
    }

    [[nodiscard]] Handle open() const { return {H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose}; }

    void put_number(const std::string& object, const std::string& name, std::int64_t number) const {
        const Handle file = open();
        if (H5Aexists_by_name(file.id(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0)
            H5Adelete_by_name(file.id(), object.c_str(), name.c_str(), H5P_DEFAULT);
        const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
        const Handle attribute(H5Acreate_by_name(file.id(), object.c_str(), name.c_str(), H5T_NATIVE_INT64, space.id(),
                                                 H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose);
        ASSERT_GE(H5Awrite(attribute.id(), H5T_NATIVE_INT64, &number), 0);
    }
    void put_text(const std::string& object, const std::string& name, const std::string& text) const {
        const Handle file = open();
        if (H5Aexists_by_name(file.id(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0)
            H5Adelete_by_name(file.id(), object.c_str(), name.c_str(), H5P_DEFAULT);
        const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(type.id(), text.size() + 1);
        const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
        const Handle attribute(H5Acreate_by_name(file.id(), object.c_str(), name.c_str(), type.id(), space.id(),
                                                 H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose);
        ASSERT_GE(H5Awrite(attribute.id(), type.id(), text.c_str()), 0);
    }
    /// What a merge of the directory throws, without the path.
    [[nodiscard]] std::string told_of_merge() const {
        const std::string text =
            error_of<IoError>([&] { merge_run({.directory = scratch_.path(), .output = scratch_.path("run.h5")}); });
        return text.starts_with(path_) ? text.substr(path_.size() + 2) : text;
    }
    /// In the first row of a table, or the first element of a dataset (then `column` is empty).
    void put_first(const std::string& dataset_name, const std::string& column, std::int64_t number) const {
        const Handle file = open();
        const Handle dataset(H5Dopen2(file.id(), dataset_name.c_str(), H5P_DEFAULT), H5Dclose);
        const Handle type(H5Dget_type(dataset.id()), H5Tclose);
        const Handle space(H5Dget_space(dataset.id()), H5Sclose);
        const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.id()));
        ASSERT_GT(count, 0U);
        std::vector<char> bytes(count * H5Tget_size(type.id()));
        ASSERT_GE(H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), 0);
        std::size_t at = 0;
        std::size_t width = sizeof number;
        if (!column.empty()) {
            const auto member = static_cast<unsigned>(H5Tget_member_index(type.id(), column.c_str()));
            at = H5Tget_member_offset(type.id(), member);
            const Handle of_member(H5Tget_member_type(type.id(), member), H5Tclose);
            width = H5Tget_size(of_member.id());
        }
        std::memcpy(&bytes[at], &number, width);
        ASSERT_GE(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), 0);
    }
    void set_rows(const std::string& table, hsize_t rows) const {
        const Handle file = open();
        const Handle dataset(H5Dopen2(file.id(), table.c_str(), H5P_DEFAULT), H5Dclose);
        ASSERT_GE(H5Dset_extent(dataset.id(), &rows), 0);
    }
    /// In place of the dataset: numbers, or texts of `text_bytes`.
    void replace(const std::string& name, const std::vector<hsize_t>& extent, std::size_t text_bytes = 0) const {
        const Handle file = open();
        ASSERT_GE(H5Ldelete(file.id(), name.c_str(), H5P_DEFAULT), 0);
        const Handle type(H5Tcopy(text_bytes == 0 ? H5T_NATIVE_INT64 : H5T_C_S1), H5Tclose);
        if (text_bytes > 0) H5Tset_size(type.id(), text_bytes);
        const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
        const Handle dataset(
            H5Dcreate2(file.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
            H5Dclose);
        ASSERT_TRUE(dataset.is_open());
    }

    ScratchDirectory scratch_;
    MadeUpRun run_;
    std::string path_;
};

TEST_F(Hostile, ClaimsMoreRowsThanItStores) {
    set_rows("/requests", hsize_t{1} << 60U);
    const std::string text = told_of_outcome();
    EXPECT_EQ(text.substr(0, text.find(" elements")), "/requests claims 1152921504606846976");
    EXPECT_TRUE(text.ends_with("bytes are stored")) << text;
}

TEST_F(Hostile, ClaimsMoreNumbersThanItStores) {
    replace("/streams/priority", {hsize_t{1} << 60U});
    EXPECT_EQ(told_of_outcome(),
              "/streams/priority claims 1152921504606846976 elements of 8 bytes, but 0 bytes are stored");
}

TEST_F(Hostile, HasATableOfTwoDimensions) {
    replace("/requests", {2, 2});
    EXPECT_EQ(told_of_outcome(), "/requests has 2 dimensions; a table has one");
}

TEST_F(Hostile, HasSeveralValuesWhereThereIsOne) {
    {
        const Handle file = open();
        H5Adelete_by_name(file.id(), "/scenario", "name", H5P_DEFAULT);
        const hsize_t two = 2;
        const Handle space(H5Screate_simple(1, &two, nullptr), H5Sclose);
        const Handle attribute(H5Acreate_by_name(file.id(), "/scenario", "name", H5T_C_S1, space.id(), H5P_DEFAULT,
                                                 H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose);
    }
    EXPECT_EQ(told_of_outcome(), "name is not a single value");
}

TEST_F(Hostile, IsOfNoRank) {
    put_number("/", "ranks", 0);
    EXPECT_EQ(told_of_outcome(), "says that it is of rank 0 of 0; expected at most 100000 ranks");
    put_number("/", "ranks", std::int64_t{1} << 60);
    EXPECT_EQ(told_of_outcome(), "says that it is of rank 0 of 1152921504606846976; expected at most 100000 ranks");
}

TEST_F(Hostile, HasTimesBeyondTime) {
    put_first("/requests", "end_ns", INT64_MIN);
    EXPECT_EQ(told_of_outcome(), "end_ns of row 0 of /requests is -9223372036854775808; no run writes that");
    EXPECT_EQ(told([](const ResultReader& reader) { reader.visit_requests([](auto) {}); }),
              "end_ns of row 0 of /requests is -9223372036854775808; no run writes that");
}

TEST_F(Hostile, EndsBeforeItBegins) {
    put_number("/", "end_ns", -5);
    EXPECT_EQ(told_of_outcome(), "ends at -5 ns after 20 requests; no run writes that");
}

TEST_F(Hostile, NamesAStateThatIsNone) {
    put_first("/requests", "state", 200);
    EXPECT_EQ(told([](const ResultReader& reader) { reader.visit_requests([](auto) {}); }),
              "holds rows that no run writes; it is damaged or was changed");
}

TEST_F(Hostile, NamesAKindOfChangeThatIsNone) {
    put_first("/events", "kind", 200);
    EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.events(); }),
              "holds rows that no run writes; it is damaged or was changed");
}

TEST_F(Hostile, NamesAPoolThatIsNone) {
    put_first("/replicas", "pool", 7);
    EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.replicas(); }),
              "holds rows that no run writes; it is damaged or was changed");
}

TEST_F(Hostile, SamplesAtTheEndOfTime) {
    put_first("/series/time_ns", "", std::int64_t{1} << 61);
    EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.series(); }),
              "/series has a sample at 2305843009213693952 ns, one of 21 every 5000000000 ns");
}

TEST_F(Hostile, CountsWhatNobodyCounts) {
    put_first("/series/waiting", "", INT64_MAX);
    EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.series(); }),
              "/series/waiting holds 9223372036854775807; no run writes that");
}

TEST_F(Hostile, HasASeriesOfAnotherLength) {
    replace("/series/waiting", {3});
    EXPECT_EQ(told([](const ResultReader& reader) { (void)reader.series(); }),
              "/series/waiting has 3 numbers; 21 instants of 2 pools need 42");
}

TEST_F(Hostile, IsSampledAllTheTime) {
    put_number("/scenario", "series_every_ns", 0);
    EXPECT_EQ(told_of_outcome(), "series_every_ns is 0; no run writes that");
}

TEST_F(Hostile, NamesALinkThatIsNone) {
    put_first("/run/links", "link", 9);
    EXPECT_EQ(told_of_outcome(), "/run/links names link 9 of 2");
}

TEST_F(Hostile, HasNoFacts) {
    set_rows("/run/ranks", 0);
    EXPECT_EQ(told_of_outcome(), "/run/ranks has no rows");
}

TEST_F(Hostile, HasAnotherNumberOfStreams) {
    replace("/streams/priority", {1});
    EXPECT_EQ(told_of_outcome(), "/streams has columns of different length");
}

TEST_F(Hostile, IsNotMergedEither) {
    put_first("/requests", "end_ns", INT64_MIN);
    try {
        merge_run({.directory = scratch_.path(), .output = scratch_.path("run.h5"), .is_partial = true});
        FAIL();
    } catch (const IoError& error) {
        EXPECT_EQ(std::string(error.what()),
                  scratch_.path() +
                      ": none of its rank files can be merged; rank-00000-000.h5: end_ns of row 0 of "
                      "/requests is -9223372036854775808; no run writes that");
    }
}

TEST_F(Hostile, HasNoScenarioOrSeveral) {
    replace("/scenario", {2}, 5);
    EXPECT_EQ(told_of_outcome(), "/scenario is not a single text");
}

TEST_F(Hostile, HasNumbersForNames) {
    replace("/streams/name", {2});
    EXPECT_EQ(told_of_outcome(), "cannot read /streams/name: the file is damaged");
}

TEST_F(Hostile, HasADigestThatIsNone) {
    put_text("/", "digest", "0123");
    EXPECT_EQ(told_of_merge(), "expected a digest of 32 hexadecimal digits, found \"0123\"");
}

TEST_F(Hostile, LeavesOutFewerFilesThanNone) {
    put_text("/", "left_out", "rank-00001-000.h5: is missing");
    put_number("/", "files_left_out", -1);
    EXPECT_EQ(told_of_outcome(), "files_left_out is -1; expected from 0 to 100000");
}

TEST_F(Hostile, LeavesOutMoreFilesThanItNames) {
    put_text("/", "left_out", "rank-00001-000.h5: is missing");
    put_number("/", "files_left_out", 2);
    EXPECT_EQ(ResultReader(scratch_.path()).run().left_out,
              (std::vector<std::string>{"rank-00001-000.h5: is missing", "one more file, whose name did not fit"}));
}

TEST(HostileSet, HoldsARequestTwice) {
    MadeUpRun run = make_up_run(1, 1);
    run.requests.push_back(run.requests.front());
    std::set<std::string> told;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {  // in one rank's file, or in two
        const ScratchDirectory scratch;
        write_run(run, scratch.path(), 2, seed);
        const std::string text =
            error_of<IoError>([&] { merge_run({.directory = scratch.path(), .output = scratch.path("run.h5")}); });
        told.insert(text.substr(text.rfind(": ") + 2));
    }
    EXPECT_EQ(told,
              (std::set<std::string>{"request 1000 is in another rank's file, too", "request 1000 is out of order"}));
}

TEST_F(Hostile, HasLostRequests) {
    put_number("/", "requests_arrived", 21);
    EXPECT_EQ(told_of_merge(), scratch_.path() + ": the rank files hold 20 requests, but 21 arrived");
}

TEST_F(Hostile, IsTheMergedOneUnderTheNameOfARank) {
    const ScratchDirectory other;
    merge_run({.directory = scratch_.path(), .output = other.path("rank-00000-000.h5")});
    EXPECT_EQ(error_of<IoError>([&] { const ResultReader reader(other.path()); }),
              other.path("rank-00000-000.h5") + ": is a merged file, not one of a rank");
}

TEST_F(Hostile, IsOfNoScratchpad) {
    EXPECT_EQ(
        error_of<InputError>([&] { (void)write_scratchpad(ResultReader(scratch_.path()), scratch_.path("exported")); }),
        path_ + ": was not run under compat: scratchpad; its replicas are no engines of that simulator");
}

TEST(HostileSet, TellsOfEnginesWhatNoRunTells) {
    for (const std::string& description : {std::string("{}"), std::string("["), std::string(1000, '[')}) {
        MadeUpRun run = make_up_run(1, 3);
        run.description.scratchpad = description;
        const ScratchDirectory scratch;
        write_run(run, scratch.path(), 1);
        EXPECT_EQ(
            error_of<IoError>([&] { (void)write_scratchpad(ResultReader(scratch.path()), scratch.path("exported")); }),
            scratch.path("rank-00000-000.h5") +
                ": /scratchpad is not what a run writes; the file is damaged or was changed");
    }
}

TEST(HostileSet, KeepsWhatIsWhereEnginesAreExported) {
    MadeUpRun run = make_up_run(1, 3);
    run.description.scratchpad = "{}";
    const ScratchDirectory scratch;
    write_run(run, scratch.path(), 1);
    EXPECT_EQ(error_of<InputError>([&] { (void)write_scratchpad(ResultReader(scratch.path()), scratch.path()); }),
              scratch.path() + ": is there already; name an empty or a new directory");
    EXPECT_NO_THROW((void)ResultReader(scratch.path()).outcome());
}

TEST_F(Hostile, GoesWhereThereIsNoRoom) {
    const ResultReader reader(scratch_.path());
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> full(std::fopen("/dev/full", "wb"), std::fclose);
    ASSERT_NE(full, nullptr);
    std::setvbuf(full.get(), nullptr, _IONBF, 0);  // so little would be found out at the end only
    EXPECT_EQ(error_of<IoError>([&] { (void)write_requests_csv(reader, {}, full.get()); }),
              "requests: cannot be written: No space left on device");
    for (const auto format : {TraceFormat::Chrome, TraceFormat::Perfetto})
        EXPECT_EQ(error_of<IoError>([&] { (void)write_trace(reader, {}, 1000, format, full.get()); }),
                  "trace: cannot be written: No space left on device");
}

}  // namespace
}  // namespace regatta::results
