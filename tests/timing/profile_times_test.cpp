#include "timing/profile_times.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

#include "../workload/files.hpp"

namespace regatta::timing {
namespace {

using workload::Problems;
using workload::problems_with;

/// One layer; decodes take what the rows say, everything else a thousandth of a millisecond per token.
std::string tables_text(const std::string& decodes) {
    std::string text = "op,a,b_first,b_last,ms\n";
    for (const char* op : {"attn_pre_proj", "attn_post_proj", "attn_rope", "mlp_up_proj", "mlp_down_proj", "mlp_act"})
        for (int n = 1; n <= 64; ++n)
            text += fmt::format("{},0,{},{},{}\n", op, n, n, 0.001 * n);
    return text + "attn_prefill,0,1,10,0.5\nattn_prefill,0,11,20,0.6\nattn_prefill,64,1,20,0.7\n" + decodes;
}

constexpr const char* kDecodes =
    "attn_decode,1,0,0,1\nattn_decode,1,64,128,2\nattn_decode,1,192,192,2\nattn_decode,1,256,256,3\n"
    "attn_decode,2,0,64,4\nattn_decode,2,128,256,5\n"
    "attn_decode,3,0,256,6\n";

ProfileTimes times(const std::string& decodes = kDecodes) {
    return {ProfileTarget{.layers_per_stage = 1}, read_op_tables("t.csv", tables_text(decodes))};
}

BatchShape decodes_of(std::int64_t decodes, std::int64_t context_tokens) {
    return {.decodes = decodes, .decode_context_tokens = context_tokens, .prefills = {}};
}

double ms(const StepLine& line) {
    return static_cast<double>(line.base_fine) / (1e6 * static_cast<double>(kFinePerNs));
}

/// Of so many decodes: six operators at the tokens, rounded up to 8.
double ms_of_decodes(std::int64_t decodes, std::int64_t context) {
    return ms(times().line(decodes_of(decodes, context), true)) - 6 * 0.008;
}

TEST(ProfileTimes, RoundsTheTruncatedMeanContextUp) {
    EXPECT_NEAR(ms_of_decodes(1, 64), 2, 1e-9);
    EXPECT_NEAR(ms_of_decodes(1, 193), 3, 1e-9);
    EXPECT_NEAR(ms_of_decodes(2, 2 * 64 + 1), 4, 1e-9);  // 64.5, truncated
    EXPECT_NEAR(ms_of_decodes(2, 2 * 64 + 2), 5, 1e-9);
}

TEST(ProfileTimes, LooksUpTokensInEights) {
    const ProfileTimes model = times();
    const std::vector<PrefillChunk> nine = {{.tokens = 9, .context_tokens = 0}};
    EXPECT_NEAR(ms(model.line({.prefills = nine}, true)), 6 * 0.016 + 0.5, 1e-9);
    const std::vector<PrefillChunk> two = {{.tokens = 8, .context_tokens = 1}, {.tokens = 8, .context_tokens = 0}};
    EXPECT_NEAR(ms(model.line({.prefills = two}, true)), 6 * 0.016 + 0.7, 1e-9);  // kv 64 + 0, chunk 11
}

/// Checks, sum by sum, that the time is the same exactly up to valid_below.
void check_pieces(const ProfileTimes& model, std::int64_t decodes, std::int64_t until) {
    StepLine piece = model.line(decodes_of(decodes, decodes), true);
    for (std::int64_t sum = decodes; sum < until; ++sum) {
        const StepLine line = model.line(decodes_of(decodes, sum), true);
        ASSERT_GT(line.valid_below, sum) << decodes << " decodes, sum " << sum;
        ASSERT_EQ(line.slope_fine, 0);
        if (sum < piece.valid_below) {
            ASSERT_EQ(line.base_fine, piece.base_fine) << decodes << " decodes, sum " << sum;
            ASSERT_EQ(line.valid_below, piece.valid_below) << decodes << " decodes, sum " << sum;
        } else {
            ASSERT_NE(line.base_fine, piece.base_fine) << "ends early at " << sum << " of " << decodes;
        }
        piece = line;
    }
}

TEST(ProfileTimes, HoldExactlyUpToTheLargestSumOfContexts) {
    for (const std::int64_t decodes : {1, 2, 3})
        check_pieces(times(), decodes, decodes * 400);
    // Beyond the batches of the table each multiple of the granularity is a piece; they rise.
    check_pieces(times(std::string("attn_decode,1,0,0,1\nattn_decode,1,64,64,2\nattn_decode,1,128,128,3\n")), 2, 700);
}

TEST(ProfileTimes, GoOnStraightBeyondTheTables) {
    // By the outer half of the table: 2 to 3 ms between 128 and 256 tokens, 64 tokens' worth is half of that.
    EXPECT_NEAR(ms_of_decodes(1, 320), 3.5, 1e-9);
    EXPECT_NEAR(ms_of_decodes(3, 3 * 10000), 6, 1e-9);  // flat remains flat
    EXPECT_NEAR(ms(times().line(decodes_of(72, 72), true)) - 6 * 0.072, 6 + (72 - 3) * (6 - 2) / 2.0, 1e-9);
    const std::vector<PrefillChunk> chunk = {{.tokens = 40, .context_tokens = 0}};
    // 0.5 to 0.6 ms between 10 and 20 tokens squared.
    EXPECT_NEAR(ms(times().line({.prefills = chunk}, true)) - 6 * 0.040, 0.6 + 0.1 * (1600 - 400) / 300, 1e-9);
}

TEST(ProfileTimes, HasNoStepBelowItsLeast) {
    const ProfileTimes model = times();
    EXPECT_NEAR(static_cast<double>(model.least_fine()), (6 * 0.001 + 0.5) * 1e6 * 65536, 1);
    const std::vector<PrefillChunk> one = {{.tokens = 1, .context_tokens = 0}};
    EXPECT_GE(model.line({.prefills = one}, true).base_fine, model.least_fine());
}

TEST(ProfileTimes, TellWhatTheyConsistOf) {
    ProfileTarget target{.stages = 2, .layers_per_stage = 3, .tensor_parallel = 2, .nccl_launch_ms = 0.25};
    const ProfileTimes model(target, read_op_tables("t.csv", tables_text(kDecodes) + "all_reduce,0,1,64,0.5\n"
                                                                                     "send_recv,0,1,64,0.125\n"));
    const std::vector<PrefillChunk> chunk = {{.tokens = 6, .context_tokens = 0}};
    const BatchShape shape{.decodes = 2, .decode_context_tokens = 128, .prefills = chunk};
    const StepParts parts = model.parts(shape);
    EXPECT_NEAR(parts.attention_decode, 6 * 4e-3, 1e-12);
    EXPECT_NEAR(parts.collectives, 6 * 2 * 0.75e-3 + 0.125e-3, 1e-12);
    const double sum = parts.projections + parts.mlp + parts.attention_prefill + parts.attention_decode +
                       parts.collectives + parts.other + parts.overhead;
    EXPECT_NEAR(sum * 1e3, ms(model.line(shape, true)) + ms(model.line(shape, false)), 1e-9);
}

TEST(ProfileTables, SayWhereTheyAreWrong) {
    const auto problems = [](const std::string& text) {
        return problems_with("t.csv", [&] { static_cast<void>(read_op_tables("t.csv", text)); });
    };
    EXPECT_EQ(problems("op,a,b,ms\nx,0,1,1\n"), Problems{"FILE: no column \"b_first\"; there are: op, a, b, ms"});
    EXPECT_EQ(problems(""), Problems{"FILE: expected a header and rows, found an empty file"});
    EXPECT_EQ(problems("op,a\n"), Problems{"FILE: expected a header and rows, found one line only"});
    const std::string header = "op,a,b_first,b_last,ms\n";
    EXPECT_EQ(problems(header + "x,0,1,1,fast\n"), Problems{"FILE:2: ms: expected a number, found \"fast\""});
    EXPECT_EQ(problems(header + "x,0,1,1,-1\n"), Problems{"FILE:2: ms: expected at least 0, found -1"});
    EXPECT_EQ(problems(header + "x,0,2,1,1\n"), Problems{"FILE:2: b_last: 1 is below b_first, 2"});
    EXPECT_EQ(problems(header + "x,0,1.5,2,1\n"),
              Problems{"FILE:2: b_first: expected a whole number of at least 0, found \"1.5\""});
    EXPECT_EQ(problems(header + "x,0,1,2,1\nx,0,2,3,1\n"),
              Problems{"FILE:3: expected the rows of an operator in order of a, then b, without overlaps"});
    EXPECT_EQ(problems(header + "x,0,1,1\n"), Problems{"FILE:2: expected 5 fields as in the header, found 4"});
    EXPECT_EQ(problems_with("t.csv", [] { ProfileTimes({.tensor_parallel = 2}, {}); }),
              Problems{"no times of attn_pre_proj, attn_post_proj, attn_rope, mlp_up_proj, mlp_down_proj, mlp_act, "
                       "attn_decode, attn_prefill, all_reduce"});
}

}  // namespace
}  // namespace regatta::timing
