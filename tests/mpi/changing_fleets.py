"""Fleets that change: failures, hardware that comes and goes, maintenance, scaling and re-provisioning, made up by a
seed. The same answer on 1, 2, 3 and 4 ranks, with the plain bound and step by step; nothing lost; no request at a
replica that does not serve. REGATTA_TEST_SEED shifts the seeds.

python3 changing_fleets.py [-v] [MadeUp.test_seed_3]
"""

import json
import os
import random
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import CONFIGS, start  # noqa: E402

from same_answer import SameAnswer  # noqa: E402

FIRST_SEED = int(os.environ.get("REGATTA_TEST_SEED", "0"))
SEEDS = 12
PYTHON = "/usr/bin/python3"  # whose h5py is Debian's

# A request that a replica ended was there while the replica took requests, from one end to the other. Spans of one
# replica follow one another and do not overlap.
CHECK_ROWS = """
import sys, h5py
from collections import defaultdict
with h5py.File(sys.argv[1]) as file:
    events, requests = file["events"][:], file["requests"][:]
kinds = {"loading": 0, "warming_up": 1, "serving": 2, "draining": 3}
spans = defaultdict(list)
for row in sorted(events.tolist()):
    row = dict(zip(events.dtype.names, row))
    assert row["start_ns"] <= row["end_ns"], row
    if row["kind"] in kinds.values():
        spans[row["replica"]].append((row["start_ns"], row["end_ns"], row["kind"]))
taking = defaultdict(list)
for replica, own in spans.items():
    own.sort(key=lambda span: (span[0], span[1]))
    for (_, end, _), (start, _, _) in zip(own, own[1:]):
        assert end <= start, (replica, own)
    for start, end, kind in own:
        if kind not in (2, 3):
            continue
        if taking[replica] and taking[replica][-1][1] == start:
            taking[replica][-1][1] = end
        else:
            taking[replica].append([start, end])
checked = 0
for row in requests:
    if row["received_ns"] < 0 or row["state"] == 2:  # those that failed were turned away there, or lost
        continue
    inside = any(start <= row["received_ns"] and row["end_ns"] <= end for start, end in taking[row["replica"]])
    assert inside, (row, taking[row["replica"]])
    checked += 1
assert len(requests) == len(set(requests["request_id"])), "a request has ended twice"
print(checked, len(events), len(set(events["kind"])))
"""


def listed(kind):
    return [entry["name"] for entry in json.loads(start("regatta", "catalog", kind, "--json").stdout)[kind]]


def law(numbers, mtbf_s, mttr_s):
    return {"mtbf": f"{mtbf_s}s", "mttr": f"{mttr_s}s", "shape": numbers.choice([1, 0.8, 2]),
            "repair_shape": numbers.choice([1, 1.5])}


def failures(numbers, pools):
    made = {}
    if numbers.random() < 0.7:
        made["gpu"] = law(numbers, 12, 0.6)
    if numbers.random() < 0.5:
        made["node"] = law(numbers, 10, 1)
    if numbers.random() < 0.4:
        made["rack"] = law(numbers, 9, 0.5) | {"nodes": numbers.randint(1, 3)}
    script = [{"at": f"{numbers.randint(0, 4000)}ms", "for": f"{numbers.randint(1, 1500)}ms",
               "pool": numbers.choice(pools), "node": numbers.randint(0, 1)} | numbers.choice([{}, {"gpu": 1}])
              for _ in range(numbers.randint(0, 3))]
    if script:
        made["script"] = script
    return made or {"gpu": law(numbers, 12, 0.6)}


def autoscale(numbers):
    policy = numbers.choice([
        {"policy": "outstanding", "target": numbers.choice([1, 3, 8])},
        {"policy": "kv_use", "target": numbers.choice([0.1, 0.4])},
        {"policy": "attainment", "target": 0.9, "fewest_requests": 3, "part": 0.5},
        {"policy": "schedule", "hours": [0, 0.0004, 0.001], "replicas": [1, 3, 2], "period": "5s"}])
    return policy | {"min": numbers.randint(0, 1), "spares": numbers.randint(0, 1), "up_after": "200ms",
                     "down_after": numbers.choice(["200ms", "1s"])} | numbers.choice([{}, {"max_up": 1, "max_down": 1}])


def own_nodes(numbers):
    """Two pools with nodes of their own, the second in pipelines over two of them now and then."""
    node = {"gpu": "h100-sxm", "gpus": 2, "disk_bandwidth": "60GB/s", "network_bandwidth": "20GB/s",
            "host_memory": numbers.choice(["1GB", "100GB"])}
    schedulers = [name for name in listed("schedulers") if name != "lightllm"]
    pools = []
    for name in ("one", "two"):
        is_piped = name == "two" and numbers.random() < 0.5
        pool = {"name": name, "model": "llama-3.1-8b", "nodes": 4 if is_piped else numbers.randint(2, 4), "node": node,
                "parallel": {"tp": 2, "pp": 2} if is_piped else {"tp": numbers.randint(1, 2)}, "kv_blocks": 900,
                "max_context_tokens": 4000, "scheduler": {"policy": numbers.choice(schedulers), "max_running": 8},
                "loading": {"from": numbers.choice(["disk", "network"]), "warm_up": f"{numbers.randint(0, 400)}ms"}}
        if numbers.random() < 0.3:
            pool["max_queue"] = 2
        if numbers.random() < 0.5:
            pool["start"] = 1
        if numbers.random() < 0.6:
            pool["autoscale"] = autoscale(numbers)
        pools.append(pool)
    fleet = {"pools": pools, "failures": failures(numbers, ["one", "two"])}
    if numbers.random() < 0.7:
        fleet["timeline"] = [{"at": f"{numbers.randint(0, 4000)}ms", "pool": "one", "nodes": change,
                              "how": numbers.choice(["drain", "kill"])} for change in (-1, numbers.choice([1, 2]))]
    if numbers.random() < 0.6:
        fleet["maintenance"] = [{"at": f"{numbers.randint(0, 2500)}ms", "pool": numbers.choice(["one", "two"]),
                                 "duration": f"{numbers.randint(50, 400)}ms",
                                 "max_unavailable": numbers.randint(1, 2)}]
    return fleet, [{"model": "llama-3.1-8b"}, {"pool": "two"}]


def shared_servers(numbers):
    """Two models on the same servers, which move between them."""
    fleet = {"servers": [{"name": "shared", "count": numbers.randint(2, 3), "gpus": [{"gpu": "h100-sxm", "count": 4}],
                          "host_memory": numbers.choice(["1GB", "100GB"]), "disk_bandwidth": "80GB/s"}],
             "pools": [{"name": "one", "model": "llama-3.1-8b", "servers": "shared", "parallel": {"tp": 1},
                        "kv_blocks": 900, "max_context_tokens": 4000, "start": numbers.randint(0, 8),
                        "loading": {"warm_up": "100ms"}},
                       {"name": "two", "model": "qwen3-8b", "servers": "shared", "parallel": {"tp": 2},
                        "kv_blocks": 900, "max_context_tokens": 4000, "loading": {"warm_up": "0s"}}],
             "reprovision": {"policy": numbers.choice(["random_idle", "longest_idle", "demand"]),
                             "requests_per_replica": numbers.choice([1, 4])}}
    if numbers.random() < 0.5:
        fleet["pools"][0]["autoscale"] = autoscale(numbers)
    if numbers.random() < 0.6:
        fleet["failures"] = failures(numbers, ["one", "two"])
    if numbers.random() < 0.4:
        fleet["maintenance"] = [{"at": "1s", "pool": "one", "duration": "300ms"}]
    return fleet, [{"model": "llama-3.1-8b"}, {"model": "qwen3-8b"}]


def scenario(seed):
    numbers = random.Random(seed)
    fleet, targets = own_nodes(numbers) if seed % 2 == 0 else shared_servers(numbers)
    # Latencies are long, so that a run has few windows: ranks of a test share cores, and each window costs a wait.
    fleet["controller"] = {"latency": f"{numbers.randint(20, 60)}ms", "period": f"{numbers.randint(100, 400)}ms",
                           "health_checks": f"{numbers.randint(50, 300)}ms"}
    if numbers.random() < 0.5:
        fleet["controller"]["drain_limit"] = f"{numbers.randint(1, 1500)}ms"
    routers = [name for name in listed("routers") if name not in ("replay", "lor")]
    is_instant = numbers.random() < 0.2
    router = "lor" if is_instant and numbers.random() < 0.5 else routers[seed % len(routers)]
    reports = "instant" if is_instant else numbers.choice(["on_completion", {"every": "70ms"}])
    is_scaled = "reprovision" in fleet or any("autoscale" in pool for pool in fleet["pools"])
    unserved = numbers.choice([{"policy": "provision", "max_waiting": "2s"}] if is_scaled else
                              [{"policy": "wait", "max_waiting": "1s"}, {"policy": "wait"}, {"policy": "reject"}])
    gateways = {"count": numbers.randint(1, 3), "router": router, "reports": reports, "unserved": unserved,
                "retries": numbers.randint(0, 3), "retry_after": f"{numbers.randint(20, 500)}ms"}
    streams = [{"name": name, "arrivals": {"process": "poisson", "rate": f"{numbers.randint(10, 40)}/s"},
                "lengths": {"prompt": {"distribution": "lognormal", "mean": 500, "cv": 1.2, "most": 3000},
                            "output": {"distribution": "exponential", "mean": 50, "most": 400}}} | target
               for name, target in zip(("chat", "code"), targets)]
    for stream in streams:
        if numbers.random() < 0.4:
            stream["timeout"] = f"{numbers.randint(300, 3000)}ms"
    return {"name": f"changing-{seed}", "seed": seed, "duration": "5s",
            "end": numbers.choice(["drain", "drain", "at_duration"]), "targets": {"ttft": "1s", "tpot": "50ms"},
            "fleet": fleet, "gateways": gateways, "network": {"gateway_to_node": "0s" if is_instant else "20ms"},
            "workload": {"streams": streams}, "output": {"series": "500ms"}}


class Changing(SameAnswer):
    """Base: runs a scenario in all ways, and looks at its rows."""

    def run_once(self, label, file, overrides, ranks):
        settings = [word for override in overrides for word in ("--set", override)]
        output = self.directory / label
        summary = self.succeed("regatta", "run", file, *settings, "--quiet", "--json", "--out", output, ranks=ranks).json
        summary.pop("run")
        return summary, output

    def check_changing(self, file, overrides=(), ranks=(2,), plain_ranks=3, stepwise=False):
        reference, output = self.run_once("one", file, overrides, None)
        for count in ranks:
            self.assertEqual(self.run_once(f"ranks-{count}", file, overrides, count)[0], reference, f"{count} ranks and 1")
        plain, _ = self.run_once("plain", file, [*overrides, "engine.bound=plain"], plain_ranks)
        self.assertEqual(plain, reference, "plain bound and promises")
        if stepwise:
            steps, _ = self.run_once("stepwise", file, [*overrides, "engine.stepping=stepwise"], None)
            self.assertEqual(steps, reference, "stepwise and lazy")
        self.check_nothing_is_lost(reference)
        self.check_rows(output)
        return reference

    def check_rows(self, output):
        if subprocess.run([PYTHON, "-c", "import h5py"], capture_output=True, check=False).returncode != 0:
            print("h5py (python3-h5py) is not installed: rows are not looked at")
            return
        checked = subprocess.run([PYTHON, "-c", CHECK_ROWS, str(output / "rank-00000-000.h5")], capture_output=True,
                                 text=True, check=False)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        requests, events, _ = map(int, checked.stdout.split())
        self.assertGreater(requests, 5)
        self.assertGreater(events, 5)


class MadeUp(Changing):
    """A test for each seed."""

    def check_seed(self, seed):
        # Every fourth on all numbers of ranks: to start them takes longer than to run.
        ranks = (2, 3, 4) if seed % 4 == 1 else (2 + seed % 3,)
        self.check_changing(self.write("changing.yaml", json.dumps(scenario(seed))), ranks=ranks,
                            plain_ranks=2 + (seed + 1) % 3, stepwise=True)


class ShippedFleets(Changing):
    """The scenarios that come with the project, cut down in time."""

    def test_failures(self):
        self.check_changing(CONFIGS / "failures.yaml", [
            "duration=2min", "fleet.failures.gpu.mtbf=1h", "fleet.failures.node.mtbf=10min",
            "fleet.failures.node.mttr=20s", "fleet.failures.script=[{at: 30s, for: 20s, pool: chat, node: 0}]"])

    def test_rolling_update(self):
        self.check_changing(CONFIGS / "rolling-update.yaml", [
            "duration=3min", "fleet.pools[0].nodes=8", "workload.streams[0].arrivals.rate=6/s",
            "fleet.maintenance=[{at: 10s, pool: chat, duration: 10s, max_unavailable: 4}]"])

    def test_daily_rhythm(self):
        self.check_changing(CONFIGS / "daily-rhythm.yaml", [
            "duration=10min",
            "workload.streams[0].arrivals.rate={daily: {mean: 8/s, peak: 24/s, period: 10min, peak_at: 5min}}"])

    def test_two_models(self):
        self.check_changing(CONFIGS / "two-models.yaml", [
            "duration=3min", "fleet.pools[0].start=8", "fleet.controller.period=2s",
            "workload.streams[1].arrivals.rate={ramp: [[0s, 1/s], [90s, 12/s]]}"])


def _add_seeds():
    for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
        def test(self, seed=seed):
            self.check_seed(seed)
        setattr(MadeUp, f"test_seed_{seed}", test)


_add_seeds()


if __name__ == "__main__":
    unittest.main()
