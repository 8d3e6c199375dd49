"""regatta-post merge as people meet it: partial and virtual merges, merges that are stopped, and what is left of them.

python3 merging.py [-v] [Merging.test_...]
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from programs import BIN, TIME_FACTOR, ProgramTest, start

FLEET = """
name: merging
duration: 5s
measure: {from: 0s}
fleet:
  pools: [{name: chat, model: llama-3.1-8b, nodes: 2, node: {gpu: h100-sxm, gpus: 8}, parallel: {tp: 2}}]
gateways: {count: 2}
network: {gateway_to_node: 2ms}
workload:
  streams:
    - {name: people, arrivals: {process: poisson, rate: 100/s}, lengths: {prompt: {fixed: 300}, output: {fixed: 30}}}
output: {series: 1s}
"""


class Merging(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.runs = Path(tempfile.mkdtemp(prefix="regatta-test-"))
        (cls.runs / "fleet.yaml").write_text(FLEET)
        for name, settings in (("good", ()), ("other", ("--seed", "2"))):
            outcome = start("regatta", "run", "fleet.yaml", "--out", name, "--quiet", *settings, ranks=2, cwd=cls.runs)
            assert outcome.code == 0, outcome

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.runs, ignore_errors=True)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.runs / "good", self.directory / "good")
        self.second = self.directory / "good/rank-00001-000.h5"

    def merge(self, *arguments):
        return start("regatta-post", "merge", "good", "-o", "run.h5", *arguments, cwd=self.directory)

    def check_partial(self, problem):
        before = sorted(path.name for path in self.directory.iterdir())
        refused = self.merge()
        self.assertEqual((refused.code, refused.stdout), (1, ""), refused)
        self.assertIn("good/rank-00001-000.h5: ", refused.stderr)
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), before)
        outcome = self.merge("--partial")
        self.assertEqual(outcome.code, 0, outcome)
        self.assertEqual(outcome.stderr, f"Left out   rank-00001-000.h5: {problem}\n")
        text = self.succeed("regatta-post", "stats", "run.h5", cwd=self.directory).stdout.splitlines()
        self.assertEqual(text[:2], ["PARTIAL    these figures are not of the whole run, and sums need not hold; left out "
                                    "of the merge were", f"  rank-00001-000.h5: {problem}"])
        summary = self.succeed("regatta-post", "stats", "run.h5", "--json", cwd=self.directory).json
        self.assertEqual(summary["left_out"], [f"rank-00001-000.h5: {problem}"])
        self.assertEqual(summary["digest"], outcome.digest)

    def test_a_missing_rank_is_refused_or_left_out(self):
        self.second.unlink()
        self.check_partial("is missing")

    def test_a_truncated_rank_is_refused_or_left_out(self):
        self.second.write_bytes(self.second.read_bytes()[:20_000])
        self.check_partial("is cut short or damaged")

    def test_a_foreign_rank_is_refused_or_left_out(self):
        shutil.copy(self.runs / "other/rank-00001-000.h5", self.second)
        self.check_partial("belongs to another run")

    def test_nothing_that_can_be_read_is_an_error(self):
        for path in (self.directory / "good").iterdir():
            path.write_text("hello\n")
        outcome = self.merge("--partial")
        self.assertEqual((outcome.code, outcome.stdout), (1, ""), outcome)
        self.assertEqual(outcome.stderr,
                         "good: none of its rank files can be read; rank-00000-000.h5 is not an HDF5 file\n")

    def test_forms_of_a_merge_say_the_same(self):
        said = []
        for options in ((), ("--packing", "deflate"), ("--packing", "none"), ("--virtual",)):
            self.assertEqual(self.merge(*options).code, 0)
            said.append([start("regatta-post", *command, cwd=self.directory).stdout for command in (
                ("stats", "run.h5"), ("stats", "run.h5", "--json"))])
            rows = self.succeed("regatta-post", "requests", "run.h5", cwd=self.directory).stdout
            said[-1].append(sorted(rows.splitlines()))
            self.succeed("regatta-post", "trace", "run.h5", "-o", "trace.json", cwd=self.directory)
        self.assertEqual(said[1:], said[:1] * 3)

    def test_a_virtual_file_without_its_rank_file_is_refused(self):
        self.assertEqual(self.merge("--virtual").code, 0)
        self.second.unlink()
        for command in ("stats", "requests", "trace"):
            outcome = start("regatta-post", command, "run.h5", cwd=self.directory)
            self.assertEqual((outcome.code, outcome.stdout), (1, ""), outcome)
            self.assertEqual(outcome.stderr, "good/rank-00001-000.h5: is missing; run.h5 shows its rows, for it was merged "
                                             "with --virtual\n")

    def test_packing_and_virtual_exclude_each_other(self):
        outcome = self.merge("--virtual", "--packing", "none")
        self.assertEqual((outcome.code, outcome.stderr), (2, "regatta-post merge: --virtual and --packing exclude each "
                                                             "other: a virtual merge copies no rows\n"))
        outcome = self.merge("--packing", "deflat")
        self.assertEqual((outcome.code, outcome.stderr), (2, "regatta-post merge: --packing: expected deflate or none, "
                                                             'found "deflat"; did you mean "deflate"?\n'))

    def test_a_stopped_merge_leaves_nothing_behind(self):
        # What opens a pipe that nobody reads waits, so that the signal comes while the temporary file is there.
        part = self.directory / ".run.h5.part"
        (self.directory / "run.h5").write_text("older")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number.name):
                os.mkfifo(part)
                until = time.monotonic() + 2 * TIME_FACTOR  # where the kernel does not tell what a process waits for
                process = subprocess.Popen([BIN / "regatta-post", "merge", "good", "-o", "run.h5"], cwd=self.directory,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           preexec_fn=lambda n=number: signal.signal(n, signal.SIG_DFL))
                while Path(f"/proc/{process.pid}/wchan").read_text() != "wait_for_partner" and time.monotonic() < until:
                    time.sleep(0.01)
                process.send_signal(number)
                stdout, stderr = process.communicate(timeout=20 * TIME_FACTOR)
                self.assertEqual((process.returncode, stdout, stderr), (-number, b"", b""))
                self.assertFalse(part.exists())
                self.assertEqual((self.directory / "run.h5").read_text(), "older")

    def test_what_a_killed_merge_left_is_replaced(self):
        part = self.directory / ".run.h5.part"
        part.write_bytes(b"x" * 1_000_000)
        self.assertEqual(self.merge().code, 0)
        self.assertFalse(part.exists())
        self.succeed("regatta-post", "stats", "run.h5", cwd=self.directory)


if __name__ == "__main__":
    unittest.main()
