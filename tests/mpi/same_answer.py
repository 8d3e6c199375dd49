"""The same scenario gives the same answer on any number of ranks, lazily and step by step: digest, merged file, summary.

python3 same_answer.py [-v] [Features.test_...]
"""

import json
import random
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import AZURE, CONFIGS, ProgramTest, start  # noqa: E402

RANKS = (1, 2, 3, 4)

# Two models, two pools of different kind, three gateways; 5 nodes with 14 replicas. Latencies are long, so that a run
# has few windows: ranks of a test share cores, and each window costs a wait.
FLEET = """
name: features
duration: 6s
targets: {ttft: 500ms, tpot: 50ms}
fleet:
  pools:
    - {name: large, model: qwen3-32b, nodes: 3, node: {gpu: h200-sxm, gpus: 8}, parallel: {tp: 4}, kv_blocks: 400}
    - {name: small, model: llama-3.1-8b, nodes: 2, node: {gpu: a100-sxm-80gb, gpus: 4}, parallel: {tp: 1},
       kv_blocks: 300, scheduler: {policy: vllm_v1, chunk_tokens: 512, max_running: 32}, gateway_latency: 3ms}
gateways: {count: 3, router: least_outstanding}
network: {gateway_to_node: 2ms}
workload:
  streams:
    - {name: chat, model: qwen3-32b, arrivals: {process: poisson, rate: 30/s},
       lengths: {prompt: {distribution: lognormal, mean: 600, cv: 1.2, most: 5000},
                 output: {distribution: exponential, mean: 90, most: 800}}}
    - {name: code, pool: small, arrivals: {process: gamma, cv: 3, rate: 40/s},
       lengths: {prompt: {distribution: uniform, least: 1, most: 900}, output: {fixed: 40}}, targets: {ttft: 200ms}}
    - {name: batch, pool: small, arrivals: all_at_once, limit: 25,
       lengths: {prompt: {quantiles: [[0, 5], [0.5, 300], [1, 6000]]}, output: {quantiles: [[0, 1], [1, 200]]}}}
    - {name: clock, model: qwen3-32b, arrivals: {process: constant, rate: 10/s},
       lengths: {prompt: {fixed: 64}, output: {fixed: 1}}}
output: {series: 250ms}
"""


# Of the scenario above: steps of the first two replicas of each pool from 1 s to 4 s; samples of every node.
CHECK_ROWS = """
import sys, h5py
with h5py.File(sys.argv[1]) as file:
    steps, nodes = file["steps"][:], file["node_series"][:]
    assert set(steps["replica"]) == {0, 1, 6, 7}, set(steps["replica"])
    assert (steps["start_ns"] >= 10**9).all() and (steps["start_ns"] < 4 * 10**9).all()
    parts = sum(steps[name] for name in steps.dtype.names
                if name.endswith("_ns") and name not in ("start_ns", "end_ns"))
    assert abs(parts - (steps["end_ns"] - steps["start_ns"])).max() < 12  # each is rounded
    for quantity in ("waiting", "running", "kv_blocks_used", "busy_replicas", "kv_tokens"):
        by_pool = [[sum(nodes[quantity][(nodes["time_ns"] == at) & (nodes["pool"] == pool)]) for pool in (0, 1)]
                   for at in file["series/time_ns"]]
        assert by_pool == file["series/" + quantity][:].tolist(), quantity
    assert set(map(tuple, file["series/replicas"][:])) == {(6, 8)}
    print("checked")
"""


def equal_files(one, other, exclude):
    """Whether h5diff finds nothing, also where objects could not be compared (-c)."""
    for options in ([], ["-c"]):
        command = ["h5diff", *options, *(f"--exclude-path={path}" for path in exclude), str(one), str(other)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode != 0:
            return False, f"{' '.join(command)}\nexit code {found.returncode}\n{found.stdout[:2000]}{found.stderr}"
    return True, ""


class SameAnswer(ProgramTest):
    """Base of the tests: runs a scenario in all ways and compares everything."""

    def run_once(self, label, scenario, overrides, ranks):
        output = self.directory / label
        settings = [word for override in overrides for word in ("--set", override)]
        run = self.succeed("regatta", "run", scenario, *settings, "--quiet", "--out", output, ranks=ranks)
        self.succeed("regatta-post", "merge", output)
        summary = self.succeed("regatta-post", "stats", output / "run.h5", "--json").json
        self.assertEqual(summary["digest"], run.digest, f"{label}: merged file and run")
        of_rank_files = self.succeed("regatta-post", "stats", output, "--json").json
        self.assertEqual(of_rank_files, summary, f"{label}: stats of the rank files and of the merged file")
        return summary, output / "run.h5"

    def compare(self, label, reference, other, exclude):
        (summary, file), (other_summary, other_file) = reference, other
        for one in (summary, other_summary):
            one.pop("run", None)
        self.assertEqual(other_summary["digest"], summary["digest"], label)
        self.assertEqual(other_summary, summary, label)
        if shutil.which("h5diff") is None:
            print("h5diff (hdf5-tools) is not installed: merged files are compared by their digests only")
            return
        is_equal, found = equal_files(file, other_file, exclude)
        self.assertTrue(is_equal, f"{label}: {found}")

    def check_same(self, scenario, overrides=(), ranks=RANKS, stepwise_ranks=None):
        """Returns the summary. Step by step runs on one rank unless said otherwise."""
        reference = self.run_once("ranks-1", scenario, overrides, 1)
        for count in ranks:
            if count > 1:
                other = self.run_once(f"ranks-{count}", scenario, overrides, count)
                self.compare(f"{count} ranks and 1", reference, other, ["/run"])
        plain = self.run_once("plain", scenario, [*overrides, "engine.bound=plain"], 2)
        self.compare("plain bound and promises", reference, plain, ["/run", "/scenario"])
        stepwise = self.run_once("stepwise", scenario, [*overrides, "engine.stepping=stepwise"], stepwise_ranks)
        self.compare("stepwise and lazy", reference, stepwise, ["/run", "/scenario"])  # the scenario says stepwise
        self.check_nothing_is_lost(reference[0])
        return reference[0]

    def check_nothing_is_lost(self, summary):
        requests = summary["requests"]
        self.assertGreater(requests["arrived"], 0)
        self.assertEqual(requests["arrived"],
                         sum(requests[end] for end in ("finished", "rejected", "failed", "timed_out", "unfinished")))


class Shipped(SameAnswer):
    """Scenarios that come with the project."""

    def test_quickstart(self):
        summary = self.check_same(CONFIGS / "quickstart.yaml", ["duration=10s", "measure.from=1s"], stepwise_ranks=2)
        self.assertEqual(summary["requests"]["finished"], summary["requests"]["arrived"])

    def test_quickstart_short_of_kv_cache(self):
        summary = self.check_same(CONFIGS / "quickstart.yaml",
                                  ["duration=10s", "measure.from=0s", "fleet.pools[0].kv_blocks=200",
                                   "network.gateway_to_node=2ms"])
        self.assertGreater(summary["requests"]["preemptions"], 0)
        self.assertGreater(summary["requests"]["rejected"], 0)

    def test_trace(self):
        numbers = random.Random(7)
        rows, at_s = ["arrival_s,input_tokens,output_tokens"], 0.0
        for _ in range(400):
            at_s += numbers.expovariate(20) if numbers.random() < 0.8 else 0
            rows.append(f"{at_s:.6f},{numbers.randint(1, 3000)},{numbers.randint(1, 300)}")
        trace = self.write("trace.csv", "\n".join(rows) + "\n")
        summary = self.check_same(CONFIGS / "azure-conversation.yaml",
                                  [f"workload.trace={trace}", "network.gateway_to_node=1ms"])
        self.assertEqual(summary["requests"]["finished"], 400)


class Large(SameAnswer):
    """The shipped scenarios of datacenter size, cut down in time and number, on up to eight ranks."""

    SMALL = ["duration=2s", "fleet.pools[0].nodes=120", "workload.streams[0].arrivals.rate=500/s"]

    def check_large(self, name, *overrides):
        summary = self.check_same(CONFIGS / name, [*self.SMALL, *overrides], ranks=(1, 2, 3, 4, 8))
        self.assertGreater(summary["requests"]["finished"], 0)

    def test_hundred_thousand_gpus(self):
        self.check_large("hundred-thousand-gpus.yaml")

    def test_hundred_thousand_gpus_told_of_each_completion(self):
        self.check_large("hundred-thousand-gpus.yaml", "gateways.reports=on_completion", "gateways.count=3")

    def test_million_gpus(self):
        self.check_large("million-gpus.yaml", "gateways.router=least_outstanding")


class Features(SameAnswer):
    """Each choice of a scenario: streams, routers, reports, ends."""

    def setUp(self):
        super().setUp()
        self.scenario = self.write("features.yaml", FLEET)

    def check_features(self, *overrides, **options):
        return self.check_same(self.scenario, overrides, **options)

    def test_streams_of_every_kind_on_two_pools(self):
        summary = self.check_features(stepwise_ranks=3)
        self.assertGreater(summary["requests"]["preemptions"], 50)
        self.assertEqual([stream["name"] for stream in summary["streams"]], ["chat", "code", "batch", "clock"])
        for stream in summary["streams"]:
            self.assertGreater(stream["requests"]["finished"], 10, stream["name"])

    def test_end_at_duration(self):
        summary = self.check_features("end=at_duration")
        self.assertGreater(summary["requests"]["unfinished"], 10)

    def test_end_at_duration_with_reports(self):
        summary = self.check_features("end=at_duration", "gateways.reports={every: 100ms}", "output.series=none")
        self.assertGreater(summary["requests"]["unfinished"], 10)

    def test_one_stream_limited(self):
        summary = self.check_features("workload.streams[0].limit=30", "workload.streams[1].limit=31",
                                      "workload.streams[3].limit=1")
        self.assertEqual(summary["requests"]["arrived"], 30 + 31 + 25 + 1)

    def test_rates_that_change_and_a_trace_beside_them(self):
        self.write("recorded.csv", "arrival_s,input_tokens,output_tokens\n" + "".join(
            f"{number * 0.0371:.9f},{1 + number * 37 % 900},{1 + number * 11 % 60}\n" for number in range(100)))
        summary = self.check_features(
            "workload.streams[0].arrivals.rate={ramp: [[0s, 5/s], [2s, 60/s]], spikes: [{at: 1s, for: 500ms, factor: 3}]}",
            "workload.streams[1].arrivals.rate={daily: {mean: 20/s, peak: 40/s, period: 1s, peak_at: 300ms}}",
            "workload.streams[1].lengths.correlation=0.7",
            f"workload.streams[3]={{name: recorded, pool: small, trace: {self.directory}/recorded.csv}}")
        self.assertEqual(summary["streams"][3]["requests"]["finished"], 100)

    def check_queue(self, scheduler, *overrides, **options):
        """Both pools pressed hard enough that the order of their queues matters."""
        return self.check_features(f"fleet.pools[0].scheduler={scheduler}", f"fleet.pools[1].scheduler={scheduler}",
                                   "workload.streams[0].priority=5", "workload.streams[1].priority=-1",
                                   "workload.streams[2].priority=3", "workload.streams[1].class=interactive",
                                   "workload.streams[3].class=interactive", "duration=3s", *overrides, **options)

    def test_queues_by_priority(self):
        summary = self.check_queue("{max_running: 6, chunk_tokens: 256, order: priority}", stepwise_ranks=2)
        self.assertGreater(summary["requests"]["preemptions"], 10)
        _, urgent, patient, _ = (stream["queueing"]["mean_s"] for stream in summary["streams"])
        self.assertGreater(patient, 3 * urgent)

    def test_queues_by_length_with_a_longest_wait(self):
        summary = self.check_queue("{max_running: 3, chunk_tokens: 256, order: shortest_first, max_waiting: 150ms}",
                                   "gateways.reports={every: 30ms}")
        self.assertGreater(summary["requests"]["timed_out"], 20)
        self.assertEqual(summary["requests"]["reasons"]["waited_too_long"], summary["requests"]["timed_out"])

    def test_queues_with_limits_by_class_and_a_wait_shorter_than_a_step(self):
        summary = self.check_queue("{max_running: 16, chunk_tokens: 512, max_waiting: 2ms, class_limits: "
                                   "{batch: 2, interactive: 3}}")
        self.assertGreater(summary["requests"]["timed_out"], 20)
        self.assertGreater(summary["requests"]["preemptions"], 10)

    TIMEOUTS = ["workload.streams[0].timeout=1500ms", "workload.streams[1].timeout=900ms",
                "workload.streams[2].timeout=3s", "workload.streams[3].timeout=4100us"]

    def check_timeouts(self, *overrides, **options):
        summary = self.check_features(*self.TIMEOUTS, *overrides, **options)
        gone = summary["requests"]["reasons"]["client_gone"]
        self.assertGreater(gone, 50)
        self.assertLess(gone, summary["requests"]["finished"])
        self.assertEqual(summary["streams"][3]["requests"]["finished"], 0)
        return summary

    def test_clients_that_give_up(self):
        summary = self.check_timeouts(stepwise_ranks=3)
        self.assertGreater(summary["requests"]["preemptions"], 50)

    def test_clients_that_give_up_and_gateways_that_hear_reports(self):
        self.check_timeouts("gateways.reports={every: 30ms}", "output.series=50ms")

    def test_clients_that_give_up_in_every_queue(self):
        self.check_queue("{max_running: 12, chunk_tokens: 256, order: shortest_first, max_waiting: 400ms, class_limits: "
                         "{batch: 2}}", *self.TIMEOUTS, "duration=4s")

    def test_clients_of_a_trace_that_give_up_before_the_end(self):
        self.write("recorded.csv", "arrival_s,input_tokens,output_tokens\n" + "".join(
            f"{number * 0.0171:.9f},{1 + number * 37 % 900},{1 + number * 11 % 200}\n" for number in range(200)))
        summary = self.check_features(
            f"workload.streams[1]={{name: recorded, pool: small, trace: {self.directory}/recorded.csv, timeout: 1s}}",
            "end=at_duration", "duration=3s")
        self.assertGreater(summary["requests"]["timed_out"], 10)
        self.assertGreater(summary["requests"]["unfinished"], 10)
        self.assertEqual(summary["streams"][0]["requests"]["timed_out"], 0)

    def test_step_times_of_another_simulator(self):
        self.check_features("fleet.pools[1].timing={policy: scratchpad, weight_bits: 8.25}", "duration=3s")

    def test_many_gateways_for_few_requests(self):
        self.check_features("gateways.count=50", "duration=2s")

    def test_ranks_that_tell_each_other_by_reductions(self):
        for reports in ("on_completion", "{every: 30ms}"):
            settings = ["duration=2s", f"gateways.reports={reports}"]
            one = self.run_once(f"one-{reports[:2]}", self.scenario, settings, 1)
            for ranks in (2, 5):
                summary, file = self.run_once(f"{ranks}-{reports[:2]}", self.scenario,
                                              [*settings, "engine.exchange=collective"], ranks)
                run = summary["run"]
                self.assertEqual(run["reductions"], 2 * (run["windows"] + 1))
                self.assertLess(run["messages"], ranks * (ranks - 1) * run["windows"])
                self.compare(f"{ranks} ranks by reductions and 1", (dict(one[0]), one[1]), (summary, file),
                             ["/run", "/scenario"])

    def test_rows_of_steps_and_of_nodes(self):
        summary = self.check_features("output.series_by=node", "output.steps={replicas: 2, from: 1s, to: 4s}",
                                      "fleet.pools[0].timing={sequence_overhead: 20us, cuda_graphs: padded}")
        self.assertGreater(summary["requests"]["preemptions"], 50)
        python = "/usr/bin/python3"  # whose h5py is Debian's
        if subprocess.run([python, "-c", "import h5py"], capture_output=True, check=False).returncode != 0:
            print("h5py (python3-h5py) is not installed: rows of steps and nodes are compared by digest and h5diff only")
            return
        checked = subprocess.run([python, "-c", CHECK_ROWS, str(self.directory / "ranks-3" / "run.h5")],
                                 capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "checked\n", ""))

    def test_rows_of_a_sample_of_steps(self):
        self.check_features("output.steps={sample: 0.1}")
        rows = {}
        for name, sample in (("all", 1), ("half", 0.5), ("tenth", 0.1)):
            self.succeed("regatta", "run", self.scenario, "--set", f"output.steps={{sample: {sample}}}", "--quiet", "--out",
                         self.directory / name)
            self.succeed("regatta-post", "trace", self.directory / name, "-o", self.directory / f"{name}.json", "--most", 1)
            events = json.loads((self.directory / f"{name}.json").read_text(encoding="utf-8"))["traceEvents"]
            rows[name] = {json.dumps(event) for event in events if event["ph"] == "X"}
        self.assertLess(rows["tenth"], rows["half"])
        self.assertLess(rows["half"], rows["all"])
        self.assertAlmostEqual(len(rows["tenth"]) / len(rows["all"]), 0.1, delta=0.03)

    def test_samples_at_the_instants_of_events(self):
        # Arrivals, reports and samples all at whole multiples of 50 ms.
        self.check_features("workload.streams[3].arrivals.rate=20/s", "output.series=50ms",
                            "gateways.reports={every: 50ms}", "network.gateway_to_node=50ms")


class Azure(SameAnswer):
    """The recorded hour of chat, where it is at hand."""

    def setUp(self):
        super().setUp()
        if not AZURE.exists():
            self.skipTest(f"the Azure 2023 conversation trace is not at {AZURE}")

    def test_the_whole_trace(self):
        summary = self.check_same(CONFIGS / "azure-conversation.yaml", [f"workload.trace={AZURE}"])
        self.assertEqual(summary["requests"]["finished"], 19_366)

    def test_short_of_kv_cache(self):
        summary = self.check_same(CONFIGS / "azure-conversation.yaml",
                                  [f"workload.trace={AZURE}", "workload.rate_scale=30", "fleet.pools[0].kv_blocks=900"])
        self.assertEqual(summary["requests"]["arrived"], 19_366)
        self.assertGreater(summary["requests"]["preemptions"], 1000)


class Ranks(ProgramTest):
    """What is special about many ranks."""

    def test_ranks_without_work_are_told_and_change_nothing(self):
        scenario = self.write("small.yaml", FLEET)
        arguments = ["run", scenario, "--set", "duration=1s", "--set", "gateways.count=1"]
        one = self.succeed("regatta", *arguments, "--out", self.directory / "one")
        many = self.succeed("regatta", *arguments, "--out", self.directory / "many", ranks=8)
        self.assertEqual(many.digest, one.digest)
        self.assertIn("2 ranks with nothing to do: more ranks than gateways and nodes", many.stderr)
        self.assertNotIn("nothing to do", one.stderr)

    def test_a_rank_that_cannot_write_ends_them_all(self):
        # Rank 1 alone may not write files beyond 64 blocks, as if its disk were full; it says so, and nobody is left
        # waiting. (Messages go by TCP: what Open MPI keeps in shared memory would count as a file.)
        wrapper = ["sh", "-c",
                   'if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then trap "" XFSZ; ulimit -f 64; fi; exec "$0" "$@"']
        outcome = start("regatta", "run", CONFIGS / "quickstart.yaml", "--set", "duration=2min", "--out",
                        self.directory / "out", "--quiet", ranks=2, mca={"btl": "tcp,self"}, wrapper=wrapper,
                        time_limit_s=60)
        self.assertEqual(outcome.code, 1, str(outcome))
        self.assertIn(f"rank 1: {self.directory}/out/rank-00001-000.h5: cannot write /requests: File too large\n",
                      outcome.stderr)
        self.assertEqual(outcome.stdout, "")


class Phold(ProgramTest):
    """The engine alone."""

    def check_phold(self, *arguments):
        runs = [self.succeed("phold", *arguments, "--json", ranks=count).json for count in RANKS]
        for count, run in zip(RANKS, runs):
            self.assertEqual((run["events"], run["digest"]), (runs[0]["events"], runs[0]["digest"]), f"{count} ranks")
            self.assertEqual(run["ranks"], count)
        self.assertGreater(runs[0]["events"], 1000)

    def test_mostly_local(self):
        self.check_phold("--lps", 64, "--population", 4, "--remote", 0.1, "--lookahead", 0.2, "--end", 50)

    def test_mostly_remote(self):
        self.check_phold("--lps", 37, "--population", 3, "--remote", 0.9, "--lookahead", 0.5, "--end", 50, "--seed", 5)

    def test_fewer_processes_than_ranks(self):
        self.check_phold("--lps", 3, "--population", 20, "--remote", 0.5, "--lookahead", 0.5, "--end", 50)


if __name__ == "__main__":
    unittest.main()
