"""Every mistake a user can make through the programs: its exact text, its exit code, and that nothing is written.

The tables are meant to be read aloud. A text that reads badly there is a bug. Each case runs in a directory of its own,
alone (class Alone) or under mpirun -n 2 (class OnTwoRanks), where it must be said once and end both ranks.

python3 errors.py [-v] [Alone] [OnTwoRanks] [Post]
"""

import gzip
import os
import re
import shutil
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from programs import ProgramTest, known, start

FLEET = """\
duration: 2s
fleet:
  pools:
    - name: chat
      model: llama-3.1-8b
      nodes: 1
      node: {gpu: h100-sxm, gpus: 8}
      parallel: {tp: 1}
workload:
  streams:
    - arrivals: {process: poisson, rate: 20/s}
      lengths: {prompt: {fixed: 100}, output: {fixed: 10}}
"""

TRACE_FLEET = FLEET[:FLEET.index("  streams")] + "  trace: trace.csv\n"


# What is changed in fleet.yaml, and what is said about it.
SCENARIO_MISTAKES = [
    ("model: llama-3.1-8b", "model: 'llama-3.1-8b",
     ["fleet.yaml:5:14: fleet.pools[0].model: the quote is not closed"]),
    ("nodes: 1\n", "nodes: 1\n\t\n     - 3\n",
     ["fleet.yaml:7:1: a tab in the indentation; indent with spaces"]),
    ("nodes: 1", "nods: 1",
     ['fleet.yaml:6:7: fleet.pools[0].nods: no such key; did you mean "nodes"?']),
    ("nodes: 1", "nodes: 1\n      nodes: 2",
     ["fleet.yaml:7:7: fleet.pools[0].nodes: given twice; first in line 6"]),
    ("nodes: 1", "nodes: eight",
     ['fleet.yaml:6:14: fleet.pools[0].nodes: expected a whole number, found "eight"']),
    ("nodes: 1", "nodes: 0",
     ['fleet.yaml:6:14: fleet.pools[0].nodes: 0 nodes, and fleet.timeline adds none; expected at least 1']),
    ("nodes: 1", "nodes: [1, 2]",
     ["fleet.yaml:6:14: fleet.pools[0].nodes: expected a whole number from 0 to 1000000, found a list"]),
    ("duration: 2s", "duration: 2",
     ['fleet.yaml:1:11: duration: expected a duration with a unit (ns, us, ms, s, min, h, d), found "2"']),
    ("duration: 2s", "duration: 2parsec",
     ['fleet.yaml:1:11: duration: expected a duration with a unit (ns, us, ms, s, min, h, d), found "2parsec"']),
    ("rate: 20/s", "rate: 20",
     ['fleet.yaml:11:42: workload.streams[0].arrivals.rate: expected a rate with a unit (/s, /min, /h, /d), found "20"']),
    ("      model: llama-3.1-8b\n", "", ["fleet.yaml:4:7: fleet.pools[0].model: missing; expected a name"]),
    ("model: llama-3.1-8b", "model: llama-3.1-7b",
     [f'fleet.yaml:5:14: fleet.pools[0].model: no model "llama-3.1-7b" in the catalogue; `regatta catalog models` lists '
      f'all {known("models")}; did you mean "llama-3.1-8b"?']),
    ("gpu: h100-sxm", "gpu: h100",
     ['fleet.yaml:7:19: fleet.pools[0].node.gpu: no GPU "h100" in the catalogue; similar: h100-sxm, h100-pcie, '
      f'h100-nvl; `regatta catalog hardware` lists all {known("gpus")}']),
    ("node: {gpu: h100-sxm, gpus: 8}", "node: dgx-h10",
     ['fleet.yaml:7:13: fleet.pools[0].node: no node type "dgx-h10" in the catalogue; similar: dgx-h100; `regatta '
      f'catalog nodes` lists all {known("nodes")}; did you mean "dgx-h100"?']),
    ("gpu: h100-sxm, gpus: 8}", "gpu: t4, gpus: 4}",
     ["fleet.yaml:4:7: fleet.pools[0].weights: t4 does not compute in bf16; allowed: fp16, int8, int4"]),
    ("nodes: 1\n", "nodes: 1\n      activations: fp8\n",
     ["fleet.yaml:7:20: fleet.pools[0].activations: activations in fp8 cannot be multiplied with weights in bf16; allowed "
      "weights: fp8, int4"]),
    ("parallel: {tp: 1}", "timing: roofllne",
     ['fleet.yaml:8:15: fleet.pools[0].timing: expected one of: roofline, linear, profile, scratchpad, found "roofllne"; '
      'did you mean "roofline"?']),
    ("parallel: {tp: 1}", "scheduler: {policy: vllm_v1, chunk_token: 5}",
     ['fleet.yaml:8:36: fleet.pools[0].scheduler.chunk_token: no such key; did you mean "chunk_tokens"?']),
    ("parallel: {tp: 1}", "scheduler: {policy: vllm_v1, chunk_tokens: 64}",
     ["fleet.yaml:8:50: fleet.pools[0].scheduler.chunk_tokens: 64 is less than max_running; expected at least 256"]),
    ("parallel: {tp: 1}", "scheduler: {order: fifo, max_waiting: 0s}",
     ['fleet.yaml:8:26: fleet.pools[0].scheduler.order: expected one of: fcfs, priority, shortest_first, found "fifo"',
      'fleet.yaml:8:45: fleet.pools[0].scheduler.max_waiting: expected a duration of at least 1ns, found "0s"']),
    ("parallel: {tp: 1}", "scheduler: {class_limits: {stream-1: 8}}",
     ['fleet.yaml:8:33: fleet.pools[0].scheduler.class_limits: no stream has the class "stream-1"; allowed: stream-0; did '
      'you mean "stream-0"?']),
    ("parallel: {tp: 1}", "scheduler: {class_limits: {stream-0: none}}",
     ["fleet.yaml:8:33: fleet.pools[0].scheduler.class_limits: stream-0: expected a whole number, found \"none\""]),
    ("duration: 2s", "output: {series: none, series_by: node, steps: {from: 2s, to: 1s}}\nduration: 2s",
     ["fleet.yaml:1:35: output.series_by: node needs a series; none is sampled",
      "fleet.yaml:1:63: output.steps.to: 1s is not after output.steps.from, 2s"]),
    ("duration: 2s", "output: {steps: {replcas: 2}}\nduration: 2s",
     ['fleet.yaml:1:18: output.steps.replcas: no such key; did you mean "replicas"?']),
    ("    - arrivals: {process", "    - timeout: 30\n      arrivals: {process",
     ['fleet.yaml:11:16: workload.streams[0].timeout: expected a duration with a unit (ns, us, ms, s, min, h, d), found "30"']),
    ("    - arrivals: {process", "    - timeout: 0s\n      arrivals: {process",
     ['fleet.yaml:11:16: workload.streams[0].timeout: expected a duration of at least 1ns, found "0s"']),
    ("  streams:", "  timeout: 30s\n  streams:",
     ["fleet.yaml:10:12: workload.timeout: applies to a trace only; say it in each stream"]),
    ("process: poisson", "process: poison",
     ['fleet.yaml:11:27: workload.streams[0].arrivals.process: expected one of: poisson, gamma, constant, '
      'truncated_poisson, all_at_once, found "poison"; did you mean "poisson"?']),
    ("tp: 1", "tp: 3",
     ["fleet.yaml:8:22: fleet.pools[0].parallel.tp: 3 GPUs per replica do not divide the 8 of a node; allowed: 1, 2, 4, 8"]),
    ("tp: 1", "tp: 16",
     ["fleet.yaml:8:22: fleet.pools[0].parallel.tp: 16 GPUs per replica, but a node has 8; allowed: 1, 2, 4, 8"]),
    ("model: llama-3.1-8b", "model: llama-3.1-70b",
     ["fleet.yaml:5:14: fleet.pools[0].model: llama-3.1-70b does not fit: each GPU needs 131.4 GiB for weights and "
      "1.3 GiB for activations, and may use 71.6 GiB: 61.1 GiB too little; raise parallel.tp, or store smaller "
      "weights"]),
    ("model: llama-3.1-8b\n      nodes: 1", "modl: llama-3.1-8b\n      nodes: x",
     ["fleet.yaml:4:7: fleet.pools[0].model: missing; expected a name",
      'fleet.yaml:5:7: fleet.pools[0].modl: no such key; did you mean "model"?',
      'fleet.yaml:6:14: fleet.pools[0].nodes: expected a whole number, found "x"']),
    (FLEET, "", ["fleet.yaml: the file is empty; a scenario has at least fleet and workload"]),
    ("  streams:\n    - arrivals: {process: poisson, rate: 20/s}\n"
     "      lengths: {prompt: {fixed: 100}, output: {fixed: 10}}\n", "  rate_scale: 1\n",
     ["fleet.yaml:10:3: workload: no traffic; give a trace by --set workload.trace=PATH, or streams"]),
]

COMMANDS = "run or validate or workload or profile or roofline or catalog or import or reference"
# Arguments of regatta, what is said, and the exit code. fleet.yaml and trace.yaml are right; results/ holds those of another run.
ARGUMENT_MISTAKES = [
    ([], [f"regatta: no command given; expected {COMMANDS}"], 2),
    (["rnu", "fleet.yaml"], [f'regatta: no command "rnu"; expected {COMMANDS}; did you mean "run"?'], 2),
    (["--fast"], ['regatta: "--fast" is not understood; see regatta --help'], 2),
    (["run"], ["regatta run: SCENARIO is missing; see regatta run --help"], 2),
    (["run", "fleet.yaml", "--otu", "out"],
     ['regatta run: no option "--otu"; did you mean "--out"?', 'regatta run: "out" is one argument too many'], 2),
    (["run", "fleet.yaml", "other.yaml"], ['regatta run: "other.yaml" is one argument too many'], 2),
    (["run", "fleet.yaml", "--out"], ["regatta run: --out needs a value; see regatta run --help"], 2),
    (["run", "fleet.yaml", "--set"], ["regatta run: --set needs a value; see regatta run --help"], 2),
    (["run", "fleet.yaml", "--out", "--quiet"],
     ['regatta run: --out: expected a value, found the option "--quiet"; see regatta run --help'], 2),
    (["run", "fleet.yaml", "--out", "a", "--out", "b"],
     ["regatta run: --out was given more than once; see regatta run --help"], 2),
    (["run", "fleet.yaml", "--limit", "many"],
     ['regatta run: --limit: expected a whole number of at least 1, found "many"; see regatta run --help'], 2),
    (["run", "fleet.yaml", "--seed", "-3"],
     ['regatta run: --seed: expected a whole number of at least 0, found "-3"; see regatta run --help'], 2),
    (["validate"], ["regatta validate: SCENARIO is missing; see regatta validate --help"], 2),
    (["workload"], ["regatta workload: SCENARIO is missing; see regatta workload --help"], 2),
    (["workload", "fleet.yaml", "--every", "often"],
     ["regatta workload: --every: expected a duration with a unit (ns, us, ms, s, min, h, d), found \"often\"; see regatta "
      "workload --help"], 2),
    (["workload", "fleet.yaml", "--every", "0s"],
     ['regatta workload: --every: expected a duration above 0, found "0s"; see regatta workload --help'], 2),
    (["workload", "fleet.yaml", "--every", "1us"],
     [re.compile(r"a request arrives after \S+ s: more than 100000 stretches of 1e-06 s; expected longer ones \(--every\)")],
     2),
    (["workload", "fleet.yaml", "--csv", "nowhere/requests.csv"],
     ["nowhere/requests.csv: cannot be written: No such file or directory"], 1),
    (["catalog", "modles"],
     ['regatta catalog: no kind "modles"; expected one of: hardware, models, nodes, links, schedulers, routers, '
      'admission, autoscalers, reprovisioners, timing, arrivals, lengths, all; did you mean "models"?'], 2),
    (["catalog", "models", "qwen3-14"], ['regatta catalog: no model "qwen3-14"; did you mean "qwen3-14b"?'], 2),
    (["run", "nowhere.yaml", "--quiet"],
     ["nowhere.yaml: cannot be read: no such file", "1 error in nowhere.yaml; nothing was run."], 2),
    (["run", "results", "--quiet"],
     ["results: cannot be read: it is a directory", "1 error in results; nothing was run."], 2),
    (["run", "fleet.yaml", "--quiet", "--set", "gateways"],
     ["--set #1 (gateways): expected path=value, such as gateways.count=2 or fleet.pools[0].nodes=4",
      "1 error in fleet.yaml; nothing was run."], 2),
    (["run", "fleet.yaml", "--quiet", "--set", "gateways.cuont=2", "--set", "fleet.pools[2].nodes=2"],
     ['--set #1 (gateways.cuont=2): gateways.cuont: no such key; did you mean "count"?',
      "--set #2 (fleet.pools[2].nodes=2): fleet.pools[2]: no such element; allowed: 0 to 0",
      "2 errors in fleet.yaml; nothing was run."], 2),
    (["run", "fleet.yaml", "--quiet", "--set", "duration=5parsec"],
     ["--set #1 (duration=5parsec): duration: expected a duration with a unit (ns, us, ms, s, min, h, d), found "
      '"5parsec"', "1 error in fleet.yaml; nothing was run."], 2),
    (["run", "fleet.yaml", "--quiet", "--set", "workload.trace=nowhere.csv"],
     ["--set #1 (workload.trace=nowhere.csv): workload.trace: a trace and streams exclude each other; expected one of "
      "them", "1 error in fleet.yaml; nothing was run."], 2),
    (["run", "trace.yaml", "--quiet", "--set", "workload.trace=nowhere.csv"],
     ['--set #1 (workload.trace=nowhere.csv): workload.trace: cannot read "nowhere.csv": no such file',
      "1 error in trace.yaml; nothing was run."], 2),
    (["run", "fleet.yaml", "--quiet", "--out", "results"],
     ["results: already holds results (rank-00000-000.h5); give another directory or remove them"], 2),
    (["run", "fleet.yaml", "--quiet", "--out", "fleet.yaml"], ["fleet.yaml: cannot be made: Not a directory"], 1),
    (["run", "fleet.yaml", "--quiet", "--out", "fleet.yaml/out"], ["fleet.yaml/out: cannot be made: Not a directory"], 1),
    (["run", "fleet.yaml", "--quiet", "--out", "/proc/out"], ["/proc/out: cannot be made: No such file or directory"], 1),
]

HEADER = "arrival_s,input_tokens,output_tokens\n"
# Contents of trace.csv and what is said.
TRACE_MISTAKES = [
    (HEADER + "0.5,10,20\n0.6,abc,20\n",
     'trace.csv:3: input_tokens: expected a whole number from 1 to 100000000, found "abc"'),
    (HEADER + "0.5,10,20\n\n0.6,10,0\n",
     'trace.csv:4: output_tokens: expected a whole number from 1 to 100000000, found "0"'),
    (HEADER + "soon,10,20\n", 'trace.csv:2: arrival_s: expected a time stamp, or seconds from 0 to 2000000000, found "soon"'),
    (HEADER + "0.5,10,20\n0.4,10,20\n",
     'trace.csv:3: arrival_s: "0.4" is 0.1 s before the line above; expected arrivals in order of time'),
    (HEADER + "0.5,10\n", "trace.csv:2: expected 3 fields as in the header, found 2"),
    (HEADER, "trace.csv: the file has a header and no requests"),
    ("when,in,out\n0.5,10,20\n",
     "trace.csv:1: unknown columns: when,in,out; expected arrived_at,num_prefill_tokens,num_decode_tokens or "
     "TIMESTAMP,ContextTokens,GeneratedTokens or arrival_s,input_tokens,output_tokens, or their names in "
     "workload.columns"),
    ('{"timestamp": 5, "input_length": 10, "output_length": 20, "hash_ids": [1]}\n{"timestamp": 6, "input_length": 10}\n',
     "trace.csv:2: output_length: expected a whole number from 1 to 100000000, found nothing"),
    (gzip.compress((HEADER + "0.5,10,20\n" * 100).encode(), mtime=0)[:60],
     "trace.csv: the gzip data are damaged or end early"),
]


# Arguments of regatta-post where good/ and run.h5 hold results, and what is said.
POST_ARGUMENT_MISTAKES = [
    ([], "regatta-post: no command given; expected merge or stats or checkpoint or report or diff or requests or trace or export or roofline or reference"),
    (["mrge", "good"],
     'regatta-post: no command "mrge"; expected merge or stats or checkpoint or report or diff or requests or trace or export or roofline or reference; did you '
     'mean "merge"?'),
    (["merge"], "regatta-post merge: DIR is missing; see regatta-post merge --help"),
    (["stats"], "regatta-post stats: RESULTS is missing; see regatta-post stats --help"),
    (["merge", "good", "-o"], "regatta-post merge: --output needs a value; see regatta-post merge --help"),
    (["stats", "run.h5", "--jsn"], 'regatta-post stats: no option "--jsn"; did you mean "--json"?'),
    (["stats", "run.h5", "good"], 'regatta-post stats: "good" is one argument too many'),
    (["requests"], "regatta-post requests: RESULTS is missing; see regatta-post requests --help"),
    (["requests", "run.h5", "--stream", "stream-O"],
     '--stream: the run has no stream stream-O; it has stream-0; did you mean "stream-0"?'),
    (["trace", "run.h5", "--pool", "decode"], "--pool: the run has no pool decode; it has chat"),
    (["export"], "regatta-post export: FORM is missing; see regatta-post export --help"),
    (["export", "vidur"], "regatta-post export: RESULTS is missing; see regatta-post export --help"),
    (["export", "vidur", "run.h5"], "regatta-post export: --output is missing; see regatta-post export --help"),
    (["export", "vidur", "run.h5", "-o", ""],
     "regatta-post export: --output is missing; see regatta-post export --help"),
    (["export", "vidur", "run.h5", "-o", "good"], "good: is there already; name an empty or a new directory"),
    (["merge", "nowhere"], "nowhere: no such file or directory"),
    (["stats", "nowhere"], "nowhere: no such file or directory"),
]
POST_OUTPUT_MISTAKES = [
    (["merge", "good", "-o", "fleet.yaml/run.h5"], "fleet.yaml/run.h5: cannot be written: Not a directory"),
    (["requests", "good", "-o", "fleet.yaml/x.csv"], "fleet.yaml/x.csv: cannot be written: Not a directory"),
    (["export", "vidur", "good", "-o", "fleet.yaml/x"], "fleet.yaml/x: cannot be written: Not a directory"),
    (["merge", "good", "-o", "good"], "good: cannot be written: Is a directory"),
    (["merge", "good", "-o", "/proc/run.h5"], "/proc/run.h5: cannot be written: No such file or directory"),
]
# Directories of results whose second of two files was damaged, and what is said.
DAMAGED_RESULTS = [
    ("empty", "empty: holds no rank files (rank-00000-000.h5, ...)"),
    ("short", "short/rank-00001-000.h5: is cut short or damaged"),
    ("text", "text/rank-00001-000.h5: is not an HDF5 file"),
    ("missing", "missing/rank-00001-000.h5: is missing; the run had 2 ranks"),
    ("foreign", "foreign/rank-00001-000.h5: belongs to another run than foreign/rank-00000-000.h5"),
    ("additional", "additional/rank-00002-000.h5: does not belong to the run of 2 ranks in this directory"),
]


@dataclass
class Mistake:
    """A call that is wrong: what lies in the directory, what is said, and how it ends."""

    files: dict  # name: text or bytes
    program: str
    arguments: list
    lines: list
    code: int = 2


def scenario_mistakes():
    for old, new, lines in SCENARIO_MISTAKES:
        assert FLEET.count(old) == 1, old
        closing = f"{len(lines)} error{'s' if len(lines) > 1 else ''} in fleet.yaml; nothing was run."
        yield Mistake({"fleet.yaml": FLEET.replace(old, new)}, "regatta",
                      ["run", "fleet.yaml", "--out", "out", "--quiet"], [*lines, closing])


def argument_mistakes():
    files = {"fleet.yaml": FLEET, "trace.yaml": TRACE_FLEET, "results/rank-00000-000.h5": "of another run"}
    for arguments, lines, code in ARGUMENT_MISTAKES:
        yield Mistake(files, "regatta", arguments, lines, code)


def trace_mistakes():
    for content, line in TRACE_MISTAKES:
        yield Mistake({"fleet.yaml": TRACE_FLEET, "trace.csv": content}, "regatta",
                      ["run", "fleet.yaml", "--out", "out", "--quiet"],
                      [line, "1 error in fleet.yaml; nothing was run."])


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() if path.is_file() else None
            for path in directory.rglob("*")}


def without_launcher(stderr):
    """What the program said: mpirun frames by lines of dashes what it adds about exit codes."""
    return re.sub(r"^-{60,}\n.*?^-{60,}\n", "", stderr, flags=re.DOTALL | re.MULTILINE)


class Mistakes(ProgramTest):
    """Makes mistakes, several at a time, and compares everything that can be seen."""

    ranks = None

    def make(self, number, mistake):
        """The outcome, and what lay in the directory before and after."""
        directory = self.directory / str(number)
        directory.mkdir()
        for name, content in mistake.files.items():
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = contents(directory)
        outcome = start(mistake.program, *mistake.arguments, ranks=self.ranks, cwd=directory, time_limit_s=20)
        return outcome, before, contents(directory)

    def check(self, mistakes):
        mistakes = list(mistakes)
        # mpirun spends most of its time asleep.
        with ThreadPoolExecutor(max_workers=8) as pool:
            results = list(pool.map(self.make, range(len(mistakes)), mistakes))
        for mistake, (outcome, before, after) in zip(mistakes, results):
            with self.subTest(command=" ".join([mistake.program, *mistake.arguments]), expected=mistake.lines):
                said = [line for line in without_launcher(outcome.stderr).splitlines() if line]
                self.assertEqual(len(said), len(mistake.lines), said)
                for line, expected in zip(said, mistake.lines):
                    if isinstance(expected, re.Pattern):
                        self.assertRegex(line, expected)
                    else:
                        self.assertEqual(line, expected)
                self.assertEqual(outcome.code, mistake.code, str(outcome))
                self.assertEqual(outcome.stdout, "")
                self.assertEqual(after, before, "something was written")


class Alone(Mistakes):
    """regatta as a single process."""

    def test_mistakes_in_a_scenario(self):
        self.check(scenario_mistakes())

    def test_mistakes_in_arguments(self):
        self.check(argument_mistakes())

    def test_mistakes_in_a_trace(self):
        self.check(trace_mistakes())

    @unittest.skipIf(os.geteuid() == 0, "root may read every file")
    def test_a_file_that_may_not_be_read(self):
        self.write("fleet.yaml", FLEET).chmod(0)
        outcome = start("regatta", "run", "fleet.yaml", "--quiet", ranks=self.ranks, cwd=self.directory)
        self.assertEqual((outcome.code, outcome.stdout), (1, ""))
        self.assertIn("fleet.yaml: cannot be read: Permission denied\n", outcome.stderr)

    def test_validate_says_the_same_as_run(self):
        self.check(Mistake(mistake.files, "regatta", ["validate", "fleet.yaml"], mistake.lines)
                   for mistake in scenario_mistakes())


class OnTwoRanks(Alone):
    """The same under mpirun: said once, and both ranks end."""

    ranks = 2


class Post(Mistakes):
    """regatta-post, which runs alone."""

    def setUp(self):
        super().setUp()
        self.write("fleet.yaml", FLEET)
        self.succeed("regatta", "run", "fleet.yaml", "--quiet", "--out", "good", ranks=2, cwd=self.directory)
        self.succeed("regatta", "run", "fleet.yaml", "--quiet", "--seed", 2, "--out", "other", cwd=self.directory)
        self.succeed("regatta-post", "merge", "good", "-o", "run.h5", cwd=self.directory)

    def check_post(self, cases, code):
        """`cases` are arguments and what is said, in the directory of the results."""
        for arguments, line in cases:
            with self.subTest(command=" ".join(["regatta-post", *arguments])):
                before = contents(self.directory)
                outcome = start("regatta-post", *arguments, cwd=self.directory, time_limit_s=20)
                self.assertEqual((outcome.stderr, outcome.stdout, outcome.code), (line + "\n", "", code))
                self.assertEqual(contents(self.directory), before, "something was written")

    def damaged(self, name, damage):
        """A copy of the good results on which `damage` was done to the second rank's file."""
        shutil.copytree(self.directory / "good", self.directory / name)
        damage(self.directory / name / "rank-00001-000.h5")

    def test_arguments(self):
        self.check_post(POST_ARGUMENT_MISTAKES, 2)

    def test_places_that_cannot_be_written(self):
        self.check_post(POST_OUTPUT_MISTAKES, 1)

    def test_results_that_are_not_whole(self):
        (self.directory / "empty").mkdir()
        self.damaged("short", lambda file: file.write_bytes(file.read_bytes()[:20_000]))
        self.damaged("text", lambda file: file.write_text("hello\n"))
        self.damaged("missing", lambda file: file.unlink())
        self.damaged("foreign", lambda file: shutil.copy(self.directory / "other/rank-00000-000.h5", file))
        self.damaged("additional", lambda file: shutil.copy(file, file.with_name("rank-00002-000.h5")))
        self.check_post([(["merge", name], line) for name, line in DAMAGED_RESULTS], 1)
        self.check_post([(["stats", name], line) for name, line in DAMAGED_RESULTS], 1)
        self.check_post([(["stats", "fleet.yaml"], "fleet.yaml: is not an HDF5 file"),
                         (["merge", "fleet.yaml"], "fleet.yaml: cannot be read: Not a directory")], 1)


if __name__ == "__main__":
    unittest.main()
