"""Environments, engines and changes of the Scratchpad simulator on Regatta's own models, as people meet them."""

import json
import unittest

from programs import ProgramTest, start

SMALL = "meta-llama/Meta-Llama-3-8B-Instruct"
LARGE = "meta-llama/Meta-Llama-3-70B-Instruct"


def trace(count, models=(SMALL,), every_s=0.25):
    return "".join(json.dumps({"id": str(i), "model": models[i % len(models)],
                               "created_at": f"2024-07-17 13:{int(i * every_s) // 60:02}:{i * every_s % 60:06.3f}",
                               "reported_token_input": 100 + 7 * i % 300, "reported_token_output": 10 + i % 50}) + "\n"
                   for i in range(count))


def environment(*nodes, preload=False, disk=2000):
    """Nodes are (name, {GPU: count})."""
    return json.dumps({
        "nodes": [{"node_id": i + 1, "name": name, "gpu_types": list(gpus), "gpu_count_per_type": list(gpus.values()),
                   "memory_per_gpu_gb": [80.0] * len(gpus), "network_bandwidth_gbps": 100}
                  for i, (name, gpus) in enumerate(nodes)],
        "infrastructure": {"disk_bandwidth_mbps": disk, "pcie_bandwidth_gbps": 64, "network_bandwidth_gbps": 100},
        "model_loading_config": {"model_cache_path": "/m", "preload_models": preload}})


class NativeScratchpad(ProgramTest):
    def scenario(self, fleet, requests, env=None, changes="", more=""):
        self.write("t.jsonl", requests)
        if env:
            self.write("env.json", env)
        self.write("changes.jsonl", changes)
        self.write("s.yaml", f"fleet: {{{fleet}}}\nworkload: {{trace: t.jsonl}}\n{more}")

    def run_it(self, name="s.yaml", out="out", ranks=1):
        return self.succeed("regatta", "run", self.directory / name, "--quiet", "--json", "--out",
                            self.directory / out, ranks=ranks).json

    def assert_nothing_lost(self, summary, count):
        self.assertEqual((summary["requests"]["arrived"], summary["requests"]["finished"]), (count, count))

    def everywhere_the_same(self, count):
        """On 1 to 4 ranks, and as the resolved text; nothing is lost. The summary."""
        summaries = [self.run_it(out=f"out-{ranks}", ranks=ranks) for ranks in (1, 2, 3, 4)]
        self.write("resolved.yaml", self.succeed("regatta", "validate", "s.yaml", "--resolved",
                                                 cwd=self.directory).stdout)
        summaries.append(self.run_it("resolved.yaml", "out-resolved"))
        self.assertEqual(len({summary["digest"] for summary in summaries}), 1)
        self.assert_nothing_lost(summaries[0], count)
        return summaries[0]

    def test_an_environment_of_two_kinds_of_node(self):
        self.scenario("environment: env.json", trace(60),
                      environment(("a100-cluster-1", {"nvidia_A100": 4}), ("h100-cluster-1", {"nvidia_H100": 2})))
        self.everywhere_the_same(60)

    def test_four_nodes_with_the_least_loaded_one_first(self):
        self.scenario("environment: env.json", trace(120, every_s=0.05),
                      environment(("node-1", {"nvidia_A100": 4}), ("node-2", {"nvidia_H100": 2}),
                                  ("node-3", {"nvidia_L40S": 2}), ("node-4", {"nvidia_A100": 1}), preload=True),
                      more="gateways: {router: least_loaded}\n")
        summary = self.everywhere_the_same(120)
        self.assertNotIn("loading", summary.get("changes", {}))  # for all were loaded

    def test_engines_in_one_line(self):
        self.scenario(f"engines: 4, gpu: nvidia_A100, model: {SMALL}", trace(60))
        self.everywhere_the_same(60)

    def test_engines_come_and_go(self):
        self.scenario(f"engines: 1, gpu: nvidia_A100, model: {SMALL}, changes: changes.jsonl", trace(200),
                      changes='{"timestamp": 1, "gpu_name": "nvidia_A100", "amount": 2}\n'
                              '{"timestamp": 5, "gpu_name": "nvidia_H100", "amount": 1}\n'
                              '{"timestamp": 40, "gpu_name": "nvidia_A100", "amount": -3}\n')
        summary = self.everywhere_the_same(200)
        changes = {kind: of_kind["count"] for kind, of_kind in summary["changes"].items()}
        self.assertEqual((changes["installed"], changes["loading"], changes["removed"]), (3, 3, 3))

    def test_a_node_of_mixed_gpus_and_two_models(self):
        self.scenario("environment: env.json", trace(60, (SMALL, LARGE)),
                      environment(("mixed", {"nvidia_A100": 2, "nvidia_H100": 8}), preload=True))
        self.everywhere_the_same(60)

    def test_models_make_room_for_each_other(self):
        self.scenario("environment: env.json, precision: {weight_bits: 8}", trace(80, (SMALL, LARGE)),
                      environment(("one", {"nvidia_A100_80G_SXM": 2}), preload=True, disk=20000))
        self.everywhere_the_same(80)
        done = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--out", self.directory / "text")
        self.assertRegex(done.stdout, r"Changes +\d+ loads of weights, \d+ replicas made room for others")

    def test_gpus_of_other_pools_of_the_model_are_loaded_when_the_first_have_no_room(self):
        self.scenario("environment: env.json", trace(70, every_s=0),
                      environment(("a", {"nvidia_A100": 1}), ("b", {"nvidia_H100": 1})))
        self.assert_nothing_lost(self.run_it(), 70)
        done = self.succeed("regatta", "run", self.directory / "s.yaml", "--quiet", "--out", self.directory / "text")
        self.assertIn("Changes    2 loads of weights\n", done.stdout)

    def test_what_differs_from_the_file_is_said(self):
        self.scenario("environment: env.json", trace(3), environment(("a", {"nvidia_A100": 1})))
        done = self.succeed("regatta", "validate", "s.yaml", cwd=self.directory)
        self.assertEqual(done.stderr, "note: env.json: memory_per_gpu_gb: 80 GB is not what nvidia_A100 has; the "
                                      "catalogue's 40 GB count\n")

    def test_a_model_that_fits_nowhere(self):
        self.scenario("environment: env.json", trace(3, (LARGE,)), environment(("a", {"nvidia_V100": 1})))
        done = start("regatta", "run", "s.yaml", cwd=self.directory)
        self.assertEqual(done.code, 2)
        self.assertIn(f"env.json: nodes: {LARGE} fits on none: of 1 nvidia_V100 (29.8 GiB) each needs 131.4 GiB for "
                      "weights and 1.3 GiB for activations, and may use 26.8 GiB; expected more or larger GPUs in a "
                      "node, or fewer bits of precision\n", done.stderr)

    def test_import_writes_the_ordinary_form(self):
        self.write("t.jsonl", trace(20, (SMALL, LARGE)))
        self.write("env.json", environment(("a", {"nvidia_H100": 4}), ("b", {"nvidia_H100": 4})))
        done = self.succeed("regatta", "import", "scratchpad", "--native", "--input", "t.jsonl", "--environment",
                            "env.json", "--policy", "least_loaded", "--limit", "11", "--arrival-rate", "8",
                            cwd=self.directory)
        self.assertEqual(done.stdout, f"""\
# What Scratchpad's files say, on Regatta's own models, by `regatta import scratchpad --native`.
name: scratchpad
fleet:
  servers:
    - {{name: nodes-1-to-2, count: 2, gpus: [{{gpu: nvidia_H100, count: 4}}], disk_bandwidth: 2GB/s, \
host_link: 64GB/s, network_bandwidth: 100GB/s}}  # node_id 1 to 2
  pools:
    - name: llama-3-8b/nodes-1-to-2
      model: llama-3-8b
      servers: nodes-1-to-2
      gpu: nvidia_H100
      start: 0
      parallel: {{tp: 1}}
      weights: bf16
      activations: bf16
      kv_cache: bf16
    - name: llama-3-70b/nodes-1-to-2
      model: llama-3-70b
      servers: nodes-1-to-2
      gpu: nvidia_H100
      start: 0
      parallel: {{tp: 4}}
      weights: bf16
      activations: bf16
      kv_cache: bf16
  # Replicas without requests make room for models that are waited for.
  reprovision: longest_idle
gateways:
  router: least_loaded
  unserved: provision
workload:
  streams:
    - name: {SMALL}
      trace: {self.directory}/t.jsonl
      trace_model: {SMALL}
      model: {SMALL}
      limit: 6
      rate_scale: 2  # of the times in the trace: the rate that was asked for
    - name: {LARGE}
      trace: {self.directory}/t.jsonl
      trace_model: {LARGE}
      model: {LARGE}
      limit: 5
      rate_scale: 2  # of the times in the trace: the rate that was asked for
""")
        self.write("s.yaml", done.stdout)
        self.assert_nothing_lost(self.run_it(), 11)

    def test_import_of_engines_that_change(self):
        self.write("t.jsonl", trace(20))
        self.write("c.jsonl", '{"timestamp": 0.5, "gpu_name": "nvidia_H100", "amount": 1}\n')
        done = self.succeed("regatta", "import", "scratchpad", "--native", "--input", "t.jsonl", "--engines",
                            f"nvidia_A100:{SMALL}:2:16/16/16", "--changes", "c.jsonl", cwd=self.directory)
        self.assertIn("      nodes: 0\n      node: {gpu: nvidia_H100, gpus: 1}\n", done.stdout)
        self.assertIn("    - {at: 500ms, pool: llama-3-8b/nvidia_H100-added, replicas: 1}\n", done.stdout)
        self.write("s.yaml", done.stdout)
        self.assert_nothing_lost(self.run_it(), 20)

    def test_import_says_what_is_wrong(self):
        self.write("t.jsonl", trace(3))
        done = start("regatta", "import", "scratchpad", "--native", "--input", "t.jsonl", "--engines", "nvidia_A1:m",
                     "--arrival-rate", "0", cwd=self.directory)
        self.assertEqual((done.code, done.stdout, done.stderr),
                         (2, "", "regatta import: --arrival-rate: the trace's own times are kept with --native; expected "
                                 "a rate above 0, or none; see regatta import --help\n"))
        done = start("regatta", "import", "scratchpad", "--native", "--input", "t.jsonl", "--engines",
                     "nvidia_A100:llama-3-70b:2:16/16/16", cwd=self.directory)
        self.assertEqual((done.code, done.stdout), (2, ""))
        self.assertIn("workload.trace: requests ask for meta-llama/Meta-Llama-3-8B-Instruct, which nothing in fleet "
                      "serves", done.stderr)


if __name__ == "__main__":
    unittest.main()
