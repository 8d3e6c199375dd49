#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "merging.hpp"
#include "regatta/base/errors.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {
namespace {

constexpr const char* kPythonReads = R"(
import sys, warnings
import pandas
warnings.simplefilter("error")
frame = pandas.read_hdf(sys.argv[1], "requests")
print(len(frame), " ".join(frame.columns), frame.request_id.sum(), frame.dtypes["end_ns"])
print(len(pandas.read_hdf(sys.argv[1], "replicas")), list(pandas.read_hdf(sys.argv[1], "histograms/inter_token_gap")))
steps = pandas.read_hdf(sys.argv[1], "steps")
nodes = pandas.read_hdf(sys.argv[1], "node_series")
print(len(steps), steps.equals(steps.sort_values(["replica", "start_ns"])), steps.mlp_ns.sum())
print(len(nodes), nodes.equals(nodes.sort_values(["time_ns", "node"])), nodes.kv_tokens.sum())
)";

constexpr const char* kH5pyReads = R"(
import sys, h5py
file = h5py.File(sys.argv[1], "r")
print(file.attrs["digest"].decode(), file["scenario"][()].decode().splitlines()[0])
print([name.decode() for name in file["pools/name"]], list(file["series"]), file["series/waiting"].shape)
print(file["series/time_ns"].attrs["units"].decode(), file["requests"].attrs["FIELD_1_UNIT"].decode())
)";

std::string python_output(const char* script, const std::string& path) {
    return run_command(std::string("/usr/bin/python3 -c '") + script + "' " + path).output;
}

TEST(MergedFile, IsReadByPandasWithoutCodeOfOurs) {
    if (run_command("/usr/bin/python3 -c 'import pandas, tables'").code != 0)
        GTEST_SKIP() << "python3-pandas or python3-tables is not installed";
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(30, 500);
    std::uint64_t sum = 0;
    for (const auto& row : run.requests)
        sum += row.request_id;
    std::int64_t mlp_ns = 0;
    for (const auto& row : run.steps)
        mlp_ns += row.mlp_ns;
    std::int64_t kv_tokens = 0;
    for (const Sample& sample : run.samples)
        if (sample.at <= run.end) kv_tokens += sample.sample.kv_tokens;
    EXPECT_EQ(python_output(kPythonReads, merged(scratch, run, 2, "run.h5")),
              "500 request_id arrival_ns received_ns scheduled_ns first_token_ns end_ns prompt_tokens output_tokens "
              "requested_output_tokens preemptions gateway replica pool stream state reason retries preempted_ns "
              "preempted_before_token_ns " +
                  std::to_string(sum) + " int64\n6 ['pool', 'lower_ns', 'upper_ns', 'count']\n" +
                  fmt::format("300 True {}\n126 True {}\n", mlp_ns, kv_tokens));
}

TEST(MergedFile, IsReadByH5py) {
    if (run_command("/usr/bin/python3 -c 'import h5py'").code != 0) GTEST_SKIP() << "python3-h5py is not installed";
    const ScratchDirectory scratch;
    const std::string path = merged(scratch, make_up_run(31, 100), 2, "run.h5");
    EXPECT_EQ(python_output(kH5pyReads, path),
              ResultReader(path).outcome().digest.to_hex() +
                  " name: made up\n['chat', 'code'] ['time_ns', 'replicas', 'waiting', 'running', 'kv_blocks_used', "
                  "'busy_replicas', 'kv_tokens', 'pending', 'scheduled', 'prefill', 'generate', 'arrived', 'finished', "
                  "'rejected', 'failed', 'timed_out', 'retried'] (21, 2)\nns ns\n");
}

}  // namespace
}  // namespace regatta::results
