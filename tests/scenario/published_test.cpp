// The models of the catalogue against what was published about them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "scenario/catalogue.hpp"
#include "shipped.hpp"

namespace regatta::scenario {
namespace {

/// Parameters in billions as printed by whoever published the model: on its page on Hugging Face (size of all tensors),
/// in its model card, or in its report: Llama 3 (arXiv:2407.21783), Llama 2 (arXiv:2307.09288), Mixtral
/// (arXiv:2401.04088), Qwen2 (arXiv:2407.10671), Qwen2.5 (arXiv:2412.15115), Qwen3 (arXiv:2505.09388), Gemma 2
/// (arXiv:2408.00118), Gemma 3 (arXiv:2503.19786, table 1, without the vision encoder), gpt-oss (arXiv:2508.10925,
/// table 1), GLM-4.5 (arXiv:2508.06471), DeepSeekMoE (arXiv:2401.06066), InternLM2 (arXiv:2403.17297), OPT
/// (arXiv:2205.01068), BLOOM (arXiv:2211.05100). Llama 4 Scout: 109 less a vision encoder of 0.9.
struct Published {
    const char* name;
    const char* total;
    const char* active;                 ///< empty: a dense model
    bool active_is_without_embeddings;  ///< the publisher did not count the input embedding
    double kv_bytes_per_token;          ///< 16 bits, by the published layers, key-value heads and head size
};

constexpr Published kPublished[] = {
    {"llama-3.1-8b", "8.03", "", false, 131072},
    {"llama-3.1-70b", "70.55", "", false, 327680},
    {"llama-3.3-70b", "70.55", "", false, 327680},
    {"llama-3.1-405b", "405.9", "", false, 516096},
    {"llama-3.2-1b", "1.24", "", false, 32768},
    {"llama-3.2-3b", "3.21", "", false, 114688},
    {"llama-3-8b", "8.03", "", false, 131072},
    {"llama-3-70b", "70.6", "", false, 327680},
    {"llama-4-scout", "108.1", "17", false, 196608},
    {"llama-4-maverick", "400", "17", false, 196608},
    {"llama-2-7b", "6.74", "", false, 524288},
    {"llama-2-13b", "13.0", "", false, 819200},
    {"llama-2-70b", "69.0", "", false, 327680},
    {"codellama-34b", "33.7", "", false, 196608},
    {"mistral-7b-v0.1", "7.24", "", false, 131072},
    {"mistral-7b-v0.3", "7.25", "", false, 131072},
    {"mistral-nemo-12b", "12.2", "", false, 163840},
    {"mistral-small-24b", "23.6", "", false, 163840},
    {"mistral-large-123b", "123", "", false, 360448},
    {"mixtral-8x7b", "46.7", "12.9", false, 131072},
    {"mixtral-8x22b", "141", "39", false, 229376},
    {"qwen2.5-0.5b", "0.49", "", false, 12288},
    {"qwen2.5-1.5b", "1.54", "", false, 28672},
    {"qwen2.5-3b", "3.09", "", false, 36864},
    {"qwen2.5-7b", "7.61", "", false, 57344},
    {"qwen2.5-14b", "14.77", "", false, 196608},
    {"qwen2.5-32b", "32.5", "", false, 262144},
    {"qwen2.5-72b", "72.7", "", false, 327680},
    {"qwen3-0.6b", "0.6", "", false, 114688},
    {"qwen3-1.7b", "1.7", "", false, 114688},
    {"qwen3-4b", "4.0", "", false, 147456},
    {"qwen3-8b", "8.2", "", false, 147456},
    {"qwen3-14b", "14.8", "", false, 163840},
    {"qwen3-32b", "32.8", "", false, 262144},
    {"qwen3-30b-a3b", "30.5", "3.3", false, 98304},
    {"qwen3-235b-a22b", "235", "22", false, 192512},
    {"qwen3-coder-480b-a35b", "480", "35", false, 253952},
    {"qwen2-57b-a14b", "57.4", "14", false, 57344},
    {"gemma-2-2b", "2.61", "", false, 106496},
    {"gemma-2-9b", "9.24", "", false, 344064},
    {"gemma-2-27b", "27.2", "", false, 376832},
    {"gemma-3-1b", "1.000", "", false, 26624},
    {"gemma-3-4b", "3.884", "", false, 139264},
    {"gemma-3-12b", "11.771", "", false, 393216},
    {"gemma-3-27b", "27.016", "", false, 507904},
    {"gpt-oss-20b", "20.91", "3.61", true, 49152},
    {"gpt-oss-120b", "116.83", "5.13", true, 73728},
    {"minimax-m2.5", "229", "10", true, 253952},
    {"glm-4-9b", "9.4", "", false, 40960},
    {"glm-4.5-air", "106", "12", true, 188416},
    {"deepseek-llm-67b", "67.4", "", false, 389120},
    {"deepseek-moe-16b", "16.4", "2.8", false, 229376},
    {"dbrx-132b", "132", "36", false, 163840},
    {"yi-6b", "6.06", "", false, 65536},
    {"yi-34b", "34.4", "", false, 245760},
    {"phi-2", "2.78", "", false, 327680},
    {"phi-3-mini", "3.82", "", false, 393216},
    {"phi-3-medium", "14.0", "", false, 204800},
    {"phi-4", "14.7", "", false, 204800},
    {"command-r-plus", "104", "", false, 262144},
    {"granite-3.1-8b", "8.17", "", false, 163840},
    {"olmo-2-7b", "7.30", "", false, 524288},
    {"smollm2-1.7b", "1.71", "", false, 196608},
    {"internlm-20b", "20.1", "", false, 1228800},
    {"internlm2-20b", "20", "", false, 196608},
    {"qwen-72b", "72", "", false, 2621440},
    {"opt-13b", "12.85", "", false, 819200},
    {"bloom-176b", "176.25", "", false, 4014080},
};

/// To 1 %, or to one unit of the last digit that was printed: some publishers round and some cut.
void expect_as_printed(double counted, const std::string& printed) {
    const double value = std::stod(printed);
    const std::size_t point = printed.find('.');
    const double unit = point == std::string::npos ? 1 : std::pow(10, -static_cast<double>(printed.size() - point - 1));
    EXPECT_NEAR(counted / 1e9, value, std::max(0.01 * value, unit)) << printed;
}

class PublishedModels : public ::testing::Test {
protected:
    const CatalogueEntry<llm::Model>* find(const std::string& name) {
        for (const auto& entry : set_.models())
            if (entry.name == name) return &entry;
        return nullptr;
    }

    InputFiles files_;
    Problems problems_;
    CatalogueSet set_{testing::source_directory() + "/configs/catalogue", files_, problems_};
};

TEST_F(PublishedModels, AreAllOfTheCatalogue) {
    for (const auto& entry : set_.models()) {
        const auto is_it = [&](const Published& published) { return published.name == entry.name; };
        EXPECT_TRUE(std::any_of(std::begin(kPublished), std::end(kPublished), is_it)) << entry.name;
    }
}

TEST_F(PublishedModels, HaveTheParametersThatWerePublished) {
    for (const Published& published : kPublished) {
        SCOPED_TRACE(published.name);
        const auto* entry = find(published.name);
        ASSERT_NE(entry, nullptr);
        expect_as_printed(llm::parameter_count(entry->facts), published.total);
    }
}

TEST_F(PublishedModels, PassEachTokenThroughTheParametersThatWerePublished) {
    for (const Published& published : kPublished) {
        SCOPED_TRACE(published.name);
        const auto* entry = find(published.name);
        ASSERT_NE(entry, nullptr);
        const llm::Model& model = entry->facts;
        const std::string printed = published.active;
        ASSERT_EQ(printed.empty(), model.experts == 0);
        if (printed.empty()) continue;
        const double embedding = static_cast<double>(model.vocabulary * model.hidden);
        expect_as_printed(llm::active_parameter_count(model) - (published.active_is_without_embeddings ? embedding : 0),
                          printed);
    }
}

TEST_F(PublishedModels, HoldTheKeysAndValuesThatFollowFromTheirHeads) {
    for (const Published& published : kPublished) {
        SCOPED_TRACE(published.name);
        const auto* entry = find(published.name);
        ASSERT_NE(entry, nullptr);
        EXPECT_EQ(llm::kv_bytes_per_token(entry->facts, llm::DataType::Bf16), published.kv_bytes_per_token);
        EXPECT_EQ(llm::kv_bytes_per_token(entry->facts, llm::DataType::Int4), published.kv_bytes_per_token / 4);
    }
}

}  // namespace
}  // namespace regatta::scenario
