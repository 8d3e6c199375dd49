// Vidur's own step times, batch by batch, from the tables they were looked up in: ../shared/reference/vidur.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "../workload/files.hpp"
#include "profile_fixture.hpp"
#include "timing/profile_csv.hpp"
#include "timing/profile_times.hpp"

namespace regatta::timing {
namespace {

struct Case {
    const char* name;
    ProfileTarget target;
};

ProfileTarget llama_7b() {
    return {.layers_per_stage = 32,
            .decode_batching_overhead = 0.1,
            .prefill_batching_overhead = 0.1,
            .nccl_launch_ms = 0.02};
}

ProfileTarget grouped(std::int64_t layers_per_stage, std::int64_t tp, std::int64_t stages) {
    ProfileTarget target = llama_7b();
    target.layers_per_stage = layers_per_stage;
    target.tensor_parallel = tp;
    target.stages = stages;
    target.has_grouped_queries = true;
    return target;
}

/// "kv:chunk;kv:chunk"
std::vector<PrefillChunk> chunks_of(std::string_view text) {
    std::vector<PrefillChunk> chunks;
    while (!text.empty() && text != "0") {
        const std::size_t end = std::min(text.find(';'), text.size());
        const std::size_t colon = text.find(':');
        chunks.push_back({.tokens = std::stoll(std::string(text.substr(colon + 1, end - colon - 1))),
                          .context_tokens = std::stoll(std::string(text.substr(0, colon)))});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return chunks;
}

class ProfileReference : public ::testing::TestWithParam<Case> {};

TEST_P(ProfileReference, EveryStageTakesWhatVidurSays) {
    const auto file = [](const char* name) {
        return workload::shared_file(fmt::format("reference/vidur/{}/{}", GetParam().name, name));
    };
    if (file("batch_stages.csv.gz").empty()) GTEST_SKIP() << "shared/reference/vidur is not beside the project";
    const ProfileTimes times(GetParam().target, read_op_tables("tables", text_of(file("predictor_tables.csv.gz"))));
    const CsvTable stages("stages", text_of(file("batch_stages.csv.gz")));
    const std::int64_t last_stage = GetParam().target.stages - 1;
    const std::int64_t least = times.least_fine();
    double worst_s = 0;
    for (std::size_t row = 0; row < stages.rows(); ++row) {
        const std::vector<PrefillChunk> chunks = chunks_of(stages.text(row, stages.column("prefill_kv_chunk_list")));
        BatchShape shape;
        shape.decodes = stages.count(row, stages.column("decode_batch_size"));
        shape.decode_context_tokens = shape.decodes * stages.count(row, stages.column("decode_avg_kv_cache_size"));
        shape.prefills = chunks;
        const StepLine line = times.line(shape, stages.count(row, stages.column("stage_id")) == last_stage);
        ASSERT_GT(line.valid_below, shape.decode_context_tokens);
        ASSERT_GE(line.base_fine, least);
        const double seconds = static_cast<double>(line.base_fine) / (1e9 * static_cast<double>(kFinePerNs));
        const double expected = stages.number(row, stages.column("execution_time"));
        ASSERT_NEAR(seconds, expected, 1e-9) << "row " << row;
        worst_s = std::max(worst_s, std::abs(seconds - expected));
    }
    fmt::print("{} stages, at most {:.2g} s off\n", stages.rows(), worst_s);
    EXPECT_GT(stages.rows(), 1000U);
}

INSTANTIATE_TEST_SUITE_P(
    Vidur, ProfileReference,
    ::testing::Values(Case{"s01_llama2-7b_a100_tp1_sarathi512_fixed_poisson-low", llama_7b()},
                      Case{"s02_codellama34b_a100_tp2_vllm_4rep_lor_splitwise-conv_near-sat", grouped(48, 2, 1)},
                      Case{"s03_llama2-70b_a100_tp2_pp2_sarathi1024_2rep_arxiv", grouped(40, 2, 2)},
                      Case{"s04_llama2-7b_a100_tp1_orca_3rep_random_uniform", llama_7b()},
                      Case{"s06_llama2-7b_a100_tp1_lightllm_zipf_gamma", llama_7b()},
                      Case{"s08_llama2-7b_a100_tp1_sarathi128_partial-prefill-victims", llama_7b()}),
    [](const auto& of) { return std::string(of.param.name).substr(0, 3); });

}  // namespace
}  // namespace regatta::timing
