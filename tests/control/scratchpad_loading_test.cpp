#include "control/scratchpad_loading.hpp"

#include <gtest/gtest.h>

namespace regatta::control {
namespace {

TEST(ScratchpadLoading, TakesDiskThenPcie) {
    EXPECT_DOUBLE_EQ((ScratchpadPath{1000, 32}.loading_s(140)), 144.375);
    EXPECT_DOUBLE_EQ((ScratchpadPath{2000, 64}.loading_s(16)), 8.25);
}

TEST(ScratchpadLoading, KnowsWhatThreeModelsWeigh) {
    EXPECT_EQ(scratchpad_model_gb("meta-llama/Meta-Llama-3-70B-Instruct", 1), 140);
    EXPECT_EQ(scratchpad_model_gb("meta-llama/Meta-Llama-3-8B-Instruct", 1), 16);
    EXPECT_EQ(scratchpad_model_gb("meta-llama/Meta-Llama-3.1-8B-Instruct", 1), 16);
    EXPECT_EQ(scratchpad_model_gb("meta-llama/Llama-2-7b-hf", 140), 140);
    EXPECT_EQ(scratchpad_model_gb("meta-llama/Llama-2-7b-hf", 1), 1);
}

}  // namespace
}  // namespace regatta::control
