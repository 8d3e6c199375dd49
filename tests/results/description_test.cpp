// Who a run's streams are for, through a file and back.
#include <gtest/gtest.h>
#include <hdf5.h>

#include "made_up_run.hpp"
#include "results/file_layout.hpp"
#include "results/hdf5.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

TEST(StreamFacts, AreReadBackAsTheyWereWritten) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path("run.h5");
    h5::File file = h5::File::create(path, path);
    layout::write_description(file, make_up_run(1, 10).description);
    const RunDescription run = layout::read_description(file);
    ASSERT_EQ(run.streams.size(), 2U);
    EXPECT_EQ(run.streams[0].tenant, "");
    EXPECT_EQ(run.streams[0].priority, 0);
    EXPECT_EQ(run.streams[1].name, "machines");
    EXPECT_EQ(run.streams[1].model, "large-llm");
    EXPECT_EQ(run.streams[1].tenant, "acme");
    EXPECT_EQ(run.streams[1].traffic_class, "batch");
    EXPECT_EQ(run.streams[1].priority, -2);
}

TEST(PoolFacts, AreReadBackAsTheyWereWritten) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path("run.h5");
    h5::File file = h5::File::create(path, path);
    RunDescription written = make_up_run(1, 10).description;
    written.pools[1].shared_gpus = 3;
    written.pools[1].absent_gpus = 5;
    written.pools[1].gpu_idle_mw = 110'000;
    written.pools[1].gpu_memory_bound_mw = 350'001;
    written.pools[1].gpu_compute_bound_mw = 700'000;
    written.pools[1].gpu_price_uusd_per_h = 2'744'705;
    written.energy = {.grid_mg_per_kwh = 473'500, .pue_millionths = 1'120'000};
    layout::write_description(file, written);
    const RunDescription run = layout::read_description(file);
    ASSERT_EQ(run.pools.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(run.pools[i].name, written.pools[i].name);
        EXPECT_EQ(run.pools[i].gpu_flops_per_s, written.pools[i].gpu_flops_per_s);
        EXPECT_EQ(run.pools[i].gpu_memory_bytes_per_s, written.pools[i].gpu_memory_bytes_per_s);
        EXPECT_EQ(run.pools[i].work, written.pools[i].work);
        EXPECT_EQ(run.pools[i].stages, written.pools[i].stages);
        EXPECT_EQ(run.pools[i].layers, written.pools[i].layers);
        EXPECT_EQ(run.pools[i].shared_gpus, written.pools[i].shared_gpus);
        EXPECT_EQ(run.pools[i].absent_gpus, written.pools[i].absent_gpus);
        EXPECT_EQ(run.pools[i].gpu_idle_mw, written.pools[i].gpu_idle_mw);
        EXPECT_EQ(run.pools[i].gpu_memory_bound_mw, written.pools[i].gpu_memory_bound_mw);
        EXPECT_EQ(run.pools[i].gpu_compute_bound_mw, written.pools[i].gpu_compute_bound_mw);
        EXPECT_EQ(run.pools[i].gpu_price_uusd_per_h, written.pools[i].gpu_price_uusd_per_h);
    }
    EXPECT_EQ(run.energy.grid_mg_per_kwh, 473'500);
    EXPECT_EQ(run.energy.pue_millionths, 1'120'000);
}

TEST(PoolFacts, TheEnergyOfOlderFilesIsNotKnown) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path("run.h5");
    h5::File file = h5::File::create(path, path);
    RunDescription written = make_up_run(1, 10).description;
    written.pools[0].gpu_idle_mw = 110'000;
    written.energy.grid_mg_per_kwh = 1;
    layout::write_description(file, written);
    for (const char* name : {"/pools/gpu_idle_mw", "/pools/gpu_price_uusd_per_h"})
        ASSERT_GE(H5Ldelete(file.id(), name, H5P_DEFAULT), 0);
    for (const char* name : {"grid_mg_per_kwh", "pue_millionths"})
        ASSERT_GE(H5Adelete_by_name(file.id(), "/scenario", name, H5P_DEFAULT), 0);
    const RunDescription run = layout::read_description(file);
    EXPECT_EQ(run.pools[0].gpu_idle_mw, 0);
    EXPECT_FALSE(run.energy.grid_mg_per_kwh);
    EXPECT_EQ(run.energy.pue_millionths, 1'000'000);
}

TEST(StreamFacts, MayBeMissingFromOlderFiles) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path("run.h5");
    h5::File file = h5::File::create(path, path);
    layout::write_description(file, make_up_run(1, 10).description);
    for (const char* name : {"/streams/model", "/streams/tenant", "/streams/class", "/streams/priority"})
        ASSERT_GE(H5Ldelete(file.id(), name, H5P_DEFAULT), 0);
    const RunDescription run = layout::read_description(file);
    EXPECT_EQ(run.streams[1].name, "machines");
    EXPECT_EQ(run.streams[1].tenant, "");
}

/// Rows of a file of format 1.3, whose digest it still has.
TEST(RequestRows, OfOlderFilesWereNotPreempted) {
    const ScratchDirectory scratch;
    const std::string path = scratch.path("run.h5");
    h5::File file = h5::File::create(path, path);
    Table old = requests_table();
    old.columns = old.columns.first(old.columns.size() - 2);
    old.row_bytes = old.old_row_bytes;
    serving::RequestRecord row = make_up_run(1, 10).requests.front();
    row.preempted_ns = row.preempted_before_token_ns = 7;
    h5::TableAppender appender(file, old, h5::Packing::Plain);
    appender.append(&row, 1);
    appender.close();
    const auto read = h5::read_table<serving::RequestRecord>(file, requests_table());
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].request_id, row.request_id);
    EXPECT_EQ(read[0].retries, row.retries);
    EXPECT_EQ(read[0].preempted_ns, 0);
    EXPECT_EQ(read[0].preempted_before_token_ns, 0);
    Digest then;
    old.add_to(then, &row);
    Digest now;
    requests_table().add_to(now, read.data());
    EXPECT_EQ(now, then);
    requests_table().add_to(now = Digest(), &row);
    EXPECT_NE(now, then);
}

}  // namespace
}  // namespace regatta::results
