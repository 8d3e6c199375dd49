#include "timing/profile.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "../workload/files.hpp"
#include "timing/profile_cache.hpp"

namespace regatta::timing {
namespace {

using Problems = std::vector<std::string>;

constexpr const char* kMlpHeader =
    "num_tokens,n_head,n_kv_head,n_embd,n_expanded_embd,use_gated_mlp,vocab_size,num_tensor_parallel_workers,"
    "time_stats.attn_pre_proj.median,time_stats.attn_post_proj.median,time_stats.attn_rope.median,"
    "time_stats.mlp_up_proj.median,time_stats.mlp_down_proj.median,time_stats.mlp_act.median,time_stats.add.median\n";

std::string mlp_rows(int vocabulary, double ms) {
    std::string text;
    for (const int tokens : {1, 8, 16, 32, 64})
        text += fmt::format("{},4,2,64,128,True,{},1,{},1,1,1,1,1,\n", tokens, vocabulary, ms + tokens);
    return text;
}

std::string mlp() {
    return kMlpHeader + mlp_rows(1000, 1);
}

std::string attention() {
    std::string text =
        "n_embd,n_q_head,n_kv_head,block_size,num_tensor_parallel_workers,batch_size,prefill_chunk_size,kv_cache_size,"
        "time_stats.attn_prefill.median,time_stats.attn_decode.median,time_stats.attn_kv_cache_save.median\n";
    for (const int batch : {1, 4, 8})
        for (const int kv : {64, 128, 256})
            text += fmt::format("64,4,2,16,1,{},0,{},0,{},\n", batch, kv, 0.1 * batch + 0.01 * kv);
    for (const int chunk : {8, 64})
        for (const int kv : {0, 128})
            text += fmt::format("64,4,2,16,1,1,{},{},{},0,\n", chunk, kv, 0.1 * chunk + 0.01 * kv);
    return text;
}

StepTimeTarget target(const std::map<std::string, std::string>& files) {
    return {.gpu = {},
            .model = {.name = "tiny",
                      .layers = 2,
                      .hidden = 64,
                      .heads = 4,
                      .kv_heads = 2,
                      .head_dim = 16,
                      .intermediate = 128,
                      .vocabulary = 32000,
                      .source = "typed"},
            .read_file = [files](const std::string& path) { return files.at(path); }};
}

Parameters parameters(const std::string& predictor) {
    Parameters values;
    values.set("predictor", predictor);
    values.set("compute", std::string("mlp.csv"));
    values.set("attention", std::string("attention.csv"));
    for (const char* key : {"decode_batching_overhead", "prefill_batching_overhead", "nccl_launch_ms", "nccl_skew_ms"})
        values.set(key, 0.0);
    for (const auto& [key, count] : std::map<std::string, std::int64_t>{
             {"kv_granularity", 64}, {"max_chunk_tokens", 128}, {"max_batch", 16}, {"max_tokens", 256}, {"folds", 2}})
        values.set(key, count);
    values.set("models_cpu_overhead", false);
    values.set("estimators", std::vector<double>{20});
    values.set("max_depth", std::vector<double>{16});
    values.set("min_samples_split", std::vector<double>{2});
    values.set("degrees", std::vector<double>{1, 2});
    return values;
}

/// Does the tasks in turn, or backwards.
class OneHand final : public WorkSharing {
public:
    explicit OneHand(std::string cache = {}, bool is_backwards = false)
        : cache_(std::move(cache)), is_backwards_(is_backwards) {}
    std::vector<std::string> share(std::size_t count, const std::function<std::string(std::size_t)>& task) override {
        std::vector<std::string> results(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t which = is_backwards_ ? count - 1 - i : i;
            results[which] = task(which);
        }
        return results;
    }
    [[nodiscard]] std::string cache_directory() const override { return cache_; }

private:
    std::string cache_;
    bool is_backwards_;
};

Problems problems_of(const StepTimeTarget& of, const Parameters& values) {
    return workload::problems_with("mlp.csv", [&] { static_cast<void>(make_profile(of, values)); });
}

double decode_ms(const StepTimeModel& model, std::int64_t decodes, std::int64_t context) {
    const BatchShape shape{.decodes = decodes, .decode_context_tokens = context, .prefills = {}, .samples = decodes};
    return static_cast<double>(model.line(shape).at(context)) / (1e6 * static_cast<double>(kFinePerNs));
}

const std::map<std::string, std::string> kFiles = {{"mlp.csv", mlp()}, {"attention.csv", attention()}};

TEST(ProfileStepTime, ComposesWhatItsPredictorsSay) {
    OneHand hand;
    const auto model = make_profile(target(kFiles), parameters("interpolate"));
    model->prepare(hand);
    // Two layers of: a projection of 1 + 8, five more, a decode of 0.1 + 0.01 x 128.
    EXPECT_NEAR(decode_ms(*model, 1, 128), 2 * (9 + 5 + 0.1 + 1.28), 1e-9);
}

TEST(ProfileStepTime, IsTheSameWhoeverTrainsIt) {
    for (const char* predictor : {"forest", "polynomial"}) {
        SCOPED_TRACE(predictor);
        OneHand forwards;
        OneHand backwards({}, true);
        const auto first = make_profile(target(kFiles), parameters(predictor));
        const auto second = make_profile(target(kFiles), parameters(predictor));
        first->prepare(forwards);
        second->prepare(backwards);
        for (std::int64_t decodes = 1; decodes < 20; ++decodes)
            ASSERT_EQ(decode_ms(*first, decodes, decodes * 100), decode_ms(*second, decodes, decodes * 100));
    }
}

TEST(ProfileStepTime, ChoosesAmongVocabulariesAndRefusesNone) {
    auto files = kFiles;
    files["mlp.csv"] = kMlpHeader + mlp_rows(32000, 1) + mlp_rows(50000, 100);
    OneHand hand;
    const auto chosen = make_profile(target(files), parameters("interpolate"));
    chosen->prepare(hand);
    EXPECT_NEAR(decode_ms(*chosen, 1, 128), 2 * (9 + 5 + 0.1 + 1.28), 1e-9);
}

TEST(ProfileStepTime, SaysWhatItsFilesLack) {
    StepTimeTarget two = target(kFiles);
    two.tensor_parallel = 2;
    EXPECT_EQ(problems_of(two, parameters("forest")),
              (Problems{"compute: FILE: no rows with num_tensor_parallel_workers = 2; found: 1",
                        "attention: attention.csv: no rows with num_tensor_parallel_workers = 2; found: 1",
                        "all_reduce: missing; tensor parallelism needs it"}));
    StepTimeTarget plain = target(kFiles);
    plain.model.has_gated_mlp = !plain.model.has_gated_mlp;
    EXPECT_EQ(problems_of(plain, parameters("forest")).front(),
              "compute: FILE: no rows with use_gated_mlp = false; found: True");
    StepTimeTarget other = target(kFiles);
    other.model.hidden = 128;
    other.block_tokens = 1;
    EXPECT_EQ(problems_of(other, parameters("forest")).front(), "compute: FILE: no rows with n_embd = 128; found: 64");
    Parameters with_tables = parameters("forest");
    with_tables.set("tables", std::string("t.csv"));
    EXPECT_EQ(problems_of(target(kFiles), with_tables),
              Problems{"tables: only predictor table reads it; forest reads compute, attention and so on"});
    Parameters half = parameters("forest");
    half.set("max_depth", std::vector<double>{1.5});
    EXPECT_EQ(problems_of(target(kFiles), half), Problems{"max_depth: expected whole numbers, found 1.5"});
    half.set("max_depth", std::vector<double>{});
    EXPECT_EQ(problems_of(target(kFiles), half), Problems{"max_depth: expected at least one number"});
    Parameters fine = parameters("forest");
    fine.set("kv_granularity", std::int64_t{1});
    fine.set("max_tokens", std::int64_t{1'000'000});
    EXPECT_EQ(problems_of(target(kFiles), fine),
              Problems{"max_batch: 16 for each of 1000002 lengths up to max_tokens make 16000032 predictions; expected "
                       "at most 8388608"});
    StepTimeTarget staged = target(kFiles);
    staged.pipeline_parallel = 2;
    Parameters with_host = parameters("forest");
    with_host.set("models_cpu_overhead", true);
    EXPECT_EQ(problems_of(staged, with_host), (Problems{"send_recv: missing; pipeline parallelism needs it",
                                                        "cpu_overhead: missing; models_cpu_overhead needs it"}));
    EXPECT_EQ(problems_of(target({{"mlp.csv", kMlpHeader + std::string("1,4,2,64,128,True,1,1,x,1,1,1,1,1,1\n")},
                                  {"attention.csv", attention()}}),
                          parameters("forest")),
              Problems{"compute: FILE:2: time_stats.attn_pre_proj.median: expected a number, found \"x\""});
}

TEST(ProfileStepTime, TakesFromTheCacheOnlyWhatIsWholeAndItsOwn) {
    const std::string directory = workload::TestFile("").directory() + "-cache";
    const auto times = [&] {
        OneHand hand(directory);
        const auto model = make_profile(target(kFiles), parameters("forest"));
        model->prepare(hand);
        return decode_ms(*model, 3, 300);
    };
    const double trained = times();
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        paths.push_back(entry.path());
    EXPECT_EQ(paths.size(), 10U);
    EXPECT_EQ(times(), trained);
    // A damaged file.
    for (const auto& path : paths) {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-60, std::ios::end);
        file.put('\x7f');
    }
    EXPECT_EQ(times(), trained);
    // Another key's file under this one's name.
    for (std::size_t i = 0; i < paths.size(); ++i) {
        ProfileCache cache(directory);
        cache.keep("other", "op other", std::string(64, '\1'));
        std::filesystem::copy_file(cache.path_of("other", "op other"), paths[i],
                                   std::filesystem::copy_options::overwrite_existing);
    }
    EXPECT_EQ(times(), trained);
    // One that was cut off.
    for (const auto& path : paths)
        std::filesystem::resize_file(path, 70);
    EXPECT_EQ(times(), trained);
    std::filesystem::remove_all(directory);
}

TEST(ProfileCache, FindsWhatItKeptByTheWholeKey) {
    const std::string directory = workload::TestFile("").directory() + "-cache";
    const ProfileCache cache(directory);
    EXPECT_FALSE(cache.find("op", "key").has_value());
    cache.keep("op", "key", "bytes\n\0more");
    EXPECT_EQ(cache.find("op", "key"), std::optional<std::string>("bytes\n\0more"));
    EXPECT_FALSE(cache.find("op", "other key").has_value());
    EXPECT_FALSE(ProfileCache("").find("op", "key").has_value());
    std::filesystem::remove_all(directory);
}

TEST(ProfileTraining, HasAKeyOfAllThatItFollowsFrom) {
    ProfileTraining training;
    training.data["x"] = {{0, 1, 1}, {0, 2, 2}};
    const std::string key = training.key_of("x");
    ProfileTraining other = training;
    other.data["x"][1].ms = 2.0000001;
    EXPECT_NE(other.key_of("x"), key);
    other = training;
    other.limits.max_step_tokens = 8192;
    EXPECT_NE(other.key_of("x"), key);
    other = training;
    other.search.max_depth = {17};
    EXPECT_NE(other.key_of("x"), key);
    other = training;
    other.search.folds = 3;
    EXPECT_NE(other.key_of("x"), key);
    other = training;
    other.search.kind = ProfileFit::Kind::Polynomial;
    EXPECT_NE(other.key_of("x"), key);
}

}  // namespace
}  // namespace regatta::timing
