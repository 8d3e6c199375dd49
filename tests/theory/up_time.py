"""The part of the time in which nodes and GPUs are up lies in the 99 % confidence band around MTBF / (MTBF + MTTR).

python3 up_time.py [-v] [UpTime.test_...]

A part is an alternating renewal process. Over a long time T its time up is nearly normal around A T, with
A = mu / (mu + nu), and has the variance T (nu^2 s^2 + mu^2 r^2) / (mu + nu)^3, where mu and s are mean and standard
deviation of the times between a repair and the next failure, nu and r those of repairs. Source: L. Takacs, On certain
sojourn time problems in the theory of stochastic processes, Acta Math. Acad. Sci. Hung. 8, 1957, pp. 169-191; also
Barlow and Proschan, Mathematical Theory of Reliability, 1965, section 3.3. Parts are independent, so that the variance
of their mean is that of one, over their number.

Everything is up at first: ten MTBF are left out, after which nothing of that shows.
"""

import math
import sys
import unittest
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from rows import GPU_DOWN, NODE_DOWN, RACK_DOWN, has_rows, read_events  # noqa: E402

# 99 %, two-sided.
NORMAL_QUANTILE = 2.576
MTBF_H, MTTR_H = 100, 8
WARM_UP_H = 10 * MTBF_H
MEASURED_H = 200 * MTBF_H
NODES, GPUS = 64, 2

# Hardly any traffic, and nobody looks often: what is simulated is failures.
SCENARIO = """
name: up-time
duration: {duration_h}h
fleet:
  pools:
    - {{name: pool, model: llama-3.1-8b, nodes: {nodes}, node: {{gpu: h100-sxm, gpus: {gpus}}}}}
  controller: {{health_checks: 10h}}
  failures: {failures}
gateways: {{unserved: reject, reports: {{every: 10h}}}}
workload:
  streams: [{{arrivals: {{rate: 1/d}}, lengths: {{prompt: {{fixed: 10}}, output: {{fixed: 10}}}}}}]
output: {{series: none}}
"""


def weibull_variance(mean, shape):
    return mean ** 2 * (math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 - 1)


class UpTime(ProgramTest):
    def setUp(self):
        super().setUp()
        if not has_rows():
            self.skipTest("h5py (python3-h5py) is not installed")

    def outages(self, failures):
        """Of the measured time, by kind and part: spans that it was down [h]."""
        output = self.directory / "out"
        scenario = self.write("up-time.yaml", SCENARIO.format(duration_h=WARM_UP_H + MEASURED_H, nodes=NODES, gpus=GPUS,
                                                             failures=failures))
        self.succeed("regatta", "run", scenario, "--quiet", "--out", output)
        outages = defaultdict(lambda: defaultdict(list))
        for event in read_events(output):
            if event["kind"] not in (GPU_DOWN, NODE_DOWN, RACK_DOWN):
                continue
            start, end = (min(max(event[key] / 3.6e12, WARM_UP_H), WARM_UP_H + MEASURED_H)
                          for key in ("start_ns", "end_ns"))
            outages[event["kind"]][event["node"], event["gpu"]].append((start, end))
        return outages

    def check(self, label, outages, parts, shape=1.0, repair_shape=1.0):
        expected = MTBF_H / (MTBF_H + MTTR_H)
        up = 1 - sum(end - start for spans in outages.values() for start, end in spans) / (parts * MEASURED_H)
        variance = (MTTR_H ** 2 * weibull_variance(MTBF_H, shape) + MTBF_H ** 2 * weibull_variance(MTTR_H, repair_shape)
                    ) / (MTBF_H + MTTR_H) ** 3 / (parts * MEASURED_H)
        band = NORMAL_QUANTILE * math.sqrt(variance)
        said = f"{label}: up {up:.5f} of the time, formula {expected:.5f} +- {band:.5f}"
        print(said, flush=True)
        self.assertLess(abs(up - expected), band, said)
        self.assertLess(band, 0.1 * (1 - expected), f"a band that says little: {said}")

    def test_nodes(self):
        outages = self.outages(f"{{node: {{mtbf: {MTBF_H}h, mttr: {MTTR_H}h}}}}")
        self.assertEqual(set(outages), {NODE_DOWN})
        self.check("nodes, exponential", outages[NODE_DOWN], NODES)

    def test_gpus_with_weibull_times(self):
        outages = self.outages(f"{{gpu: {{mtbf: {MTBF_H}h, mttr: {MTTR_H}h, shape: 0.8, repair_shape: 1.5}}}}")
        self.assertEqual(set(outages), {GPU_DOWN})
        self.assertEqual(len(outages[GPU_DOWN]), NODES * GPUS)
        self.check("GPUs, Weibull 0.8 and 1.5", outages[GPU_DOWN], NODES * GPUS, 0.8, 1.5)

    def test_all_kinds_at_once_and_racks_as_one(self):
        law = f"mtbf: {MTBF_H}h, mttr: {MTTR_H}h"
        outages = self.outages(f"{{gpu: {{{law}}}, node: {{{law}, shape: 0.8}}, rack: {{{law}, nodes: 4}}}}")
        self.check("GPUs among all", outages[GPU_DOWN], NODES * GPUS)
        self.check("nodes among all", outages[NODE_DOWN], NODES, 0.8)
        # The nodes of a rack are down at the same times, those of different racks are not.
        racks = {}
        for (node, _), spans in outages[RACK_DOWN].items():
            self.assertEqual(racks.setdefault(node // 4, sorted(spans)), sorted(spans), f"node {node}")
        self.assertEqual(len(racks), NODES // 4)
        self.assertEqual(len({tuple(spans) for spans in racks.values()}), NODES // 4)
        self.check("racks", {rack: spans for rack, spans in racks.items()}, NODES // 4)


if __name__ == "__main__":
    unittest.main()
