"""Little's law in every shipped scenario: the mean number in the system is the arrival rate times the mean time in it.

python3 little.py [-v] [Shipped.test_...]

Both sides come from different places: the number from the samples under /series (waiting and running, every replica
asked at each instant), the time from the rows of the requests. A run starts and ends empty (end: drain), so that over
the whole of it the law holds exactly, without a steady state, for the integral of the number over time; only that
samples stand for the integral leaves an error, and a band for it follows:

A request that is in the system for w is seen by floor(w / every) samples or by one more; by one more with probability
f = frac(w / every) when the phase of its arrival against the samples is uniform, which it is for random arrivals. So
the number of times it is seen is w / every on average, with variance f (1 - f) <= 1/4. Over n requests the sum of all
samples times `every` differs from the sum of all times in the system by at most z every sqrt(n) / 2, with z the
quantile of the normal distribution. Phases of different requests are taken to be independent; bursts that end together,
as requests of one batch may, are few against all requests.

A request is in the system from its receipt by the replica on: the way from the gateway, a constant, is left out.
"""

import csv
import io
import math
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import CONFIGS, ProgramTest  # noqa: E402

from series import read_series  # noqa: E402

# 99 %, two-sided.
NORMAL_QUANTILE = 2.576
SAMPLED_EVERY_S = 0.1
GATEWAY_TO_NODE_US = 50

# What makes a scenario small enough, or complete. Those that are not named are run as they are.
CUT_DOWN = {
    "hundred-thousand-gpus": ["duration=5s", "fleet.pools[0].nodes=120", "workload.streams[0].arrivals.rate=480/s",
                              "gateways.count=8"],
    "million-gpus": ["duration=5s", "fleet.pools[0].nodes=120", "workload.streams[0].arrivals.rate=480/s",
                     "gateways.count=8", "seed=2"],
    "daily-rhythm": ["duration=4h"],
    "rolling-update": ["duration=90min"],
    "two-models": ["duration=4h"],
    # One latency for all, so that it can be taken off.
    "two-pools": [f"fleet.pools[a100].gateway_latency={GATEWAY_TO_NODE_US}us"],
}
# What is lost and sent again is somewhere else in between: the law is about those that come and go.
SCENARIOS = sorted({path.stem for path in CONFIGS.glob("*.yaml")} - {"failures"})


class Shipped(ProgramTest):
    """One test for each scenario, made below."""

    def trace(self):
        """Chat as in the recorded hour: log-normal lengths, random arrivals at 20 requests per second."""
        numbers = random.Random(11)
        rows, at_s = ["arrival_s,input_tokens,output_tokens"], 0.0
        for _ in range(6000):
            at_s += numbers.expovariate(20)
            prompt = min(int(numbers.lognormvariate(6.5, 0.9)) + 1, 8000)
            output = min(int(numbers.lognormvariate(5, 0.8)) + 1, 1000)
            rows.append(f"{at_s:.6f},{prompt},{output}")
        return self.write("trace.csv", "\n".join(rows) + "\n")

    def check(self, name, *changes):
        overrides = [f"output.series={SAMPLED_EVERY_S}s", "end=drain", "measure.from=0s",
                     f"network.gateway_to_node={GATEWAY_TO_NODE_US}us", *CUT_DOWN.get(name, []), *changes]
        if name == "azure-conversation":
            overrides.append(f"workload.trace={self.trace()}")
        settings = [word for override in overrides for word in ("--set", override)]
        output = self.directory / "out"
        summary = self.succeed("regatta", "run", CONFIGS / f"{name}.yaml", *settings, "--quiet", "--json", "--out",
                               output).json
        requests = summary["requests"]["finished"]
        self.assertEqual(requests, summary["requests"]["arrived"], "the law is about those that come and go")
        self.assertGreater(requests, 1000)
        samples = [waiting + running for waiting, running in
                   zip(read_series(output, "waiting"), read_series(output, "running"))]
        end_s = summary["end_s"]
        mean_number = sum(samples) * SAMPLED_EVERY_S / end_s
        by_law = requests / end_s * (summary["end_to_end"]["mean_s"] - GATEWAY_TO_NODE_US * 1e-6)
        band = NORMAL_QUANTILE * SAMPLED_EVERY_S * math.sqrt(requests) / 2 / end_s
        said = (f"{name}: {mean_number:.4f} in the system by samples, {by_law:.4f} by Little's law "
                f"({requests} requests), off by {mean_number / by_law - 1:+.3%}, band {band / by_law:.3%}")
        print(said, flush=True)
        self.assertLess(abs(mean_number - by_law), band, said)
        self.assertLess(band, 0.02 * by_law, f"a band that says little: {said}")
        return summary

    def test_quickstart_short_of_kv_cache(self):
        # Requests wait, and lose their blocks to others: they go from running to waiting and back.
        summary = self.check("quickstart", "duration=1min", "fleet.pools[0].kv_blocks=900",
                             "workload.streams[0].arrivals.rate=120/s")
        self.assertGreater(summary["requests"]["preemptions"], 100)


class GivenUp(ProgramTest):
    """The law counts everybody: those given up are in the system until they leave the replica."""

    def test_who_waits_too_long_and_whose_client_has_gone(self):
        settings = ["duration=1min", "measure.from=0s", "fleet.pools[0].kv_blocks=900", "output.series=100ms",
                    "workload.streams[0].arrivals.rate=200/s", "workload.streams[0].timeout=4s",
                    "fleet.pools[0].scheduler={max_waiting: 700ms}"]
        output = self.directory / "out"
        counts = self.succeed("regatta", "run", CONFIGS / "quickstart.yaml", "--quiet", "--json", "--out", output,
                              *(word for setting in settings for word in ("--set", setting))).json["requests"]
        for reason in ("waited_too_long", "client_gone"):
            self.assertGreater(counts["reasons"][reason], 500, counts)
        self.assertGreater(counts["preemptions"], 100, counts)
        rows = csv.DictReader(io.StringIO(self.succeed("regatta-post", "requests", output).stdout))
        times = [float(row["end_s"]) - float(row["received_s"]) for row in rows]
        seen = sum(read_series(output, "waiting")) + sum(read_series(output, "running"))
        by_samples, by_law = seen * SAMPLED_EVERY_S, sum(times)
        band = NORMAL_QUANTILE * SAMPLED_EVERY_S * math.sqrt(len(times)) / 2
        said = (f"{by_samples:.1f} requests x s by samples, {by_law:.1f} by the rows of {len(times)} requests, "
                f"{by_samples / by_law - 1:+.3%}, band {band / by_law:.3%}")
        print(said, flush=True)
        self.assertLess(abs(by_samples - by_law), band, said)


def _add_tests():
    for name in SCENARIOS:
        def test(self, name=name):
            self.check(name)
        setattr(Shipped, f"test_{name.replace('-', '_')}", test)


_add_tests()


if __name__ == "__main__":
    unittest.main()
