"""Autoscaling keeps still on a constant load, and follows a step within the modelled cold start.

python3 scaling.py [-v] [ConstantLoad.test_...]
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from rows import LOADING, SCALE_DOWN, SCALE_UP, SERVING, has_rows, read_columns, read_events  # noqa: E402

# Weights of llama-3.1-8b, 16 GB, from a disk of 3.2 GB/s.
SCENARIO = """
name: scaling
duration: {duration}
targets: {{ttft: 500ms, tpot: {tpot}}}
fleet:
  pools:
    - name: pool
      model: llama-3.1-8b
      nodes: 8
      node: {{gpu: h100-sxm, gpus: 8, disk_bandwidth: 3.2GB/s, host_memory: 0GB}}
      scheduler: {{policy: vllm_v1, max_running: 32}}
      kv_blocks: 4000
      start: 8
      autoscale: {autoscale}
      loading: {{warm_up: 20s}}
gateways: {{router: least_outstanding}}
workload:
  streams:
    - arrivals: {{process: poisson, rate: {rate}}}
      lengths: {{prompt: {{distribution: lognormal, mean: 500, cv: 1}}, output: {{distribution: exponential, mean: 300}}}}
output: {{series: none}}
"""
SECOND = 1_000_000_000


class Scaling(ProgramTest):
    def setUp(self):
        super().setUp()
        if not has_rows():
            self.skipTest("h5py (python3-h5py) is not installed")

    def events(self, **values):
        scenario = self.write("scaling.yaml", SCENARIO.format(**({"tpot": "30ms"} | values)))
        output = self.directory / "out"
        summary = self.succeed("regatta", "run", scenario, "--quiet", "--json", "--out", output).json
        self.assertEqual(summary["requests"]["finished"], summary["requests"]["arrived"])
        return read_events(output)


class ConstantLoad(Scaling):
    """Half an hour to settle, then an hour in which the number of replicas changes once or twice at most."""

    def check(self, autoscale, **values):
        events = self.events(duration="90min", autoscale=autoscale, rate="60/s", **values)
        changes = [(event["start_ns"] / SECOND, event["kind"], event["amount"]) for event in events
                   if event["kind"] in (SCALE_UP, SCALE_DOWN)]
        late = [change for change in changes if 1800 <= change[0] < 5400]
        print(f"{autoscale}: {len(changes)} changes, {len(late)} of them after half an hour: {late}", flush=True)
        self.assertGreater(len(changes), 0, "a test that sees nothing")
        self.assertLessEqual(len(late), 2)

    def test_outstanding(self):
        self.check("{policy: outstanding, target: 8}")

    def test_outstanding_with_spares(self):
        # As many spares as make a wish that counts them twice fall within the tolerance.
        self.check("{policy: outstanding, target: 8, spares: 2}")

    def test_kv_use(self):
        self.check("{policy: kv_use, target: 0.1}")

    def test_attainment(self):
        self.check("{policy: attainment, target: 0.9, ample: 0.99999, part: 0.2}", tpot="7200us")

    def test_attainment_with_spares(self):
        self.check("{policy: attainment, target: 0.9, ample: 0.99999, part: 0.2, spares: 2}", tpot="7200us")


class Step(Scaling):
    """The load is four times as high from one instant on."""

    PERIOD_S, UP_AFTER_S, LATENCY_S, WARM_UP_S = 10, 30, 0.1, 20
    STEP_AT_S = 1800

    def check(self, autoscale):
        events = self.events(duration="1h", autoscale=autoscale,
                             rate=f"{{steps: [[0s, 15/s], [{self.STEP_AT_S}s, 60/s]]}}")
        step_ns = self.STEP_AT_S * SECOND
        decided = min(event["start_ns"] for event in events if event["kind"] == SCALE_UP and event["start_ns"] > step_ns)
        loads = [event for event in events if event["kind"] == LOADING and event["start_ns"] > step_ns]
        serving = sorted(event["start_ns"] for event in events if event["kind"] == SERVING and
                         event["start_ns"] > step_ns)
        # All that were ordered together load from their servers' disks: the one on a server with most of them is last.
        slowest_s = max(event["end_ns"] - event["start_ns"] for event in loads) / SECOND
        self.assertGreater(slowest_s, 4)
        # A report of the step, up_after later a decision at the next one, its order; then the cold start. Outstanding
        # requests take as long to rise as requests take: some seconds.
        rise_s = 10
        cold_s = slowest_s + self.WARM_UP_S
        first_by_s = self.PERIOD_S + rise_s + self.UP_AFTER_S + self.PERIOD_S + 2 * self.LATENCY_S
        said = (f"{autoscale}: decided {(decided - step_ns) / SECOND:.1f} s after the step, bound {first_by_s} s; first "
                f"serves {(serving[0] - step_ns) / SECOND:.1f} s after it; cold start {cold_s:.1f} s; {len(loads)} loads")
        print(said, flush=True)
        self.assertGreaterEqual(decided - step_ns, self.UP_AFTER_S * SECOND, said)
        self.assertLess(decided - step_ns, first_by_s * SECOND, said)
        self.assertLess(serving[0] - decided, (cold_s + 1) * SECOND, said)
        self.check_recovers(step_ns)

    def check_recovers(self, step_ns):
        """Ten minutes after the step requests get their first token in time again."""
        rows = read_columns(self.directory / "out", "requests", "arrival_ns", "first_token_ns")
        times = [first - arrival for arrival, first in zip(*rows.values()) if arrival > step_ns + 600 * SECOND]
        late = sum(time > SECOND / 2 for time in times) / len(times)
        self.assertLess(late, 0.01)

    def test_outstanding(self):
        self.check("{policy: outstanding, target: 8}")

    def test_kv_use(self):
        self.check("{policy: kv_use, target: 0.1}")


if __name__ == "__main__":
    unittest.main()
