// What a trace may be at most: docs/guide/limits.md.
#include <gtest/gtest.h>

#include <array>

#include "files.hpp"
#include "packed.hpp"
#include "workload/joint_lengths.hpp"
#include "workload/json_depth.hpp"
#include "workload/recorded_arrivals.hpp"
#include "workload/scratchpad_trace.hpp"
#include "workload/text_input.hpp"
#include "workload/trace_reader.hpp"

namespace regatta::workload {
namespace {

Problems problems_in(const std::string& text, double rate_scale = 1) {
    const TestFile file(text);
    TraceInput input;
    input.path = file.path();
    input.rate_scale = rate_scale;
    return problems_with(input.path, [&] { (void)survey_trace(input); });
}

const std::string kPlainHeader = "arrival_s,input_tokens,output_tokens\n";

std::string request(const std::string& model, const std::string& date) {
    return R"({"model": ")" + model + R"(", "created_at": ")" + date +
           R"(", "reported_token_input": 1, "reported_token_output": 1})" + "\n";
}

TEST(TraceLimits, ScaledTimesStayWithinWhatCanBeSimulated) {
    EXPECT_EQ(problems_in(kPlainHeader + "0,1,1\n3000,1,1\n", 1e-6),
              Problems{"FILE:3: arrival_s: \"3000\" comes after 3e+09 s at a rate_scale of 1e-06; expected at most "
                       "2305843009 s"});
}

TEST(TraceLimits, TimeStampsStayWithinALifetime) {
    EXPECT_EQ(
        problems_in("TIMESTAMP,ContextTokens,GeneratedTokens\n1970-01-01 00:00:00,1,1\n2100-01-01 00:00:00,1,1\n"),
        Problems{"FILE:3: TIMESTAMP: \"2100-01-01 00:00:00\" is more than 2000000000 s after the first row"});
    EXPECT_EQ(problems_in(request("m", "1970-01-01 00:00:00") + request("m", "2100-01-01 00:00:00")),
              Problems{"FILE: request 1: created_at is more than 2000000000 s after the earliest one"});
}

TEST(TraceLimits, PrefixesHave64Bits) {
    EXPECT_EQ(problems_in("arrival_s,input_tokens,output_tokens,prefix\n0,1,1,18446744073709551616\n"),
              Problems{"FILE:2: prefix: expected a whole number below 2^64, found \"18446744073709551616\""});
}

TEST(TraceLimits, JsonIsNotNestedWithoutEnd) {
    const std::string deep(40, '[');
    EXPECT_EQ(problems_in("{\"timestamp\": " + deep), Problems{"FILE:1: nested deeper than 32 levels"});
    EXPECT_EQ(problems_in("{\"created_at\": " + deep), Problems{"FILE:1: nested deeper than 32 levels"});
}

TEST(TraceLimits, BracketsInTextsAreNoNesting) {
    EXPECT_FALSE(too_deep_at("[\"" + std::string(40, '[') + "\\\"[\"]"));
    EXPECT_FALSE(too_deep_at(std::string(32, '[')));
    EXPECT_EQ(too_deep_at(std::string(33, '[')), 32U);
}

TEST(TraceLimits, AskForSoManyModels) {
    std::string text;
    for (int i = 0; i <= 10'000; ++i)
        text += request(std::string("m").append(std::to_string(i)), "2024-07-17 13:56:49");
    EXPECT_EQ(problems_in(text), Problems{"FILE:10001: model: expected at most 10000 different ones"});
}

TEST(TraceLimits, PackedFilesDoNotGrowForEver) {
    const std::string packed = zstandard(std::string(std::size_t{70} << 20, 'x'));
    const TestFile file(packed);
    const auto read_all = [&] {
        TextInput input(file.path());
        std::array<char, 65536> block{};
        while (input.read(block) == block.size()) {
        }
    };
    EXPECT_EQ(problems_with(file.path(), read_all),
              Problems{"FILE: the zstd data grow to more than 500 times their " +
                       std::to_string(packed.size()).append(" bytes; no trace does")});
}

TEST(TraceLimits, GapsStayWithinWhatCanBeSimulated) {
    const TestFile file("arrival_time\n0.5\n3000.5\n");
    EXPECT_EQ(problems_with(file.path(), [&] { (void)read_gaps({.path = file.path(), .time_scale = 1e6}); }),
              Problems{"FILE:3: arrival_time: \"3000.5\" is 3e+09 s after the first row at a time_scale of 1000000; "
                       "expected at most 2305843009 s"});
}

TEST(TraceLimits, LengthsAreCutWithoutOverflow) {
    const TestFile file("num_prefill_tokens,num_decode_tokens\n100000000,1\n");
    const auto lengths = read_lengths({.path = file.path(), .prompt_scale = 1e3, .max_tokens = 4096});
    ASSERT_EQ(lengths.size(), 1U);
    EXPECT_EQ(lengths[0].prompt, 4095U);
    EXPECT_EQ(lengths[0].output, 1U);
}

}  // namespace
}  // namespace regatta::workload
