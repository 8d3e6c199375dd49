#include "workload/mooncake_trace.hpp"

#include <gtest/gtest.h>

#include <set>

#include "files.hpp"
#include "packed.hpp"
#include "requests.hpp"
#include "workload/prefix_handle.hpp"
#include "workload/trace_reader.hpp"

namespace regatta::workload {
namespace {

const std::string kThree =
    R"({"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2, 3]})"
    "\n"
    R"({"timestamp": 3000, "input_length": 1024, "output_length": 1, "hash_ids": [0, 1], "chat_id": "x"})"
    "\r\n\n"
    R"({"hash_ids": [], "output_length": 7, "input_length": 12, "timestamp": 3000.25})";

std::vector<TraceRow> rows_of(TraceInput input, const std::string& text) {
    const TestFile file(text, "trace.jsonl");
    input.path = file.path();
    TraceReader reader(input);
    std::vector<TraceRow> rows;
    while (const auto row = reader.next())
        rows.push_back(*row);
    return rows;
}

Problems problems_in(const std::string& text, TraceInput input = {}) {
    const TestFile file(text, "trace.jsonl");
    input.path = file.path();
    return problems_with(input.path, [&] { (void)survey_trace(input); });
}

std::uint64_t handle(std::initializer_list<std::uint64_t> blocks) {
    PrefixHandle result;
    for (const std::uint64_t block : blocks)
        result.add(block);
    return result.value();
}

void expect_three(const std::vector<TraceRow>& rows) {
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].arrival, SimTime());
    EXPECT_EQ(rows[0].prompt_tokens, 6758U);
    EXPECT_EQ(rows[0].output_tokens, 500U);
    EXPECT_EQ(rows[0].prefix, handle({0, 1, 2, 3}));
    EXPECT_EQ(rows[1].arrival, SimTime::from_s(3));
    EXPECT_EQ(rows[1].prefix, handle({0, 1}));
    EXPECT_EQ(rows[2].arrival, SimTime::from_us(3'000'250));
    EXPECT_EQ(rows[2].row, 2U);
    EXPECT_EQ(rows[2].prefix, 0U);
}

TEST(MooncakeTrace, ReadsTimesLengthsAndHashes) {
    expect_three(rows_of({}, kThree));
}
TEST(MooncakeTrace, ReadsGzip) {
    expect_three(rows_of({}, gzipped(kThree)));
}
TEST(MooncakeTrace, ReadsZstd) {
    expect_three(rows_of({}, zstandard(kThree)));
}

TEST(MooncakeTrace, KnowsItsFormatBehindAByteOrderMarkAndBlanks) {
    EXPECT_EQ(rows_of({}, "\xef\xbb\xbf" + kThree).size(), 3U);
    EXPECT_EQ(rows_of({}, "\n  " + kThree).size(), 3U);
}

TEST(MooncakeTrace, TakesWindowsLimitsAndScaling) {
    TraceInput input;
    input.window_from = SimTime::from_s(3);
    input.rate_scale = 2;
    const auto rows = rows_of(input, kThree);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].arrival, SimTime::from_us(125));
    input.limit = 1;
    EXPECT_EQ(rows_of(input, kThree).size(), 1U);
}

TEST(MooncakeTrace, HandsThePrefixOnWithTheRequest) {
    const TestFile file(kThree, "trace.jsonl");
    TraceInput input;
    input.path = file.path();
    Workload workload({input}, 1, 0);
    const Requests requests = drawn(*workload.source_for(GatewayId(0)));
    EXPECT_EQ(requests[1].prefix, handle({0, 1}));
}

TEST(MooncakeTrace, ReadsLinesAcrossChunks) {
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += fmt::format("{{\"timestamp\":{},\"input_length\":{},\"output_length\":1,\"hash_ids\":[{},{}]}}\n", i,
                            i + 1, i, std::string(static_cast<std::size_t>(i % 60), ' ') + "7");
    const auto rows = rows_of({}, text);
    ASSERT_EQ(rows.size(), 3000U);
    for (std::size_t i = 0; i < rows.size(); ++i)
        ASSERT_EQ(rows[i].prompt_tokens, i + 1);
}

TEST(MooncakeTrace, SaysWhichLineIsWrong) {
    const std::string good = R"({"timestamp": 9, "input_length": 1, "output_length": 1, "hash_ids": [1]})";
    const auto after_good = [&](const std::string& line) { return problems_in(good + "\n" + line + "\n"); };
    EXPECT_EQ(after_good("{\"timestamp\": 10,"),
              Problems{"FILE:2: expected a JSON object with timestamp, input_length, output_length and hash_ids, found "
                       "\"{\"timestamp\": 10,\""});
    EXPECT_EQ(after_good("[1]"),
              Problems{"FILE:2: expected a JSON object with timestamp, input_length, output_length and hash_ids, found "
                       "\"[1]\""});
    EXPECT_EQ(after_good(R"({"input_length": 1, "output_length": 1})"),
              Problems{"FILE:2: timestamp: expected milliseconds from 0 to 2000000000000, found nothing"});
    EXPECT_EQ(after_good(R"({"timestamp": -1, "input_length": 1, "output_length": 1})"),
              Problems{"FILE:2: timestamp: expected milliseconds from 0 to 2000000000000, found -1"});
    EXPECT_EQ(after_good(R"({"timestamp": 10, "input_length": 0, "output_length": 1})"),
              Problems{"FILE:2: input_length: expected a whole number from 1 to 100000000, found 0"});
    EXPECT_EQ(after_good(R"({"timestamp": 10, "input_length": 1, "output_length": "5"})"),
              Problems{"FILE:2: output_length: expected a whole number from 1 to 100000000, found \"5\""});
    EXPECT_EQ(after_good(R"({"timestamp": 10, "input_length": 1, "output_length": 1, "hash_ids": [1, "a"]})"),
              Problems{"FILE:2: hash_ids: expected a list of whole numbers, found [1,\"a\"]"});
    EXPECT_EQ(after_good(R"({"timestamp": 8, "input_length": 1, "output_length": 1, "hash_ids": [1]})"),
              Problems{"FILE:2: timestamp: 8 is 0.001 s before the line above; expected arrivals in order of time"});
}

TEST(MooncakeTrace, RefusesNamesOfColumnsAndEndlessLines) {
    TraceInput input;
    input.columns = {{"arrival", "t"}, {"prompt_tokens", "p"}, {"output_tokens", "o"}};
    EXPECT_EQ(problems_in(kThree, input), Problems{"FILE: columns: a JSONL trace has no columns to be named"});
    EXPECT_EQ(problems_in("{" + std::string(std::size_t{3} << 20, ' ')),
              Problems{"FILE:1: expected a line of JSON, found more than 1 MiB without a line end"});
}

TEST(PrefixHandle, DependsOnTheBlocksAndTheirOrder) {
    std::set<std::uint64_t> handles{0};
    for (std::uint64_t a = 0; a < 30; ++a) {
        handles.insert(handle({a}));
        for (std::uint64_t b = 0; b < 30; ++b)
            handles.insert(handle({a, b}));
    }
    EXPECT_EQ(handles.size(), 1U + 30 + 900);
}

TEST(MooncakeTrace, ReadsThePublishedConversationTrace) {
    const std::string path = shared_file("data/traces/mooncake_conversation.jsonl.gz");
    if (path.empty()) GTEST_SKIP() << "the Mooncake conversation trace is not beside the project";
    TraceInput input;
    input.path = path;
    const TraceSummary summary = survey_trace(input);
    EXPECT_EQ(summary.requests, 12'031U);
    EXPECT_NEAR(summary.mean_prompt_tokens, 12'035, 1);
    EXPECT_NEAR(summary.mean_output_tokens, 342.6, 0.1);
    EXPECT_EQ(summary.last_arrival, SimTime::from_ms(3'536'999));
}

}  // namespace
}  // namespace regatta::workload
