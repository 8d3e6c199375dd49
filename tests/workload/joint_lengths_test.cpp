#include "workload/joint_lengths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include "distributions.hpp"
#include "files.hpp"
#include "workload/lengths.hpp"
#include "workload/ycsb_zipf.hpp"

namespace regatta::workload {
namespace {

std::shared_ptr<const LengthDistribution> uniform(std::int64_t least, std::int64_t most) {
    Parameters parameters;
    parameters.set("least", least);
    parameters.set("most", most);
    return make_uniform(parameters);
}

/// Always so many tokens.
std::unique_ptr<JointLengths> split(std::int64_t total, const SplitOptions& options) {
    return split_total(uniform(total, total), options);
}

TEST(SplitTotal, RoundsAnAnswerDownWithThePrompt) {
    const SplitOptions down{.prompt_to_output = 5};
    EXPECT_EQ(split(600, down)->at(0, 0.5), (Lengths{500, 100}));
    // 601 / 6 = 100.17 and 500.83: both are cut.
    EXPECT_EQ(split(601, down)->at(0, 0.5), (Lengths{500, 100}));
    EXPECT_EQ(split(3, down)->at(0, 0.5), (Lengths{2, 1}));
}

TEST(SplitTotal, RoundsAnAnswerUpAndLeavesThePromptTheRest) {
    const SplitOptions up{.prompt_to_output = 4, .rounds_up = true};
    EXPECT_EQ(split(1004, up)->at(0, 0.5), (Lengths{803, 201}));
    EXPECT_EQ(split(1005, up)->at(0, 0.5), (Lengths{803, 202}));
    EXPECT_EQ(split(1, up)->at(0, 0.5), (Lengths{1, 1}));
}

TEST(SplitTotal, HasTheMeansOfVidursUniformTotals) {
    // Vidur: total t even over [256, 2048), answer ceil(t / 5), prompt floor(t - answer).
    const auto lengths = split_total(uniform(256, 2047), {.prompt_to_output = 4, .rounds_up = true});
    std::vector<double> prompts;
    std::vector<double> outputs;
    double vidur_prompts = 0;
    double vidur_outputs = 0;
    for (std::uint64_t k = 0; k < kSamples; ++k) {
        const Lengths one = lengths->at(k, uniform_number(k));
        prompts.push_back(one.prompt);
        outputs.push_back(one.output);
        const double total = 256 + 1792 * uniform_number(k);
        vidur_outputs += std::ceil(total / 5);
        vidur_prompts += std::floor(total - std::ceil(total / 5));
    }
    const double count = static_cast<double>(kSamples);
    EXPECT_NEAR(mean_of(prompts), vidur_prompts / count, 1e-9);
    EXPECT_NEAR(mean_of(outputs), vidur_outputs / count, 1e-9);
    std::sort(outputs.begin(), outputs.end());
    EXPECT_NEAR(outputs[kSamples / 2], 231, 5);  // ceil(1152 / 5)
}

TEST(YcsbZipf, HasTheDistributionOfItsFormula) {
    // Ranks from the third on: u = 1 - (1 - (r / n)^(1 - theta)) / eta gives rank r, by solving the formula for u.
    const double theta = 0.6;
    const double items = 1921;
    double zeta = 0;
    for (int rank = 1; rank < 1921; ++rank)
        zeta += std::pow(rank, -theta);
    const double eta = (1 - std::pow(2 / items, 1 - theta)) / (1 - 1 / zeta);
    const YcsbZipf zipf({.theta = theta, .least = 128, .most = 2048});
    std::vector<double> values;
    for (std::uint64_t k = 0; k < kSamples; ++k)
        values.push_back(static_cast<double>(zipf.tokens(uniform_number(k))));
    const auto cumulative = [&](double length) {
        const double rank = length - 128 + 1;
        if (rank <= 1) return 1 / zeta;
        if (rank <= 2) return (1 + std::pow(0.5, theta)) / zeta;
        return 1 - (1 - std::pow(rank / items, 1 - theta)) / eta;
    };
    // A length's own probability is at most that of the first.
    EXPECT_LT(kolmogorov_distance(values, cumulative), kolmogorov_bound() + 1 / zeta);
    EXPECT_EQ(zipf.tokens(0x1p-54), 128);
    EXPECT_EQ(zipf.tokens(1 - 0x1p-53), 2048);
    EXPECT_EQ(zipf.tokens(1.5 / zeta), 129);
}

TEST(YcsbZipf, MayHaveFewLengths) {
    EXPECT_EQ(YcsbZipf({.theta = 0.6, .least = 7, .most = 7}).tokens(0.99), 7);
    EXPECT_EQ(YcsbZipf({.theta = 0.6, .least = 7, .most = 8}).tokens(0.01), 7);
}

TEST(Cutting, TakesFromBothInProportion) {
    EXPECT_EQ(cut_in_proportion(900, 100, 2000), (Lengths{900, 100}));
    // 200 too many: ceil(200 * 1800 / 2200) = 164 and ceil(200 * 400 / 2200) = 37.
    EXPECT_EQ(cut_in_proportion(1800, 400, 2000), (Lengths{1636, 363}));
    EXPECT_EQ(cut_in_proportion(0, 5, 2000), (Lengths{1, 5}));
    EXPECT_EQ(cut_in_proportion(1, 9999, 10), (Lengths{1, 9}));
    EXPECT_EQ(cut_in_proportion(5000, 1, 2), (Lengths{1, 1}));
}

TEST(Cutting, TakesFromThePromptAndLeavesItOneToken) {
    EXPECT_EQ(cut_prompt(4000, 200, 4096), (Lengths{3896, 200}));
    EXPECT_EQ(cut_prompt(100, 200, 4096), (Lengths{100, 200}));
    EXPECT_EQ(cut_prompt(100, 5000, 4096), (Lengths{1, 4095}));
    EXPECT_EQ(cut_prompt(0, 0, 4096), (Lengths{1, 1}));
}

const char* const kTable = "num_prefill_tokens,num_decode_tokens,pd_ratio\n10,1,10\n20,2,10\n30,3,10\n40,4,10\n";

TEST(RecordedLengths, GoInTheOrderOfTheFileAndBeginAgain) {
    const TestFile file(kTable);
    const auto lengths = recorded_lengths({.path = file.path(), .is_shuffled = false}, 1, StreamId(0));
    EXPECT_EQ(lengths->at(0, 0.5), (Lengths{10, 1}));
    EXPECT_EQ(lengths->at(3, 0.5), (Lengths{40, 4}));
    EXPECT_EQ(lengths->at(5, 0.5), (Lengths{20, 2}));
}

TEST(RecordedLengths, AreShuffledBySeedAndStream) {
    std::string text = "input_tokens,output_tokens\n";
    for (int row = 1; row <= 100; ++row)
        text += fmt::format("{},1\n", row);
    const TestFile file(text);
    const auto order = [&](std::uint64_t seed, std::uint16_t stream) {
        const auto lengths = recorded_lengths({.path = file.path()}, seed, StreamId(stream));
        std::vector<std::uint32_t> prompts;
        for (std::uint64_t i = 0; i < 100; ++i)
            prompts.push_back(lengths->at(i, 0.5).prompt);
        return prompts;
    };
    const std::vector<std::uint32_t> one = order(1, 0);
    EXPECT_EQ(std::set<std::uint32_t>(one.begin(), one.end()).size(), 100U);
    EXPECT_FALSE(std::is_sorted(one.begin(), one.end()));
    EXPECT_EQ(order(1, 0), one);
    EXPECT_NE(order(2, 0), one);
    EXPECT_NE(order(1, 1), one);
}

TEST(RecordedLengths, AreScaledAndCut) {
    const TestFile file(kTable);
    const std::vector<Lengths> lengths =
        read_lengths({.path = file.path(), .prompt_scale = 0.25, .output_scale = 2.5, .max_tokens = 12});
    EXPECT_EQ(lengths, (std::vector<Lengths>{{2, 2}, {5, 5}, {6, 6}, {6, 6}}));
}

TEST(RecordedLengths, AreRefusedWithTheLine) {
    const auto problems = [](const char* text) {
        const TestFile file(text);
        return problems_with(file.path(), [&] { static_cast<void>(read_lengths({.path = file.path()})); });
    };
    EXPECT_EQ(problems(""), Problems{"FILE: the file is empty; expected a header with num_prefill_tokens and "
                                     "num_decode_tokens, or ContextTokens and GeneratedTokens, or input_tokens and "
                                     "output_tokens"});
    EXPECT_EQ(problems("prompt,output\n1,2\n"),
              Problems{"FILE:1: unknown columns: prompt,output; expected num_prefill_tokens and num_decode_tokens, or "
                       "ContextTokens and GeneratedTokens, or input_tokens and output_tokens"});
    EXPECT_EQ(problems("input_tokens,output_tokens\n"), Problems{"FILE: the file has a header and no lengths"});
    EXPECT_EQ(problems("input_tokens,output_tokens\n7,-1\n"),
              Problems{"FILE:2: expected a whole number from 0 to 100000000, found \"-1\""});
    EXPECT_EQ(problems("input_tokens,output_tokens\n7\n"),
              Problems{"FILE:2: expected 2 fields as in the header, found 1"});
}

}  // namespace
}  // namespace regatta::workload
