#include "workload/trace_reader.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "packed.hpp"

namespace regatta::workload {
namespace {

struct Row {
    std::uint64_t row = 0;
    std::int64_t arrival_ns = 0;
    std::uint32_t prompt_tokens = 0;
    std::uint32_t output_tokens = 0;
    friend bool operator==(const Row&, const Row&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Row& row) {
        return out << row.row << " at " << row.arrival_ns << " ns: " << row.prompt_tokens << " + " << row.output_tokens;
    }
};
using Rows = std::vector<Row>;

Rows rows_of(TraceInput input, const std::string& text) {
    const TestFile file(text);
    input.path = file.path();
    TraceReader reader(input);
    Rows rows;
    while (const auto row = reader.next())
        rows.push_back({row->row, row->arrival.ns(), row->prompt_tokens, row->output_tokens});
    return rows;
}

Problems problems_in(TraceInput input, const std::string& text) {
    const TestFile file(text);
    input.path = file.path();
    return problems_with(input.path, [&] { (void)survey_trace(input); });
}

Problems problems_in(const std::string& text) {
    return problems_in({}, text);
}

const std::string kPlainHeader = "arrival_s,input_tokens,output_tokens\n";
const std::string kPlain = kPlainHeader + "0.0000,374,44\n4.3146,396,109\n4.5,879,55\n9.25,91,16\n";
const Rows kPlainRows = {
    {0, 0, 374, 44}, {1, 4'314'600'000, 396, 109}, {2, 4'500'000'000, 879, 55}, {3, 9'250'000'000, 91, 16}};

TEST(TraceReader, ReadsThePlainFormat) {
    EXPECT_EQ(rows_of({}, kPlain), kPlainRows);
}
TEST(TraceReader, ReadsGzip) {
    EXPECT_EQ(rows_of({}, gzipped(kPlain)), kPlainRows);
}
TEST(TraceReader, ReadsZstd) {
    EXPECT_EQ(rows_of({}, zstandard(kPlain)), kPlainRows);
}

TEST(TraceReader, ReadsVidursFormatInAnyOrderWithOtherColumns) {
    EXPECT_EQ(rows_of({}, "id,num_decode_tokens,arrived_at,num_prefill_tokens\n7,44,0.5,374\n8,109,5.2e-1,396\n"),
              (Rows{{0, 500'000'000, 374, 44}, {1, 520'000'000, 396, 109}}));
}

TEST(TraceReader, ReadsAzuresFormatFromItsFirstTimestamp) {
    EXPECT_EQ(rows_of({},
                      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n"
                      "2023-11-16 18:15:50.9951690,396,109\r\n"),
              (Rows{{0, 0, 374, 44}, {1, 4'314'579'000, 396, 109}}));
    EXPECT_EQ(rows_of({},
                      "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n"
                      "2024-05-11 00:00:00.009931+00:00,2399,6\n"),
              (Rows{{0, 0, 2162, 5}, {1, 86'400'000'001'000, 2399, 6}}));
}

TEST(TraceReader, ReadsOtherColumnsByName) {
    TraceInput input;
    input.columns = {{"arrival", "when"}, {"prompt_tokens", "in"}, {"output_tokens", "out"}};
    EXPECT_EQ(rows_of(input, "out,in,when\n44,374,1.5\n"), (Rows{{0, 1'500'000'000, 374, 44}}));
    EXPECT_EQ(rows_of(input, "out,in,when\n44,374,2024-05-10 00:00:01\n5,6,2024-05-10 00:00:03\n"),
              (Rows{{0, 0, 374, 44}, {1, 2'000'000'000, 6, 5}}));
}

TEST(TraceReader, SelectsAWindowAndShiftsItToZero) {
    TraceInput input;
    input.window_from = SimTime::from_s(4);
    input.window_to = SimTime::from_ns(9'250'000'000);
    EXPECT_EQ(rows_of(input, kPlain), (Rows{{1, 314'600'000, 396, 109}, {2, 500'000'000, 879, 55}}));
}

TEST(TraceReader, ScalesTheRateAfterTheWindow) {
    TraceInput input;
    input.window_from = SimTime::from_s(4);
    input.rate_scale = 2;
    EXPECT_EQ(rows_of(input, kPlain),
              (Rows{{1, 157'300'000, 396, 109}, {2, 250'000'000, 879, 55}, {3, 2'625'000'000, 91, 16}}));
}

TEST(TraceReader, RoundsScaledTimesOnce) {
    TraceInput input;
    input.rate_scale = 3;
    EXPECT_EQ(rows_of(input, kPlainHeader + "0.000000001,1,1\n0.000000002,1,1\n0.00000001,1,1\n"),
              (Rows{{0, 0, 1, 1}, {1, 1, 1, 1}, {2, 3, 1, 1}}));
}

TEST(TraceReader, LimitsWhatTheWindowSelected) {
    TraceInput input;
    input.window_from = SimTime::from_s(4);
    input.limit = 1;
    EXPECT_EQ(rows_of(input, kPlain), (Rows{{1, 314'600'000, 396, 109}}));
}

TEST(TraceReader, ReadsNoFurtherThanLimitAndWindowNeed) {
    const std::string damaged = kPlain + "broken\n";
    TraceInput limited;
    limited.limit = 4;
    EXPECT_EQ(rows_of(limited, damaged), kPlainRows);
    TraceInput windowed;
    windowed.window_to = SimTime::from_s(5);
    EXPECT_EQ(rows_of(windowed, damaged).size(), 3U);
}

TEST(TraceReader, AcceptsArrivalsAtTheSameInstant) {
    EXPECT_EQ(rows_of({}, kPlainHeader + "1,2,3\n1,4,5\n"), (Rows{{0, 1'000'000'000, 2, 3}, {1, 1'000'000'000, 4, 5}}));
}

TEST(SurveyTrace, TellsCountsMeansAndTheLongest) {
    const TestFile file(kPlain);
    TraceInput input;
    input.path = file.path();
    const TraceSummary summary = survey_trace(input);
    EXPECT_EQ(summary.requests, 4U);
    EXPECT_EQ(summary.last_arrival, SimTime::from_ns(9'250'000'000));
    EXPECT_EQ(summary.mean_prompt_tokens, (374 + 396 + 879 + 91) / 4.0);
    EXPECT_EQ(summary.mean_output_tokens, (44 + 109 + 55 + 16) / 4.0);
    EXPECT_EQ(summary.longest_request_tokens, 879U + 55U);
}

TEST(SurveyTrace, ReadsTheAzureConversationTrace) {
    const std::string path = shared_file("data/traces/azure_2023_conv.csv.gz");
    if (path.empty()) GTEST_SKIP() << "the Azure 2023 conversation trace is not beside the project (REGATTA_SHARED)";
    TraceInput input;
    input.path = path;
    const TraceSummary summary = survey_trace(input);
    EXPECT_EQ(summary.requests, 19366U);
    EXPECT_NEAR(summary.mean_prompt_tokens, 1154.6974, 0.0001);
    EXPECT_NEAR(summary.mean_output_tokens, 211.1259, 0.0001);
    EXPECT_NEAR(summary.last_arrival.seconds(), 3501.7, 0.05);
}

TEST(TraceErrors, EmptyFile) {
    EXPECT_EQ(problems_in(""), Problems{"FILE: the file is empty; expected a header line such as "
                                        "arrived_at,num_prefill_tokens,num_decode_tokens"});
}

TEST(TraceErrors, HeaderOnly) {
    EXPECT_EQ(problems_in(kPlainHeader), Problems{"FILE: the file has a header and no requests"});
}

TEST(TraceErrors, NothingSelected) {
    TraceInput input;
    input.window_from = SimTime::from_s(100);
    EXPECT_EQ(problems_in(input, kPlain), Problems{"FILE: no request is selected by window and limit"});
}

TEST(TraceErrors, UnknownColumns) {
    EXPECT_EQ(problems_in("time,in,out\n1,2,3\n"),
              Problems{"FILE:1: unknown columns: time,in,out; expected arrived_at,num_prefill_tokens,num_decode_tokens "
                       "or TIMESTAMP,ContextTokens,GeneratedTokens or arrival_s,input_tokens,output_tokens, or their "
                       "names in workload.columns"});
}

TEST(TraceErrors, UnprintableAndEndlessHeader) {
    std::string text(5000, 'x');
    text[0] = '\x01';
    text[1] = '\x02';
    const Problems problems = problems_in(text);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].substr(0, 35), "FILE:1: unknown columns: ??xxxxxxxx");
    EXPECT_LT(problems[0].size(), 500U);
}

TEST(TraceErrors, MissingColumn) {
    EXPECT_EQ(problems_in("arrived_at,num_prefil_tokens,num_decode_tokens\n1,2,3\n"),
              Problems{"FILE:1: no column \"num_prefill_tokens\"; the columns are arrived_at, num_prefil_tokens, "
                       "num_decode_tokens; did you mean \"num_prefil_tokens\"?"});
}

TEST(TraceErrors, NamedColumnThatIsMissing) {
    TraceInput input;
    input.columns = {{"arrival", "arrival_s"}, {"prompt_tokens", "prompt"}, {"output_tokens", "output_tokens"}};
    EXPECT_EQ(problems_in(input, kPlain),
              Problems{"FILE:1: no column \"prompt\"; the columns are arrival_s, input_tokens, output_tokens"});
}

TEST(TraceErrors, ColumnThatAppearsTwice) {
    EXPECT_EQ(problems_in("arrival_s,input_tokens,output_tokens,input_tokens\n1,2,3,4\n"),
              Problems{"FILE:1: the column \"input_tokens\" appears twice"});
}

TEST(TraceErrors, UnknownKeyInColumns) {
    TraceInput input;
    input.columns = {{"arival", "a"}};
    EXPECT_EQ(problems_in(input, kPlain), Problems{"FILE: columns.arival: no such key; did you mean \"arrival\"?"});
}

TEST(TraceErrors, IncompleteColumns) {
    TraceInput input;
    input.columns = {{"arrival", "arrival_s"}, {"prompt_tokens", "input_tokens"}};
    EXPECT_EQ(problems_in(input, kPlain), Problems{"FILE: columns: output_tokens is missing; expected arrival, "
                                                   "prompt_tokens and output_tokens together"});
}

TEST(TraceErrors, TooFewFields) {
    EXPECT_EQ(problems_in(kPlain + "10,2\n"), Problems{"FILE:6: expected 3 fields as in the header, found 2"});
}

TEST(TraceErrors, TooManyFields) {
    EXPECT_EQ(problems_in(kPlain + "10,2,3,4\n"), Problems{"FILE:6: expected 3 fields as in the header, found 4"});
}

TEST(TraceErrors, BadNumberOfTokens) {
    EXPECT_EQ(problems_in(kPlain + "10,many,3\n"),
              Problems{"FILE:6: input_tokens: expected a whole number from 1 to 100000000, found \"many\""});
    EXPECT_EQ(problems_in(kPlain + "10,5,-3\n"),
              Problems{"FILE:6: output_tokens: expected a whole number from 1 to 100000000, found \"-3\""});
}

TEST(TraceErrors, NoTokens) {
    EXPECT_EQ(problems_in(kPlain + "10,0,3\n"),
              Problems{"FILE:6: input_tokens: expected a whole number from 1 to 100000000, found \"0\""});
    EXPECT_EQ(problems_in(kPlain + "10,3,0\n"),
              Problems{"FILE:6: output_tokens: expected a whole number from 1 to 100000000, found \"0\""});
}

TEST(TraceErrors, BadArrival) {
    EXPECT_EQ(problems_in(kPlain + "-10,2,3\n"),
              Problems{"FILE:6: arrival_s: expected seconds from 0 to 2000000000, found \"-10\""});
    EXPECT_EQ(problems_in(kPlainHeader + "soon,2,3\n"),
              Problems{"FILE:2: arrival_s: expected a time stamp, or seconds from 0 to 2000000000, found \"soon\""});
}

TEST(TraceErrors, BadTimestamp) {
    EXPECT_EQ(
        problems_in("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,2\n2023-11-16 18:65:46,1,2\n"),
        Problems{"FILE:3: TIMESTAMP: expected a time stamp like 2023-11-16 18:15:46.6805900, found \"2023-11-16 "
                 "18:65:46\""});
}

TEST(TraceErrors, TimeGoesBackwards) {
    EXPECT_EQ(problems_in(kPlain + "9.125,2,3\n"),
              Problems{"FILE:6: arrival_s: \"9.125\" is 0.125 s before the line above; expected arrivals in order of "
                       "time"});
}

TEST(TraceErrors, CutOffGzip) {
    const std::string whole = gzipped(kPlain);
    EXPECT_EQ(problems_in(whole.substr(0, whole.size() - 3)), Problems{"FILE: the gzip data are damaged or end early"});
}

TEST(TraceReader, ScalesLengthsAndCutsPrompts) {
    TraceInput input;
    input.prompt_scale = 0.5;
    input.output_scale = 3;
    input.max_tokens = 100;
    EXPECT_EQ(rows_of(input, "arrived_at,num_prefill_tokens,num_decode_tokens\n0,41,7\n1,1,1\n2,190,10\n3,60,90\n"),
              (Rows{{0, 0, 20, 21}, {1, 1'000'000'000, 1, 3}, {2, 2'000'000'000, 70, 30}, {3, 3'000'000'000, 1, 99}}));
}

}  // namespace
}  // namespace regatta::workload
