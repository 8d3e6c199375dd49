"""Every router and rule of admission gives the same answer on any number of ranks, lazily and step by step.

python3 one_model.py [-v] [OneModel.test_...]
"""

import csv
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import BIN  # noqa: E402

from same_answer import SameAnswer  # noqa: E402

# The pools of one model, unlike in everything, and a stream on one of them alone. On two ranks or three a pool is cut.
ONE_MODEL = """
name: one-model
duration: 2s
fleet:
  pools:
    - {name: new, model: llama-3.1-8b, nodes: 1, node: {gpu: h100-sxm, gpus: 4}, weight: 2.5, kv_blocks: 900}
    - {name: old, model: llama-3.1-8b, nodes: 2, node: {gpu: a100-sxm-80gb, gpus: 2}, kv_blocks: 300, block_tokens: 32,
       scheduler: {policy: vllm_v1, chunk_tokens: 512, max_running: 16}, gateway_latency: 3ms}
gateways: {count: 3}
network: {gateway_to_node: 2ms}
workload:
  streams:
    - {name: chat, model: llama-3.1-8b, arrivals: {process: poisson, rate: 90/s},
       lengths: {prompt: {distribution: lognormal, mean: 600, cv: 1.2, most: 5000},
                 output: {distribution: exponential, mean: 60, most: 400}}}
    - {name: batch, pool: old, arrivals: {process: gamma, cv: 3, rate: 30/s},
       lengths: {prompt: {distribution: uniform, least: 1, most: 900}, output: {fixed: 40}}}
output: {series: 250ms}
"""
REPORTS = {"completions": ["gateways.reports=on_completion"], "reports_every_30ms": ["gateways.reports={every: 30ms}"],
           "what_is": ["gateways.reports=instant", "network.gateway_to_node=0s", "fleet.pools[old].gateway_latency=0s"]}
# A trace, and where each of its requests is to go.
REPLAYED = """
name: replayed
fleet:
  pools:
    - {name: only, model: llama-3.1-8b, nodes: 3, node: {gpu: h100-sxm, gpus: 1}}
gateways: {count: 2, router: {replay: ROUTES}}
workload: {trace: TRACE}
"""


def _catalog(kind):
    """The policies of a room as the program lists them: one that is registered later is tested, too."""
    listed = subprocess.run([BIN / "regatta", "catalog", kind, "--json"], capture_output=True, text=True, check=True)
    return json.loads(listed.stdout)[kind]


class OneModel(SameAnswer):
    """Every router and every rule of admission over two pools of one model, with each kind of report."""

    def setUp(self):
        super().setUp()
        self.scenario = self.write("one-model.yaml", ONE_MODEL)

    def summary_of(self, overrides, ranks):
        settings = [word for override in overrides for word in ("--set", override)]
        summary = self.succeed("regatta", "run", self.scenario, *settings, "--quiet", "--json", "--out",
                               self.directory / f"out-{len(list(self.directory.glob('out-*')))}", ranks=ranks).json
        summary.pop("run")
        return summary

    def check_one_model(self, *overrides):
        """As check_same, by summaries and digests; files are compared above, whatever is in them."""
        reference = self.summary_of(overrides, 1)
        for label, change, ranks in (("2 ranks", [], 2), ("3 ranks", [], 3), ("plain", ["engine.bound=plain"], 2),
                                     ("stepwise", ["engine.stepping=stepwise"], 1)):
            self.assertEqual(self.summary_of([*overrides, *change], ranks), reference, f"{label} and 1 rank")
        self.check_nothing_is_lost(reference)
        self.assertGreater(reference["requests"]["finished"], 50)
        return reference

    def test_all_rules_together(self):
        summary = self.check_one_model(
            "gateways.admission=[{queue_limit: 5}, {policy: rate_limit, class: batch, requests: 15/s, burst: 3, "
            "tokens: 8000/s, token_burst: 9000}]", "fleet.pools[old].max_queue=2", "gateways.router=random")
        reasons = summary["requests"]["reasons"]
        self.assertGreater(reasons["queue_full"], 5)
        self.assertGreater(reasons["rate_limited"], 5)
        self.assertEqual(summary["requests"]["rejected"], sum(reasons.values()))
        self.check_exports(reasons)

    def check_exports(self, reasons):
        """Who was turned away before a replica was chosen has none: no name and no number stand in for it."""
        out = self.directory / "out-0"
        rows = list(csv.DictReader(self.succeed("regatta-post", "requests", out).stdout.splitlines()))
        for reason, pools in (("rate_limited", {""}), ("queue_full", {"new", "old"})):
            found = [row for row in rows if row["reason"] == reason]
            self.assertEqual(len(found), reasons[reason], reason)
            self.assertEqual({row["pool"] for row in found}, pools, reason)
            self.assertEqual({row["replica"] == "" for row in found}, {"" in pools}, reason)
        trace = self.succeed("regatta-post", "trace", out).stdout
        events = json.loads(trace)["traceEvents"]
        # All are at their gateway; at a replica are those that reached one, and no number stands in for one.
        begun = [event["name"] for event in events if event["ph"] == "b"]
        self.assertEqual(begun.count("request"), len(rows))
        self.assertEqual(begun.count("served"), sum(row["received_s"] != "" for row in rows))
        self.assertNotIn("4294967295", trace)

    def test_replay_goes_where_the_recorded_run_went(self):
        places = [(7 * i + i // 10) % 3 for i in range(120)]
        trace = self.write("trace.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n" + "".join(
            f"{i * 0.013},{100 + i},{1 + i % 17}\n" for i in range(120)))
        routes = self.write("routes.csv", "replica_id,request_id\n" + "".join(
            f"{place},{i}\n" for i, place in reversed(list(enumerate(places)))))
        self.scenario = self.write("replayed.yaml",
                                   REPLAYED.replace("ROUTES", str(routes)).replace("TRACE", str(trace)))
        self.check_one_model()
        rows = csv.DictReader(self.succeed("regatta-post", "requests", self.directory / "out-0").stdout.splitlines())
        self.assertEqual({int(row["request_id"]): int(row["replica"]) for row in rows}, dict(enumerate(places)))

    def test_queues_that_are_full(self):
        summary = self.check_one_model("fleet.pools[old].max_queue=1", "gateways.router=round_robin",
                                       "gateways.reports={every: 30ms}")
        self.assertGreater(summary["requests"]["reasons"]["queue_full"], 5)


def _usual(policy):
    """A way to write a policy where it has to be told something: numbers at their least, words at the first choice."""
    settings = []
    for parameter in policy["parameters"]:
        if parameter["default"] != "required":
            continue
        number = re.search(r"(?:from|at least) ([\d.e+-]+(?:/s)?)", parameter["expected"])
        words = re.search(r"one of: ([^,]+)", parameter["expected"])
        settings.append(f", {parameter['key']}: {number[1] if number else words[1]}")
    return f"{{policy: {policy['name']}{''.join(settings)}}}"


def _cases(policy):
    """As by default, and with each other choice of each word: (name, how it is written)."""
    yield policy["name"], _usual(policy)
    for parameter in policy["parameters"]:
        words = re.match(r"one of: (.*)", parameter["expected"])
        for word in words[1].split(", ") if words else []:
            if word != parameter["default"]:
                yield f"{policy['name']}_{parameter['key']}_{word}", (
                    f"{_usual(policy)[:-1]}, {parameter['key']}: {word}}}")


def _add_router_tests():
    """One test for each router with each kind of report: a failure names both."""
    for policy in _catalog("routers"):
        if policy["name"] == "replay":
            continue  # tested above: it needs a file
        for case, written in _cases(policy):
            for name, reports in REPORTS.items():
                if policy["name"] == "lor" and name != "what_is":
                    continue

                def test(self, written=written, reports=reports):
                    self.check_one_model(f"gateways.router={written}", *reports)
                setattr(OneModel, f"test_{case}_on_{name}", test)


def _add_admission_tests():
    """Rules that need more than what they require are tested above, by name; the others by themselves."""
    for policy in _catalog("admission"):
        if policy["name"] == "rate_limit":
            continue

        def test(self, policy=policy):
            summary = self.check_one_model(f"gateways.admission=[{_usual(policy)}]")
            self.assertGreater(summary["requests"]["rejected"], 0)
        setattr(OneModel, f"test_admission_by_{policy['name']}", test)


_add_router_tests()
_add_admission_tests()


if __name__ == "__main__":
    unittest.main()
