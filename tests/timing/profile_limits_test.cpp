// What a table of times may hold at most: docs/guide/limits.md.
#include <gtest/gtest.h>

#include "regatta/base/errors.hpp"
#include "timing/profile_samples.hpp"
#include "timing/profile_times.hpp"

namespace regatta::timing {
namespace {

using Problems = std::vector<std::string>;

Problems problems_of_row(const std::string& row) {
    try {
        static_cast<void>(read_op_tables("t.csv", "op,a,b_first,b_last,ms\n" + row + "\n"));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

TEST(ProfileLimits, OfTables) {
    EXPECT_EQ(problems_of_row("add,16777217,0,1,0.1"),
              Problems{"t.csv:2: a: expected at most 16777216, found 16777217"});
    EXPECT_EQ(problems_of_row("attn_decode,65537,0,1,0.1"),
              Problems{"t.csv:2: a: expected at most 65536, found 65537"});
    EXPECT_EQ(problems_of_row("add,0,0,1e15,0.1"),
              Problems{"t.csv:2: b_last: expected at most 16777216, found 1000000000000000"});
    EXPECT_EQ(problems_of_row("add,0,0,1,2e6"), Problems{"t.csv:2: ms: expected at most 1000000, found 2000000"});
}

TEST(ProfileLimits, OfFields) {
    try {
        static_cast<void>(read_op_tables("t.csv", "op\n" + std::string((std::size_t{1} << 24U) + 1, ',') + "\n"));
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), Problems{"t.csv:2: expected at most 16777216 fields in all"});
    }
}

TEST(ProfileLimits, OfKinds) {
    ProfileData data;
    try {
        add_measurements({.name = "a.csv", .text = "b\n1\n"}, {}, data);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(),
                  Problems{"a.csv: none of Vidur's profiling files: it has no column time_stats.attn_pre_proj.median, "
                           "prefill_chunk_size, time_stats.all_reduce.median, time_stats.send_recv.median or "
                           "tensor_parallel_degree"});
    }
}

TEST(ProfileLimits, OfSteps) {
    std::string text = "op,a,b_first,b_last,ms\n";
    for (const std::string& op : ProfileOps::of({}))
        text += op + ",0,0,64,1000000\n";
    try {
        const ProfileTimes times({.layers_per_stage = 100'000}, read_op_tables("t.csv", text));
        static_cast<void>(times.line({.decodes = 1, .decode_context_tokens = 10, .prefills = {}}, true));
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), Problems{"a step of this profile takes 1.1e+09 s; expected at most 3.52e+04 s"});
    }
}

TEST(ProfileLimits, OfMeasurements) {
    ProfileData data;
    const std::string text =
        "n_embd,n_q_head,n_kv_head,block_size,num_tensor_parallel_workers,batch_size,prefill_chunk_size,kv_cache_size,"
        "time_stats.attn_kv_cache_save.median,time_stats.attn_prefill.median,time_stats.attn_decode.median\n"
        "8,2,1,16,1,1,0,64,0.1,0.2,0.3\n";
    ProfileFilter filter;
    filter.model.hidden = 8;
    filter.model.heads = 2;
    filter.model.kv_heads = 1;
    try {
        add_attention({.name = "a.csv", .text = text}, filter, data);
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(error.problems(), Problems{"a.csv: no rows about attn_prefill"});
    }
}

}  // namespace
}  // namespace regatta::timing
