"""Every replica scheduler of the registry, in pipelines over several nodes and with proposed tokens: the same answer on 1,
2 and 3 ranks, lazily and stepwise, and nothing lost. One that is registered later is picked up.

python3 every_scheduler.py [-v]
"""

import unittest

from same_answer import SameAnswer

# Few blocks, so that some have to give way; replicas of two stages on two nodes.
SCENARIO = """
name: schedulers
duration: 4s
fleet:
  pools:
    - {name: pool, model: llama-3.1-8b, nodes: 4, node: {gpu: l4, gpus: 2}, parallel: {tp: 2}, kv_blocks: 900,
       max_context_tokens: 4000}
gateways: {count: 2}
network: {gateway_to_node: 1ms}
workload:
  streams:
    - {name: chat, arrivals: {process: poisson, rate: 30/s},
       lengths: {prompt: {distribution: lognormal, mean: 600, cv: 1.2, most: 3000},
                 output: {distribution: exponential, mean: 60, most: 400}}}
"""
# What one needs to be told.
SETTINGS = {"lightllm": ["fleet.pools[pool].block_tokens=1", "fleet.pools[pool].kv_blocks=14400"]}
PIPELINE = "fleet.pools[pool].parallel.pp=2"
PROPOSALS = "fleet.pools[pool].speculation={method: ngram, tokens: 3, acceptance: 0.6}"
PLAIN_ALONE = {"lightllm"}


class EveryScheduler(SameAnswer):
    def names(self):
        return [entry["name"] for entry in self.succeed("regatta", "catalog", "schedulers", "--json").json["schedulers"]]

    def check(self, names, *settings):
        scenario = self.write("schedulers.yaml", SCENARIO)
        for name in names:
            with self.subTest(name):
                directory = self.directory
                self.directory = directory / name
                self.directory.mkdir()
                summary = self.check_same(
                    scenario, [f"fleet.pools[pool].scheduler={name}", *SETTINGS.get(name, []), *settings],
                    ranks=(1, 2, 3))
                self.directory = directory
                self.assertEqual(summary["requests"]["finished"], summary["requests"]["arrived"])
                self.assertGreater(summary["requests"]["finished"], 80)

    def test_on_one_node_each(self):
        self.check(self.names())

    def test_in_pipelines_over_two_nodes(self):
        self.check(sorted(set(self.names()) - PLAIN_ALONE), PIPELINE)

    def test_with_proposals(self):
        self.check(sorted(set(self.names()) - PLAIN_ALONE), PROPOSALS)

    def test_in_pipelines_with_proposals(self):
        self.check(["vllm_v1", "sarathi"], PIPELINE, PROPOSALS)


if __name__ == "__main__":
    unittest.main()
