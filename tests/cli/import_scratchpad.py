"""`regatta import scratchpad`, `regatta-post export scratchpad` and what lies between, as people meet them."""

import json
import time
import unittest

from programs import TIME_FACTOR, ProgramTest, start

MODEL = "meta-llama/Meta-Llama-3-8B-Instruct"
LARGE = "meta-llama/Meta-Llama-3-70B-Instruct"


def trace(count, model=MODEL, **keys):
    return "".join(json.dumps({"id": str(i), "model": model, "created_at": f"2024-07-17 13:56:{59 - i % 50:02}.5",
                               "reported_token_input": 20 + i, "reported_token_output": 10 + i % 7} | keys) + "\n"
                   for i in range(count))


def environment(**keys):
    return json.dumps({
        "nodes": [{"node_id": i, "name": f"n{i}", "gpu_types": ["nvidia_A100"], "gpu_count_per_type": [2],
                   "memory_per_gpu_gb": [40.0], "network_bandwidth_gbps": 100} for i in (3, 5)],
        "infrastructure": {"disk_bandwidth_mbps": 20000, "pcie_bandwidth_gbps": 64, "network_bandwidth_gbps": 100},
        "model_loading_config": {"model_cache_path": "/m", "preload_models": False}} | keys)


class ImportScratchpad(ProgramTest):
    def nodes(self, *options, count=30):
        self.write("t.jsonl", trace(count) + trace(5, LARGE))
        self.write("env.json", environment())
        return start("regatta", "import", "scratchpad", "--input", "t.jsonl", "--environment", "env.json",
                     "--arrival-rate", "4", *options, cwd=self.directory)

    def test_a_call_becomes_a_scenario(self):
        done = self.nodes("--policy", "affinity", "--precision", "16/16/8", "--limit", "20")
        self.assertEqual((done.code, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"""\
# What this call asks of the Scratchpad simulator, by `regatta import scratchpad`.
name: scratchpad
compat: scratchpad
fleet:
  environment: {self.directory}/env.json
  precision: {{weight_bits: 16, activation_bits: 16, kv_bits: 8}}
gateways: {{router: model_affinity}}
workload:
  trace: {self.directory}/t.jsonl
  arrival_rate: 4/s
  limit: 20
""")

    def test_engines_are_those_of_its_command_line(self):
        self.write("t.jsonl", trace(3))
        done = self.succeed("regatta", "import", "scratchpad", "--input", "t.jsonl", "--n-engines", "4",
                            "--arrival-rate", "0", cwd=self.directory)
        self.assertIn("  engines: 4\n  gpu: nvidia_A100\n  model: meta-llama/Meta-Llama-3-70B-Instruct\n", done.stdout)
        self.assertIn("  arrival_rate: 0/s\n", done.stdout)

    def test_what_is_wrong_is_told_by_the_option(self):
        self.write("t.jsonl", trace(3))
        self.write("env.json", environment())
        for options, problem in (
                (["--environment", "env.json", "--arrival-rate", "1"], "--input is missing: the trace of requests"),
                (["--input", "t.jsonl", "--environment", "env.json"],
                 "--arrival-rate is missing: requests per second, or 0 for all at once"),
                (["--input", "t.jsonl", "--arrival-rate", "1"],
                 "expected one of --environment, --n-engines and --engines"),
                (["--input", "t.jsonl", "--arrival-rate", "1", "--engines", "nvidia_A100"],
                 "--engines: expected GPU:MODEL[:COUNT[:W/A/KV]] such as "
                 "nvidia_A100:meta-llama/Meta-Llama-3-70B-Instruct:4:4/4/4, found \"nvidia_A100\""),
                (["--input", "t.jsonl", "--arrival-rate", "1", "--environment", "env.json", "--environment-change-file",
                  "env.json"],
                 "--environment-change-file: that simulator does not apply changes to an environment; leave it out"),
                (["--input", "t.jsonl", "--arrival-rate", "1", "--engines", "nvidia_A100:m", "--precision", "4/4/4"],
                 "--precision: each of the --engines has its own; leave it out"),
                (["--input", "t.jsonl", "--arrival-rate", "1", "--n-engines", "1", "--precision", "4/4"],
                 "--precision: expected bits of weights, activations and KV cache such as 16/16/8, found \"4/4\"")):
            with self.subTest(options):
                done = start("regatta", "import", "scratchpad", *options, cwd=self.directory)
                self.assertEqual((done.code, done.stdout, done.stderr),
                                 (2, "", f"regatta import: {problem}; see regatta import --help\n"))

    def test_it_has_options_only(self):
        self.assertEqual(start("regatta", "import", "scratchpad", "t.jsonl").stderr,
                         'regatta import: "t.jsonl" is one argument too many: scratchpad has options only; see regatta '
                         "import --help\n")

    def test_the_same_on_any_number_of_ranks(self):
        self.write("s.yaml", self.nodes("--record-steps").stdout)
        digests = {}
        for ranks in (1, 2, 3, 4):
            out = self.directory / f"out-{ranks}"
            digests[ranks] = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--json", "--out", out,
                                          "--set", "output.series_by=node", ranks=ranks).json["digest"]
            self.succeed("regatta-post", "merge", out)
            self.assertEqual(self.succeed("regatta-post", "stats", out / "run.h5", "--json").json["digest"],
                             digests[ranks])
        self.assertEqual(len(set(digests.values())), 1, digests)

    def test_nothing_is_lost_where_a_run_is_cut_short(self):
        self.write("s.yaml", self.nodes().stdout)
        self.write("t.jsonl", trace(10) + trace(10, reported_token_output=3000) + trace(10))
        summary = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--json", "--out",
                               self.directory / "out", "--set", "duration=5s", "--set", "end=at_duration").json
        requests = summary["requests"]
        self.assertGreater(requests["unfinished"], 0)
        self.assertGreater(requests["finished"], 0)
        self.assertEqual(requests["arrived"], sum(requests[end] for end in (
            "finished", "rejected", "failed", "timed_out", "unfinished")))

    def test_export_says_what_was_not_recorded(self):
        self.write("s.yaml", self.nodes().stdout)
        self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--out", self.directory / "out")
        done = self.succeed("regatta-post", "export", "scratchpad", "out", "-o", "own", cwd=self.directory)
        self.assertRegex(done.stderr, r"Left out   trace.json: prefill, decode and block usage: 0 of [\d]+ iterations were "
                                      r"recorded; record all with --set output.steps.from=0s\n")
        events = json.loads((self.directory / "own/trace.json").read_text())["traceEvents"]
        self.assertEqual(len(events), 4)  # loading of four GPUs
        self.assertEqual(events[0]["pid"], -3)
        stats = json.loads((self.directory / "own/stats.json").read_text())
        self.assertEqual(list(stats), ["summary", "failed", "config"])
        self.assertEqual(list(stats["summary"][0]), [
            "req_id", "model", "input_length", "output_length", "arrive_at", "prefill_time", "generated_tokens",
            "prefill_finished_at", "generation_finished_at"])

    def test_its_workload_is_not_surveyed(self):
        self.write("s.yaml", self.nodes().stdout)
        done = start("regatta", "workload", "s.yaml", cwd=self.directory)
        self.assertEqual((done.code, done.stderr),
                         (2, "s.yaml: requests under compat: scratchpad are drawn as there, and listed by regatta-post "
                             "requests after a run; expected another scenario\n"))

    def test_export_of_another_run_is_refused(self):
        self.write("s.yaml", "duration: 1s\nfleet: {pools: [{model: llama-3.1-8b, node: {gpu: h100-sxm, gpus: 1}}]}\n"
                   "workload: {streams: [{arrivals: {rate: 5/s}, lengths: {prompt: {fixed: 9}, output: {fixed: 3}}}]}\n")
        self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--out", self.directory / "out")
        done = start("regatta-post", "export", "scratchpad", "out", "-o", "own", cwd=self.directory)
        self.assertEqual(done.code, 2)
        self.assertEqual(done.stderr, "out/rank-00000-000.h5: was not run under compat: scratchpad; its replicas are no "
                                      "engines of that simulator\n")

    def test_idle_engines_cost_nothing(self):
        self.write("t.jsonl", trace(100, LARGE))
        self.succeed("regatta", "import", "scratchpad", "--input", "t.jsonl", "--n-engines", "4", "--arrival-rate", "0.1",
                     "-o", "s.yaml", cwd=self.directory)
        started = time.monotonic()
        summary = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--json", "--out",
                               self.directory / "out").json
        self.assertEqual(summary["requests"]["finished"], 100)
        # Less than a tenth of a second with nothing else running; a tick-by-tick run takes more than a minute.
        self.assertLess(time.monotonic() - started, 2 * TIME_FACTOR)

    def test_the_trace_serves_without_compat_too(self):
        self.write("t.jsonl", trace(30) + trace(5, LARGE))
        self.write("s.yaml", f"fleet: {{pools: [{{model: llama-3-8b, node: {{gpu: h100-sxm, gpus: 1}}}}]}}\n"
                   f"workload: {{trace: t.jsonl, trace_model: {MODEL}}}\n")
        summary = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--json", "--out",
                               self.directory / "out").json
        self.assertEqual(summary["requests"]["finished"], 30)


if __name__ == "__main__":
    unittest.main()
