#include "workload/survey.hpp"

#include <gtest/gtest.h>

#include "regatta/base/errors.hpp"

namespace regatta::workload {
namespace {

Request request(std::int64_t arrival_ms, std::uint32_t prompt, std::uint32_t output) {
    Request result;
    result.arrival = SimTime::from_ms(arrival_ms);
    result.prompt_tokens = prompt;
    result.output_tokens = output;
    return result;
}

TEST(LengthCounts, GivesTheShortestLengthThatEnoughDoNotExceed) {
    LengthCounts counts;
    EXPECT_EQ(counts.quantile(0.5), 0U);
    for (std::uint32_t tokens = 1; tokens <= 100; ++tokens)
        counts.add(tokens);
    EXPECT_EQ(counts.quantile(0.5), 50U);
    EXPECT_EQ(counts.quantile(0.99), 99U);
    EXPECT_EQ(counts.quantile(1), 100U);
    EXPECT_EQ(counts.most(), 100U);
    counts.add(7);
    EXPECT_EQ(counts.quantile(0.5), 50U);
}

TEST(StreamSurvey, CountsPerStretchAndSumsUp) {
    StreamSurvey survey(SimTime::from_s(1));
    survey.add(request(999, 10, 2));
    survey.add(request(1000, 20, 3));
    survey.add(request(3500, 30, 4));
    EXPECT_EQ(survey.per_stretch(), (std::vector<std::uint64_t>{1, 1, 0, 1}));
    EXPECT_EQ(survey.first_arrival(), SimTime::from_ms(999));
    EXPECT_EQ(survey.last_arrival(), SimTime::from_ms(3500));
    EXPECT_EQ(survey.mix().mean_prompt(), 20);
    EXPECT_EQ(survey.mix().mean_output(), 3);
    EXPECT_EQ(survey.mix().prompt_times_output, 20 + 60 + 120);
    EXPECT_EQ(survey.mix().prompt_tokens_squared, 1400);
    EXPECT_EQ(survey.mix().output_tokens_squared, 29);
}

TEST(StreamSurvey, RefusesMoreStretchesThanAnybodyCouldRead) {
    StreamSurvey survey(SimTime::from_ms(1));
    try {
        survey.add(request(200'000, 1, 1));
        FAIL();
    } catch (const InputError& error) {
        EXPECT_EQ(
            error.problems().front(),
            "a request arrives after 200 s: more than 100000 stretches of 0.001 s; expected longer ones (--every)");
    }
}

}  // namespace
}  // namespace regatta::workload
