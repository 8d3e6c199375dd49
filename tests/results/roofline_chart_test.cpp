#include "results/roofline_chart.hpp"

#include <gtest/gtest.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

const char* const kMatrices =
    "hardware,weights,activations,matrix,m,k,n,input_size,flops,bytes,flops_per_byte,bound,attained_flops_per_s,"
    "compute_s,memory_s,time_s,peak_flops_per_s,bandwidth_bytes_per_s\n"
    "gpu,bf16,bf16,8,8,8,8,16,200,10,20,memory,40,1,2,2,100,2\n"
    "gpu,bf16,bf16,8,8,8,8,4,100,10,10,memory,20,1,2,2,100,2\n"
    "gpu,bf16,bf16,1x8,1,8,8,4,50,50,1,memory,2,1,2,2,100,2\n";

std::string steps(const std::string& rows) {
    return "hardware,model,tp,weights,activations,kv_cache,stage,batch,length,operator,flops,bytes,attained_flops_per_"
           "s,"
           "peak_flops_per_s,bandwidth_bytes_per_s\n" +
           rows;
}

std::string problem_with(const std::string& text) {
    try {
        static_cast<void>(read_roofline_chart("table", text));
        return "";
    } catch (const InputError& error) {
        return error.problems().front();
    }
}

TEST(RooflineChart, HasASeriesForEachMatrixAndASizeForEachInputSize) {
    const RooflineChart chart = read_roofline_chart("table", kMatrices);
    ASSERT_EQ(chart.roofs.size(), 1U);
    EXPECT_EQ(chart.roofs[0].ridge_flops_per_byte(), 50);
    ASSERT_EQ(chart.series.size(), 2U);
    EXPECT_EQ(chart.series[0].name, "8");
    EXPECT_EQ(chart.series[1].name, "1x8");
    EXPECT_NE(chart.series[0].shape, chart.series[1].shape);
    EXPECT_EQ(chart.size_name, "input size");
    EXPECT_EQ(chart.sizes, (std::vector<std::int64_t>{4, 16}));
    ASSERT_EQ(chart.points.size(), 3U);
    EXPECT_EQ(chart.points[0].size, 1U);
    EXPECT_EQ(chart.points[0].flops_per_byte, 20);
    EXPECT_EQ(chart.points[0].flops_per_s, 40);
    EXPECT_EQ(chart.points[2].series, 1U);
    EXPECT_EQ(chart.title, "Roofline of gpu: 1e-10 TFLOP/s, 2e-09 GB/s");
}

TEST(RooflineChart, LeavesOutTotalsAndWhatComputesNothing) {
    const RooflineChart chart = read_roofline_chart("table", steps("gpu,llm,1,8,8,8,prefill,1,64,proj,100,10,5,100,2\n"
                                                                   "gpu,llm,1,8,8,8,prefill,1,64,norms,0,10,0,100,2\n"
                                                                   "gpu,llm,1,8,8,8,prefill,1,64,total,100,20,5,100,2\n"
                                                                   "gpu,llm,1,8,8,8,decode,1,64,proj,10,10,1,100,2\n"));
    ASSERT_EQ(chart.series.size(), 2U);
    EXPECT_EQ(chart.series[0].name, "proj, prefill");
    EXPECT_EQ(chart.series[1].name, "proj, decode");
    EXPECT_EQ(chart.series[0].shape, chart.series[1].shape);
    EXPECT_FALSE(chart.series[0].is_hollow);
    EXPECT_TRUE(chart.series[1].is_hollow);
    EXPECT_EQ(chart.subtitle, "llm, tp 1, weights/activations/KV cache 8/8/8");
}

TEST(RooflineChart, TakesTotalsWhereThereIsNothingElse) {
    const RooflineChart chart =
        read_roofline_chart("table", steps("gpu,llm,1,8,8,8,decode,1,64,total,100,20,5,100,2\n"
                                           "gpu,llm,1,8,8,8,decode,4,64,total,100,20,5,100,2\n"));
    EXPECT_EQ(chart.points.size(), 2U);
    EXPECT_EQ(chart.size_name, "batch");
}

TEST(RooflineChart, HasAColourForEachRoofWhereThereAreSeveral) {
    const RooflineChart chart =
        read_roofline_chart("table", steps("one,llm,1,8,8,8,decode,1,64,proj,100,20,5,100,2\n"
                                           "two,llm,1,8,8,8,decode,1,64,proj,100,20,5,200,2\n"));
    EXPECT_EQ(chart.roofs.size(), 2U);
    EXPECT_EQ(chart.series[0].shape, chart.series[1].shape);
    EXPECT_NE(chart.series[0].color, chart.series[1].color);
    EXPECT_EQ(chart.series[1].name, "proj, two");
    EXPECT_EQ(chart.title, "Roofline");
}

TEST(RooflineChart, ReadsJsonAlike) {
    const RooflineChart chart = read_roofline_chart(
        "table", R"({"steps": [{"hardware": "gpu", "model": "llm", "tp": 1, "weights": "8", "activations": "8",
                  "kv_cache": "8", "stage": "decode", "batch": 1, "length": 64, "peak_flops_per_s": 100,
                  "bandwidth_bytes_per_s": 2, "total": {"flops": 100, "bytes": 20, "attained_flops_per_s": 5},
                  "operators": [{"operator": "proj", "flops": 100, "bytes": 10, "attained_flops_per_s": 5}]}]})");
    ASSERT_EQ(chart.points.size(), 1U);
    EXPECT_EQ(chart.points[0].flops_per_byte, 10);
    EXPECT_EQ(chart.series[0].name, "proj");
}

TEST(RooflineChart, SaysWhatIsNoTableOfRooflines) {
    EXPECT_EQ(problem_with("a,b\n1,2\n"),
              "table: no table of regatta roofline: it has neither a column operator nor matrix");
    EXPECT_EQ(problem_with(""), "table: no table of regatta roofline: it has neither a column operator nor matrix");
    EXPECT_EQ(problem_with("{"), "table: no JSON, though it begins like some");
    EXPECT_EQ(problem_with("{}"), "table: no JSON of regatta roofline: expected matrices or steps as it writes them");
    EXPECT_EQ(problem_with("{\"steps\": [5]}"),
              "table: no JSON of regatta roofline: expected matrices or steps as it writes them");
    EXPECT_EQ(problem_with(steps("gpu,llm,1,8,8,8,decode,1,64,norms,0,20,0,100,2\n")),
              "table: nothing to draw: no row has both operations and bytes");
    EXPECT_EQ(problem_with(steps("gpu,llm,1,8,8,8,decode,1,64,proj,1e300,1e-300,1,100,2\n")),
              "table: nothing to draw: no row has both operations and bytes");
    EXPECT_EQ(problem_with(steps("gpu,llm,1,8,8,8,decode,1,64,proj,x,20,0,100,2\n")),
              "table:2: flops: expected a number, found \"x\"");
}

}  // namespace
}  // namespace regatta::results
