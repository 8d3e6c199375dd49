"""regatta-post trace: what is in a trace, in both of its formats. Perfetto's is read by protoc, with nothing of ours but
perfetto.proto, a copy of the few field numbers that matter.

python3 trace.py [-v] [Trace.test_...]
"""

import json
import shutil
import subprocess
import tempfile
import unittest
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from programs import ProgramTest, start

HERE = Path(__file__).resolve().parent

# Two nodes with four replicas each, loaded so that requests overlap.
FLEET = """
name: traced
duration: 3s
measure: {from: 0s}
fleet:
  pools: [{name: chat, model: llama-3.1-8b, nodes: 2, node: {gpu: h100-sxm, gpus: 8}, parallel: {tp: 2}}]
gateways: {count: 2}
network: {gateway_to_node: 2ms}
workload:
  streams:
    - {name: people, arrivals: {process: poisson, rate: 60/s}, lengths: {prompt: {fixed: 300}, output: {fixed: 30}}}
output: {series: 1s, series_by: node, steps: {replicas: 2, to: 1s}}
"""

BEGIN, END, INSTANT, COUNT = 1, 2, 3, 4


@dataclass
class Slice:
    name: str
    category: str
    track: str  # process / thread
    start: int
    end: int = -1
    depth: int = 0
    flow_from: list = field(default_factory=list)
    flow_to: list = field(default_factory=list)
    arguments: dict = field(default_factory=dict)


def parse_text(text):
    """Protocol buffer text, as protoc prints it, as nested dicts of lists."""
    root = defaultdict(list)
    stack = [root]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            stack.pop()
        elif line.endswith(" {"):
            message = defaultdict(list)
            stack[-1][line[:-2]].append(message)
            stack.append(message)
        elif line:
            name, value = line.split(": ", 1)
            stack[-1][name].append(json.loads(value))
    return root


class PerfettoTrace:
    """Tracks, slices and counters of a trace; raises where slices do not nest."""

    def __init__(self, path):
        decoded = subprocess.run(["protoc", f"--proto_path={HERE}", "--decode=Trace", "perfetto.proto"], check=True,
                                 input=path.read_bytes(), capture_output=True)
        self.processes, self.threads, self.parents, self.counters = {}, {}, {}, {}
        self.slices, self.values = [], []
        open_slices = defaultdict(list)
        packets = parse_text(decoded.stdout.decode())["packet"]
        assert all(packet["trusted_packet_sequence_id"] == [1] for packet in packets)
        for packet in packets:
            for descriptor in packet["track_descriptor"]:
                self.describe(descriptor)
        # As Perfetto reads it: by time, and what has the same time in the order of the file.
        for packet in sorted((packet for packet in packets if packet["track_event"]), key=lambda p: p["timestamp"][0]):
            self.take(packet["timestamp"][0], packet["track_event"][0], open_slices)
        assert not any(open_slices.values()), "slices that do not end"

    def describe(self, descriptor):
        uuid = descriptor["uuid"][0]
        assert uuid not in self.parents, f"track {uuid} was described twice"
        self.parents[uuid] = descriptor["parent_uuid"][0] if descriptor["parent_uuid"] else None
        if descriptor["process"]:
            self.processes[uuid] = descriptor["process"][0]["process_name"][0]
        elif descriptor["thread"]:
            self.threads[uuid] = descriptor["thread"][0]["thread_name"][0]
        elif descriptor["counter"]:
            self.counters[uuid] = descriptor["name"][0]

    def place(self, uuid):
        """Process / thread of a track, however deep it lies."""
        names = []
        while uuid is not None:
            name = self.processes.get(uuid, self.threads.get(uuid))
            names = ([name] if name else []) + names
            uuid = self.parents[uuid]
        return " / ".join(names)

    def take(self, at, event, open_slices):
        track, kind = event["track_uuid"][0], event["type"][0]
        if kind == COUNT:
            self.values.append((self.place(track), self.counters[track], at, event["counter_value"][0]))
        elif kind == BEGIN:
            arguments = {a["name"][0]: (a["int_value"] + a["double_value"] + a["string_value"])[0]
                         for a in event["debug_annotations"]}
            slice_ = Slice(event["name"][0], event["categories"][0], self.place(track), at, depth=len(open_slices[track]),
                           flow_from=event["flow_ids"], flow_to=event["terminating_flow_ids"], arguments=arguments)
            self.slices.append(slice_)
            open_slices[track].append(slice_)
        elif kind == END:
            open_slices[track].pop().end = at


class Trace(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.runs = Path(tempfile.mkdtemp(prefix="regatta-test-"))
        (cls.runs / "fleet.yaml").write_text(FLEET)
        outcome = start("regatta", "run", "fleet.yaml", "--out", "out", "--quiet", ranks=2, cwd=cls.runs)
        assert outcome.code == 0, outcome
        cls.arrived = start("regatta-post", "stats", "out", "--json", cwd=cls.runs).json["requests"]["arrived"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.runs, ignore_errors=True)

    def perfetto(self, *arguments):
        if shutil.which("protoc") is None:
            self.skipTest("protoc (protobuf-compiler) is not installed")
        path = self.directory / "trace.pftrace"
        self.succeed("regatta-post", "trace", self.runs / "out", "-o", path, *arguments)
        return PerfettoTrace(path)

    def chrome(self, *arguments):
        path = self.directory / "trace.json"
        self.succeed("regatta-post", "trace", self.runs / "out", "-o", path, *arguments)
        return json.loads(path.read_text(encoding="utf-8"))["traceEvents"]

    def test_perfetto_has_every_request_at_its_gateway_and_at_its_replica(self):
        trace = self.perfetto()
        by_name = Counter(slice_.name for slice_ in trace.slices)
        for name in ("request", "network", "served", "prefill", "decode"):
            self.assertEqual(by_name[name], self.arrived, name)
        self.assertEqual({slice_.depth for slice_ in trace.slices if slice_.name in ("request", "served")}, {0})
        self.assertEqual({slice_.depth for slice_ in trace.slices if slice_.name in ("network", "prefill", "decode")}, {1})
        self.assertEqual({slice_.track for slice_ in trace.slices if slice_.category == "request"},
                         {"gateways / gateway 0", "gateways / gateway 1"})
        self.assertEqual({slice_.track for slice_ in trace.slices if slice_.category == "served"},
                         {f"node {replica // 4} (pool chat) / replica {replica}" for replica in range(8)})

    def test_perfetto_flows_lead_from_the_gateway_to_the_replica(self):
        trace = self.perfetto()
        begun = {flow: slice_ for slice_ in trace.slices for flow in slice_.flow_from}
        ended = {flow: slice_ for slice_ in trace.slices for flow in slice_.flow_to}
        self.assertEqual(len(begun), self.arrived)
        self.assertEqual(begun.keys(), ended.keys())
        for flow, slice_ in begun.items():
            self.assertEqual((slice_.name, ended[flow].name), ("request", "served"))
            self.assertEqual(slice_.arguments["request"], ended[flow].arguments["request"])
            self.assertEqual(ended[flow].start - slice_.start, 2_000_000)  # the way takes 2 ms
            self.assertEqual(ended[flow].end, slice_.end)

    def test_perfetto_has_steps_that_do_not_overlap_and_counters_of_pools_and_nodes(self):
        trace = self.perfetto()
        steps = [slice_ for slice_ in trace.slices if slice_.category == "step"]
        self.assertEqual({step.track for step in steps},
                         {"node 0 (pool chat) / replica 0", "node 0 (pool chat) / replica 1"})
        self.assertEqual({step.depth for step in steps}, {0})
        for step in steps:
            parts = sum(value for name, value in step.arguments.items() if name.endswith("_us"))
            self.assertAlmostEqual(parts, (step.end - step.start) / 1000, delta=0.02)
        self.assertEqual({(place, name) for place, name, _, _ in trace.values},
                         {(place, name) for place in ("pool chat", "node 0 (pool chat)", "node 1 (pool chat)")
                          for name in ("queue", "running", "KV blocks")})
        of_pool = {(name, at): value for place, name, at, value in trace.values if place == "pool chat"}
        of_nodes = Counter()
        for place, name, at, value in trace.values:
            if place != "pool chat":
                of_nodes[name, at] += value
        self.assertEqual(of_pool, dict(of_nodes))

    def test_both_formats_hold_the_same(self):
        trace, events = self.perfetto("--from", "0.5", "--to", "2"), self.chrome("--from", "0.5", "--to", "2")
        names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
        processes = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
        self.assertEqual(set(processes.values()), set(trace.processes.values()))
        self.assertEqual(Counter((e["name"], e["cat"], f"{processes[e['pid']]} / {names[e['tid']]}", round(e["ts"] * 1000))
                                 for e in events if e["ph"] in "bX"),
                         Counter((s.name, s.category, s.track, s.start) for s in trace.slices))
        self.assertEqual(Counter((processes[e["pid"]], e["name"], round(e["ts"] * 1000), e["args"]["value"])
                                 for e in events if e["ph"] == "C"), Counter(trace.values))
        flows = [{e["id"] for e in events if e["ph"] == kind} for kind in "sf"]
        self.assertEqual(flows[0], flows[1])
        self.assertEqual(len(flows[0]), sum(len(s.flow_from) for s in trace.slices))

    def test_selection_by_node_and_request(self):
        events = self.chrome("--node", "1")
        served = [event for event in events if event["ph"] == "b" and event["name"] == "served"]
        everything = [e for e in self.chrome() if e["ph"] == "b" and e["name"] == "served"]
        self.assertTrue(0 < len(served) < len(everything))
        self.assertEqual({event["args"]["name"] for event in events if event["name"] == "process_name"},
                         {"gateways", "pool chat", "node 1 (pool chat)"})
        chosen = sorted({event["id"] for event in everything})[3:5]
        found = self.chrome("--request", chosen[0], "--request", chosen[1])
        self.assertEqual(sorted(e["id"] for e in found if e["ph"] == "b" and e["name"] == "request"), chosen)

    def test_the_format_follows_the_name_or_the_option(self):
        for name, options, is_json in (("a.json", (), True), ("a.pftrace", (), False), ("a.perfetto-trace", (), False),
                                       ("a.txt", (), True), ("a.json", ("--format", "perfetto"), False),
                                       ("a.pftrace", ("--format", "chrome"), True)):
            with self.subTest(name=name, options=options):
                path = self.directory / name
                self.succeed("regatta-post", "trace", self.runs / "out", "-o", path, *options)
                self.assertEqual(path.read_bytes()[:1] == b"{", is_json)

    def test_mistakes(self):
        for arguments, line in (
                (("--format", "perfeto"), 'regatta-post trace: --format: expected chrome or perfetto, found "perfeto"; did '
                                          'you mean "perfetto"?'),
                (("--node", "7"), "--node: no replica of the run is on node 7"),
                (("--to", "-5"), 'regatta-post trace: --to: expected seconds from 0 to 9e+09, found "-5"; see regatta-post '
                                 'trace --help'),
                (("--from", "1e30"), 'regatta-post trace: --from: expected seconds from 0 to 9e+09, found "1e30"; see '
                                     'regatta-post trace --help')):
            with self.subTest(arguments=arguments):
                outcome = start("regatta-post", "trace", self.runs / "out", "-o", "x", *arguments, cwd=self.directory)
                self.assertEqual((outcome.code, outcome.stderr), (2, line + "\n"))
                self.assertFalse((self.directory / "x").exists())


if __name__ == "__main__":
    unittest.main()
