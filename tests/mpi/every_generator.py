"""Every arrival process and length distribution of the registry: the same answer on 1, 2 and 3 ranks, lazily and
stepwise, and nothing lost. One that is registered later is picked up; where it has required parameters, it needs a row.

python3 every_generator.py [-v]
"""

import unittest

from same_answer import CONFIGS, SameAnswer

ARRIVALS = {"poisson": "{process: poisson, rate: 60/s}", "gamma": "{process: gamma, cv: 2, rate: 60/s}",
            "constant": "{process: constant, rate: 60/s}", "all_at_once": "all_at_once",
            "truncated_poisson": "{process: truncated_poisson, rate: 60/s}"}
LENGTHS = {"fixed": "{fixed: 90}", "uniform": "{distribution: uniform, least: 5, most: 300}",
           "exponential": "{exponential: 120}", "lognormal": "{distribution: lognormal, mean: 150, cv: 1.5}",
           "zipf": "{distribution: zipf, exponent: 0.9, most: 400}",
           "ycsb_zipf": "{distribution: ycsb_zipf, theta: 0.6, least: 5, most: 400}",
           "quantiles": "{quantiles: [[0, 3], [0.5, 80], [1, 500]]}"}
SHORT = ["duration=4s", "measure.from=0s", "network.gateway_to_node=1ms", "workload.streams[0].limit=200"]


class EveryGenerator(SameAnswer):
    def names(self, kind):
        document = self.succeed("regatta", "catalog", kind, "--json").json
        return [entry["name"] for entry in document[kind]]

    def check(self, kind, known, key):
        names = self.names(kind)
        self.assertEqual(sorted(known), sorted(names), "what is registered and what is tested")
        for name in names:
            with self.subTest(name):
                directory = self.directory
                self.directory = directory / name
                self.directory.mkdir()
                summary = self.check_same(CONFIGS / "quickstart.yaml",
                                          [*SHORT, f"workload.streams[0].{key}={known[name]}"], ranks=(1, 2, 3))
                self.directory = directory
                self.assertEqual(summary["requests"]["finished"], summary["requests"]["arrived"])

    def test_arrivals(self):
        self.check("arrivals", ARRIVALS, "arrivals")

    def test_prompt_lengths(self):
        self.check("lengths", LENGTHS, "lengths.prompt")

    def test_output_lengths(self):
        self.check("lengths", LENGTHS, "lengths.output")


if __name__ == "__main__":
    unittest.main()
