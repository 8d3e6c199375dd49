"""Every figure of `regatta-post stats --json`, computed again from the rows of the file by pandas: counts exactly, means to
rounding, percentiles within the error of the sketches. A figure that is not computed here fails the test; only "run",
which tells how the run was carried out, is not looked at.

python3 stats_by_pandas.py [-v] [Figures.test_...]
"""

import os
import sys
import unittest
from pathlib import Path

DEBIANS_PYTHON = "/usr/bin/python3"  # whose pandas is Debian's
try:
    from recomputed import summary_of
except ImportError as error:
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIANS_PYTHON) and os.path.exists(DEBIANS_PYTHON):
        os.execv(DEBIANS_PYTHON, [DEBIANS_PYTHON, "-B", *sys.argv])
    print(f"skipped: {error}")
    sys.exit(0)

sys.path.insert(0, str(Path(__file__).parent))
from programs import CONFIGS, ProgramTest  # noqa: E402

NOT_LOOKED_AT = {"run"}


def differences(expected, found, path=""):
    """Everything that is not as it was computed, by its path."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return [f"{path}: expected a map, found {found!r}"]
        problems = [f"{path}.{key}: not computed again" for key in found.keys() - expected.keys()]
        problems += [f"{path}.{key}: missing" for key in expected.keys() - found.keys()]
        for key in expected.keys() & found.keys():
            problems += differences(expected[key], found[key], f"{path}.{key}")
        return problems
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return [f"{path}: expected {len(expected)} elements, found {found!r}"]
        return [problem for i, pair in enumerate(zip(expected, found)) for problem in differences(*pair, f"{path}[{i}]")]
    return [] if expected.fits(found) else [f"{path}: expected {expected}, found {found!r}"]


def figures_in(document):
    if isinstance(document, dict):
        return sum(map(figures_in, document.values()))
    return sum(map(figures_in, document)) if isinstance(document, list) else 1


class Figures(ProgramTest):
    def compare(self, scenario, *overrides, ranks=None):
        settings = [word for override in overrides for word in ("--set", override)]
        out = self.directory / "out"
        self.succeed("regatta", "run", scenario, "--quiet", "--out", out, *settings, ranks=ranks)
        self.succeed("regatta-post", "merge", out, "-o", self.directory / "run.h5")
        found = self.succeed("regatta-post", "stats", self.directory / "run.h5", "--json").json
        for key in NOT_LOOKED_AT:
            found.pop(key)
        problems = differences(summary_of(self.directory / "run.h5"), found)
        self.assertEqual(problems, [], "\n".join(sorted(problems)))
        self.assertGreater(figures_in(found), 100)
        return found

    def test_of_the_quickstart(self):
        found = self.compare(CONFIGS / "quickstart.yaml", "duration=30s", "measure.from=0s")
        self.assertGreater(found["fleet"]["energy"]["total_j"], 0)

    def test_with_a_warm_up_and_series_from_the_middle(self):
        self.compare(CONFIGS / "quickstart.yaml", "duration=30s", "measure.from=12s", "output.series=500ms",
                     "energy={pue: 1.3, grid_intensity: 50g/kWh}", ranks=2)

    def test_of_two_pools_with_classes_targets_and_time_outs(self):
        found = self.compare(CONFIGS / "two-pools.yaml", "fleet.pools[a100].kv_blocks=500", "workload.streams[chat].timeout=4s",
                             "workload.streams[chat].arrivals.rate=160/s", "workload.streams[batch].class=batch",
                             "workload.streams[batch].targets={ttft: none, tpot: 30ms}", "end=at_duration")
        self.assertGreater(found["requests"]["timed_out"], 0)
        self.assertGreater(found["requests"]["unfinished"], 0)
        self.assertGreater(found["requests"]["preemptions"], 0)
        self.assertGreater(found["requests"]["rejected"], 0)

    def test_with_failures_retries_and_hardware_that_comes_and_goes(self):
        scenario = self.write("fleet.yaml", """
duration: 5min
fleet:
  pools:
    - {name: chat, model: llama-3.1-8b, nodes: 2, node: dgx-h100, loading: {warm_up: 1s}, price: 2USD/h}
    - {name: spare, model: llama-3.1-8b, nodes: 0, node: dgx-h100}
  failures: {node: {mtbf: 3min, mttr: 20s}}
  timeline:
    - {at: 1min, pool: spare, nodes: 1}
    - {at: 3min, pool: spare, replicas: -2, how: kill}
    - {at: 2min, pool: chat, replicas: -3}
gateways: {retries: 1, retry_after: 100ms}
workload:
  streams: [{name: chat, arrivals: {rate: 20/s}, lengths: {prompt: {fixed: 500}, output: {fixed: 100}}}]
output: {series: none}
""")
        found = self.compare(scenario)
        self.assertIn("installed", found["changes"])
        self.assertIn("node_down", found["changes"])

    def test_of_gpus_that_pools_share(self):
        self.compare(CONFIGS / "two-models.yaml", "duration=10min")

    def test_without_prices_and_emissions(self):
        found = self.compare(CONFIGS / "quickstart.yaml", "duration=10s", "measure.from=0s",
                             "fleet.pools[chat].node.gpu=h100-pcie", "energy.grid_intensity=none")
        self.assertIsNone(found["fleet"]["cost"])
        self.assertIsNone(found["fleet"]["carbon"])


if __name__ == "__main__":
    unittest.main()
