"""Several seeds of one scenario, differences between runs, and reports: what the programs print and write.

python3 replications.py [-v]
"""

import json
import math
import unittest

from programs import CONFIGS, ProgramTest, start

SHORT = ["run", CONFIGS / "quickstart.yaml", "--set", "duration=5s", "--set", "measure.from=1s", "--quiet"]
# One island: its gateway and its node see each other without delay.
TIED = """
name: tied
duration: 5s
fleet:
  pools:
    - {name: chat, model: llama-3.1-8b, nodes: 1, node: {gpu: h100-sxm, gpus: 8}, gateway_latency: 0ns}
gateways: {count: 1, reports: on_completion}
workload:
  streams:
    - name: chat
      arrivals: {process: poisson, rate: 40/s}
      lengths: {prompt: {fixed: 100}, output: {exponential: 50}}
"""


class Seeds(ProgramTest):
    def figures(self, name):
        return json.loads(self.succeed("regatta-post", "stats", name, "--json", cwd=self.directory).stdout)

    def test_each_seed_is_the_run_with_that_seed(self):
        said = self.succeed("regatta", *SHORT, "--seeds", 3, "--seed", 5, "--out", "three", cwd=self.directory).stdout
        for seed in (5, 6, 7):
            alone = self.succeed("regatta", *SHORT, "--seed", seed, "--out", f"alone-{seed}", "--json",
                                 cwd=self.directory).json
            self.assertIn(f"Seed {seed}: digest {alone['digest']}\n", said)
            self.assertEqual(self.figures(f"three/seed-{seed}")["digest"], alone["digest"])
        self.assertEqual(self.succeed("regatta-post", "stats", "three", cwd=self.directory).stdout, said)

    def test_intervals_are_those_of_students_distribution(self):
        self.succeed("regatta", *SHORT, "--seeds", 4, "--out", "four", cwd=self.directory)
        together = self.figures("four")
        self.assertEqual([each["seed"] for each in together["replications"]], [1, 2, 3, 4])
        values = [self.figures(f"four/seed-{seed}")["ttft"]["p99_s"] for seed in (1, 2, 3, 4)]
        mean = sum(values) / 4
        deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 3)
        found = together["figures"]["ttft.p99_s"]
        self.assertEqual(found["values"], values)
        self.assertAlmostEqual(found["mean"], mean, places=12)
        self.assertAlmostEqual(found["half_width_95"], 3.182446 * deviation / 2, places=7)
        self.assertEqual((found["least"], found["most"]), (min(values), max(values)))

    def test_ranks_that_a_run_cannot_use_share_the_seeds_and_change_nothing(self):
        (self.directory / "tied.yaml").write_text(TIED)
        command = ["run", "tied.yaml", "--seeds", 5]
        alone = self.succeed("regatta", *command, "--out", "alone", cwd=self.directory)
        self.assertIn("1 at a time", alone.stderr)
        for ranks in (2, 3):
            shared = self.succeed("regatta", *command, "--out", f"on-{ranks}", cwd=self.directory, ranks=ranks)
            self.assertIn(f"{ranks} at a time", shared.stderr)
            self.assertEqual(shared.stdout, alone.stdout)
            self.assertTrue((self.directory / f"on-{ranks}/seed-5/rank-00000-000.h5").exists())
        # Two islands and more keep their ranks.
        both = self.succeed("regatta", *SHORT[:-1], "--seeds", 2, "--out", "both", cwd=self.directory, ranks=2)
        self.assertIn("1 at a time", both.stderr)
        self.assertTrue((self.directory / "both/seed-2/rank-00001-000.h5").exists())

    def test_what_is_wrong_is_said_once_and_nothing_is_written(self):
        outcome = start("regatta", *SHORT, "--set", "gateways.router=rnadom", "--seeds", 3, "--out", "bad",
                                   cwd=self.directory, ranks=2)
        self.assertEqual(outcome.code, 2)
        lines = [line for line in outcome.stderr.splitlines() if "did you mean \"random\"" in line]
        self.assertEqual(len(lines), 1, outcome)
        self.assertFalse((self.directory / "bad").exists())


class Differences(ProgramTest):
    def diff(self, *names):
        return self.succeed("regatta-post", "diff", *names, "--json", cwd=self.directory).json["figures"]

    def test_common_random_numbers_find_what_other_seeds_hide(self):
        self.succeed("regatta", *SHORT, "--seeds", 5, "--out", "a", cwd=self.directory)
        random = ["--set", "gateways.router=random"]
        self.succeed("regatta", *SHORT, "--seeds", 5, "--out", "b", *random, cwd=self.directory)
        self.succeed("regatta", *SHORT, "--seeds", 5, "--seed", 50, "--out", "c", *random, cwd=self.directory)
        paired, apart = self.diff("a", "b"), self.diff("a", "c")
        self.assertTrue(all(figure["is_paired"] for figure in paired.values()))
        self.assertFalse(any(figure["is_paired"] for figure in apart.values()))
        name = "end_to_end.mean_s"
        self.assertLess(paired[name]["half_width_95"], apart[name]["half_width_95"] / 2)
        self.assertTrue(paired[name]["exceeds_noise"])
        self.assertFalse(any(figure["exceeds_noise"] for figure in self.diff("a", "a").values()))
        self.assertIn("Seed by seed", self.succeed("regatta-post", "diff", "a", "b", cwd=self.directory).stdout)

    def test_one_seed_each_says_that_the_noise_is_not_known(self):
        for name, rate in (("a", "40/s"), ("b", "44/s")):
            self.succeed("regatta", *SHORT, "--set", f"workload.streams[0].arrivals.rate={rate}", "--out", name,
                         cwd=self.directory)
        figures = self.diff("a", "b")
        a, b = (self.succeed("regatta-post", "stats", name, "--json", cwd=self.directory).json for name in "ab")
        figure = figures["throughput.requests_per_s"]
        self.assertEqual((figure["a"], figure["b"]),
                         (a["throughput"]["requests_per_s"], b["throughput"]["requests_per_s"]))
        self.assertAlmostEqual(figure["relative"], figure["b"] / figure["a"] - 1, places=12)
        self.assertIsNone(figure["half_width_95"])
        self.assertIn("One seed each", self.succeed("regatta-post", "diff", "a", "b", cwd=self.directory).stdout)


class Reports(ProgramTest):
    def test_a_page_and_its_charts(self):
        self.succeed("regatta", *SHORT, "--out", "a", cwd=self.directory)
        said = self.succeed("regatta-post", "report", "a", "-o", "a.html", "--png", "charts", cwd=self.directory).stdout
        page = (self.directory / "a.html").read_text()
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertIn("a.html: ", said)
        charts = sorted((self.directory / "charts").iterdir())
        self.assertGreater(len(charts), 12)
        for chart in charts:
            self.assertEqual(chart.read_bytes()[:8], b"\x89PNG\r\n\x1a\n", chart.name)

    def test_bad_input_leaves_nothing_behind(self):
        self.succeed("regatta", *SHORT, "--seeds", 2, "--out", "two", cwd=self.directory)
        for arguments, code, said in ((["nowhere"], 2, "nowhere: no such file or directory"),
                                      ([], 2, "RESULTS is missing"),
                                      (["two"], 2, "holds the runs of 2 seeds; give one of them, such as two/seed-1")):
            outcome = start("regatta-post", "report", *arguments, "-o", "bad.html", cwd=self.directory)
            self.assertEqual(outcome.code, code, outcome.stderr)
            self.assertIn(said, outcome.stderr)
            self.assertFalse((self.directory / "bad.html").exists())


if __name__ == "__main__":
    unittest.main()
