#include "workload/scratchpad_trace.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "workload/trace_reader.hpp"

namespace regatta::workload {
namespace {

std::string line(const char* created, const char* model, int prompt, int output) {
    return fmt::format(
        R"({{"id": "a", "status": "DEFAULT", "created_at": "2024-07-17 {}", "finished_at": "2024-07-17 14:00:00.000", )"
        R"("model": "{}", "model_parameters": {{"max_tokens": "inf"}}, "reported_token_input": {}, )"
        R"("reported_token_output": {}}})"
        "\n",
        created, model, prompt, output);
}

TraceInput input_of(const TestFile& file, const std::string& model = "") {
    TraceInput input;
    input.path = file.path();
    input.model = model;
    return input;
}

std::vector<std::string> read_problems(const std::string& text, ScratchpadTimes times = ScratchpadTimes::Recorded) {
    try {
        static_cast<void>(read_scratchpad("t.jsonl", text, times));
        return {};
    } catch (const InputError& error) {
        return error.problems();
    }
}

TEST(ScratchpadTrace, LinesWithoutTokensKeepTheirNumber) {
    const std::string text = line("13:56:49.399", "m8", 23, 38) + line("13:50:16.368", "m8", 0, 4) +
                             line("13:50:16.368", "m8", 4, -1) + line("13:50:06.728", "m70", 12, 26);
    const ScratchpadRequests requests = read_scratchpad("t.jsonl", text, ScratchpadTimes::Ignored);
    EXPECT_EQ(requests.lines, 4U);
    EXPECT_EQ(requests.models, (std::vector<std::string>{"m8", "m70"}));
    ASSERT_EQ(requests.rows.size(), 2U);
    EXPECT_EQ(requests.rows[0].line, 0U);
    EXPECT_EQ(requests.rows[0].prompt_tokens, 23U);
    EXPECT_EQ(requests.rows[0].output_tokens, 38U);
    EXPECT_EQ(requests.rows[1].line, 3U);
    EXPECT_EQ(requests.rows[1].model, 1U);
}

TEST(ScratchpadTrace, IsReplayedByItsRecordedTimes) {
    const TestFile file(
        line("13:56:49.399", "m8", 23, 38) + line("13:50:16.368", "m8", 52, 492) + line("13:50:06.728", "m70", 12, 26),
        "trace.jsonl");
    TraceReader reader(input_of(file));
    const auto first = reader.next();
    const auto second = reader.next();
    const auto third = reader.next();
    ASSERT_TRUE(first && second && third);
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(first->row, 2U);
    EXPECT_EQ(first->arrival, SimTime());
    EXPECT_EQ(second->row, 1U);
    EXPECT_EQ(second->arrival, SimTime::from_ms(9640));
    EXPECT_EQ(third->row, 0U);
    EXPECT_EQ(third->arrival, SimTime::from_ms(402'671));
    EXPECT_EQ(third->output_tokens, 38U);
}

TEST(ScratchpadTrace, RequestsOfOneModelCanBeTakenAlone) {
    const TestFile file(line("13:50:00.000", "m8", 23, 38) + line("13:50:02.000", "m70", 52, 492), "trace.jsonl");
    TraceReader reader(input_of(file, "m70"));
    const auto row = reader.next();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->row, 1U);
    EXPECT_EQ(row->arrival, SimTime::from_s(2));  // in step with the others
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(problems_with(file.path(), [&] { TraceReader(input_of(file, "m9")); }),
              std::vector<std::string>{"FILE: no request asks for m9; asked for: m8, m70"});
}

TEST(ScratchpadTrace, OtherTracesDoNotSayWhatTheyAskFor) {
    for (const char* text : {"arrived_at,num_prefill_tokens,num_decode_tokens\n0,1,1\n",
                             "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": []}\n"}) {
        const TestFile file(text);
        EXPECT_EQ(problems_with(file.path(), [&] { TraceReader(input_of(file, "m8")); }),
                  std::vector<std::string>{"FILE: trace_model: requests of this trace do not say what they ask for"});
    }
}

TEST(ScratchpadTrace, WhatIsWrongIsToldWithItsLine) {
    using Lines = std::vector<std::string>;
    const std::string good = line("13:50:00.000", "m8", 1, 1);
    EXPECT_EQ(
        read_problems(good + "\n[1]\n"),
        Lines{"t.jsonl:3: expected a JSON object with model, reported_token_input and reported_token_output, found "
              "\"[1]\""});
    EXPECT_EQ(read_problems(R"({"model": "m", "reported_token_input": 1.5, "reported_token_output": 1})"),
              Lines{"t.jsonl:1: reported_token_input: expected a whole number of at most 100000000, found 1.5"});
    EXPECT_EQ(read_problems(R"({"model": "m", "reported_token_input": 1})"),
              Lines{"t.jsonl:1: reported_token_output: expected a whole number of at most 100000000, found nothing"});
    EXPECT_EQ(read_problems(R"({"model": 7, "reported_token_input": 1, "reported_token_output": 1})"),
              Lines{"t.jsonl:1: model: expected a name, found 7"});
    EXPECT_EQ(read_problems(R"({"model": "m", "created_at": "noon", "reported_token_input": 1, )"
                            R"("reported_token_output": 1})"),
              Lines{"t.jsonl:1: created_at: expected a date such as \"2024-07-17 13:56:49.399\", found \"noon\""});
    EXPECT_EQ(read_problems("\n"), Lines{"t.jsonl: the file has no requests"});
    EXPECT_EQ(
        read_problems(line("13:50:00.000", "m8", 0, 1)),
        Lines{"t.jsonl: no request has tokens: of each line reported_token_input or reported_token_output is 0 or "
              "less"});
}

TEST(ScratchpadTrace, TimesNeedNotBeThereWhereTheyAreIgnored) {
    EXPECT_TRUE(read_problems(R"({"model": "m", "reported_token_input": 1, "reported_token_output": 1})",
                              ScratchpadTimes::Ignored)
                    .empty());
}

}  // namespace
}  // namespace regatta::workload
