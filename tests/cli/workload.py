"""What `regatta workload` shows and writes: python3 workload.py [-v]."""

import unittest
from decimal import Decimal

from programs import CONFIGS, ProgramTest

FLEET = """\
name: mixed
duration: 4min
seed: 3
fleet:
  pools:
    - {name: small, model: llama-3.1-8b, nodes: 1, node: {gpu: h100-sxm}}
    - {name: large, model: llama-3.1-70b, nodes: 1, node: {gpu: h100-sxm}, parallel: {tp: 4}}
gateways: {count: 3}
workload:
  streams:
    - name: chat
      model: small
      arrivals: {process: poisson, rate: {steps: [[0s, 5/s], [2min, 20/s]]}}
      lengths: {prompt: {exponential: 800}, output: {exponential: 100}, correlation: 0.5}
    - name: nightly, long
      model: llama-3.1-70b
      arrivals: {process: gamma, cv: 3, rate: {daily: {mean: 2/s, peak: 4/s, period: 1min, peak_at: 0s}}}
      lengths: {prompt: {distribution: zipf, exponent: 1, most: 9000}, output: {fixed: 30}}
"""

REPLAY = """\
name: mixed
duration: 4min
fleet:
  pools:
    - {name: small, model: llama-3.1-8b, nodes: 1, node: {gpu: h100-sxm}}
gateways: {count: 1}
workload:
"""

ONE_STREAM = REPLAY + """\
  streams:
    - name: trace
      arrivals: {process: poisson, rate: {ramp: [[0s, 1/s], [4min, 60/s]]}}
      lengths: {prompt: {exponential: 800}, output: {exponential: 100}}
"""


def rows(path):
    header, *lines = path.read_text().splitlines()
    assert header == "arrival_s,input_tokens,output_tokens,stream,prefix", header
    return [line.split(",", 3)[:3] for line in lines]


class Workload(ProgramTest):
    """The command alone."""

    def setUp(self):
        super().setUp()
        self.scenario = self.write("mixed.yaml", FLEET)

    def survey(self, *arguments, **options):
        return self.succeed("regatta", "workload", self.scenario, *arguments, **options)

    def test_shows_rates_lengths_and_load(self):
        text = self.survey("--every", "1min").stdout
        bars = [line.split() for line in text.splitlines() if line.endswith("#")]
        self.assertEqual([bar[0] for bar in bars], ["0s", "1min", "2min", "3min"])
        self.assertEqual(max(len(bar[2]) for bar in bars), 50)
        self.assertLess(len(bars[0][2]), len(bars[3][2]))
        for part in ("Rate, per 1min\n", "\nStreams\n", "\nLengths [tokens]\n", "\nLoad against what each pool can do",
                     "  small offered ", "  large at most ", "bound by "):
            self.assertIn(part, text)

    def test_json_adds_up(self):
        survey = self.survey("--json", "--every", "30s").json
        chat, nightly = survey["streams"]
        self.assertEqual((survey["span_s"], survey["stretch_s"], len(chat["requests_per_stretch"])), (240, 30, 8))
        for stream in (chat, nightly):
            self.assertEqual(sum(stream["requests_per_stretch"]), stream["requests"])
            self.assertAlmostEqual(stream["requests_per_s"], stream["requests"] / 240)
        self.assertAlmostEqual(chat["requests"], 5 * 120 + 20 * 120, delta=3.3 * 3000 ** 0.5)
        self.assertEqual(nightly["output_tokens"], {"mean": 30, "p50": 30, "p90": 30, "p95": 30, "p99": 30, "most": 30})
        self.assertLessEqual(nightly["prompt_tokens"]["most"], 9000)
        small = survey["pools"][0]
        self.assertAlmostEqual(small["load_fraction"],
                               small["offered"]["requests_per_s"] / small["capacity"]["requests_per_s"])
        self.assertGreater(small["peak_load_fraction"], small["load_fraction"])

    def test_is_what_a_run_is_asked(self):
        survey = self.survey("--json").json
        summary = self.succeed("regatta", "run", self.scenario, "--out", self.directory / "out", "--quiet", "--json").json
        self.assertEqual([stream["requests"] for stream in survey["streams"]],
                         [sum(stream["requests"][end] for end in ("finished", "rejected", "failed", "unfinished"))
                          for stream in summary["streams"]])

    def test_does_not_depend_on_ranks_but_on_seed_and_limit(self):
        self.assertEqual(self.survey(ranks=2).stdout, self.survey().stdout)
        self.assertNotEqual(self.survey("--seed", 4).stdout, self.survey().stdout)
        self.assertEqual([stream["requests"] for stream in self.survey("--limit", 100, "--json").json["streams"]],
                         [100, 100])

    def test_a_written_workload_is_read_back_exactly(self):
        first, second = self.directory / "first.csv", self.directory / "second.csv"
        self.survey("--csv", first)
        replay = self.write("replay.yaml", REPLAY + "  trace: first.csv\n")
        self.succeed("regatta", "workload", replay, "--csv", second)
        self.assertGreater(len(rows(first)), 2000)
        self.assertEqual(rows(first), rows(second))
        times = [Decimal(row[0]) for row in rows(first)]
        self.assertEqual(times, sorted(times))
        self.assertTrue(all(len(row[0].split(".")[1]) == 9 for row in rows(first)))
        self.assertIn(',"nightly, long",0\n', first.read_text())
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()),
                         ["first.csv", "mixed.yaml", "replay.yaml", "second.csv"])

    def test_a_replay_over_one_gateway_is_the_same_run(self):
        made_up = self.write("made_up.yaml", ONE_STREAM)
        replay = self.write("replay.yaml", REPLAY + "  trace: requests.csv\n")
        self.succeed("regatta", "workload", made_up, "--csv", self.directory / "requests.csv")
        runs = [self.succeed("regatta", "run", path, "--out", self.directory / path.stem, "--quiet", "--json").json
                for path in (made_up, replay)]
        for run in runs:
            del run["run"]
        self.assertGreater(runs[0]["requests"]["finished"], 5000)
        # One stream numbers its requests as the trace numbers its lines, so that even the digest is the same.
        self.assertEqual(runs[0], runs[1])

    def test_a_prefix_handle_survives_the_way_through_a_csv_file(self):
        self.write("mooncake.jsonl", "".join(
            f'{{"timestamp": {i * 7}, "input_length": {i + 1}, "output_length": 2, "hash_ids": [0, {i}]}}\n'
            for i in range(50)))
        names = ("mooncake.jsonl", "first.csv", "second.csv")
        for source, target in zip(names, names[1:]):
            scenario = self.write("replay.yaml", REPLAY + f"  trace: {source}\n")
            self.succeed("regatta", "workload", scenario, "--csv", self.directory / target)
        first = (self.directory / "first.csv").read_text()
        self.assertEqual(first, (self.directory / "second.csv").read_text())
        handles = {line.rsplit(",", 1)[1] for line in first.splitlines()[1:]}
        self.assertEqual(len(handles), 50)
        self.assertNotIn("0", handles)

    def test_the_load_grows_with_the_rate_and_shrinks_with_the_fleet(self):
        def load(*overrides):
            settings = [word for override in overrides for word in ("--set", override)]
            return self.succeed("regatta", "workload", CONFIGS / "quickstart.yaml", "--set", "duration=2min", *settings,
                                "--json").json["pools"][0]
        base = load("measure.from=0s")
        twice = load("measure.from=0s", "workload.streams[0].arrivals.rate=80/s")
        larger = load("measure.from=0s", "fleet.pools[0].nodes=4")
        self.assertAlmostEqual(twice["load_fraction"] / base["load_fraction"], 2, delta=0.15)
        self.assertAlmostEqual(larger["load_fraction"] / base["load_fraction"], 0.5, delta=1e-9)


if __name__ == "__main__":
    unittest.main()
