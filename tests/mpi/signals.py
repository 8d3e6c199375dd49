"""What reaches the ranks when mpirun is signalled, and what comes of it: the facts that docs/guide/batch-systems.md and
the job scripts stand on. With Open MPI 4.1.

python3 signals.py [-v] [Signals.test_...]
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import BIN, CONFIGS, TIME_FACTOR, ProgramTest, _environment, start  # noqa: E402

SETTINGS = ["--set", "gateways.reports={kind: every, period: 100ms}", "--set", "duration=120min", "--quiet"]
STOPPED = 3
TIME_LIMIT_S = 60 * TIME_FACTOR
GONE_WITHIN_S = 5 * TIME_FACTOR


def children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*") for child in (task / "children").read_text().split()]


def is_ready(pid):
    """Whether it is a rank that has seen to what SIGUSR1 does, as it does before the first step."""
    try:
        if os.readlink(f"/proc/{pid}/exe") != str((BIN / "regatta").resolve()):
            return False
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16) >> (signal.SIGUSR1 - 1) & 1)


@unittest.skipIf(shutil.which("mpirun") is None, "no mpirun")
class Signals(ProgramTest):
    """Two ranks are held still (SIGSTOP) when they are under way, until the signal is sent: no machine is too fast."""

    def setUp(self):
        super().setUp()
        self.out = self.directory / "out"

    def launch(self, *options):
        self.mpirun = subprocess.Popen(
            ["mpirun", "--oversubscribe", "--mca", "mpi_yield_when_idle", "1", *options, "-n", "2", BIN / "regatta", "run",
             CONFIGS / "quickstart.yaml", *SETTINGS, "--out", self.out],
            env=_environment(str(self.directory)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        limit = time.monotonic() + 30 * TIME_FACTOR
        while sum(map(is_ready, children(self.mpirun.pid))) < 2:
            self.assertIsNone(self.mpirun.poll(), "ended before it began")
            self.assertLess(time.monotonic(), limit, "ranks are not under way")
            time.sleep(0.02)
        self.ranks = [pid for pid in children(self.mpirun.pid) if is_ready(pid)]
        time.sleep(0.3)
        self.signal_ranks(signal.SIGSTOP)

    def end(self):
        if self.mpirun.poll() is None:
            self.signal_ranks(signal.SIGKILL)
            self.mpirun.kill()
        self.mpirun.communicate()

    def signal_ranks(self, *numbers):
        for number in numbers:
            for rank in self.ranks:
                try:
                    os.kill(rank, number)
                except ProcessLookupError:
                    pass

    def wait(self):
        """Exit code of mpirun, what was said, and how long it took [s]."""
        begin = time.monotonic()
        stdout, stderr = self.mpirun.communicate(timeout=TIME_LIMIT_S)
        said = f"exit code {self.mpirun.returncode} after {time.monotonic() - begin:.1f} s\n{stdout}\n{stderr}"
        # mpirun may be gone a moment before those that it killed.
        deadline = time.monotonic() + GONE_WITHIN_S
        for rank in self.ranks:
            while Path(f"/proc/{rank}/exe").exists() and is_ready(rank):
                self.assertLess(time.monotonic(), deadline, f"a rank is left\n{said}")
                time.sleep(0.05)
        return self.mpirun.returncode, said, time.monotonic() - begin

    def checkpoints(self):
        return sorted(path.parent.name for path in self.out.glob("checkpoint-*/checksums.xxh128"))

    def digest(self, *arguments):
        return start("regatta", "run", *arguments, "--quiet").digest

    def test_sigusr1_is_passed_on_and_the_run_goes_on_to_the_same_answer(self):
        self.launch()
        self.mpirun.send_signal(signal.SIGUSR1)
        time.sleep(0.3)
        self.signal_ranks(signal.SIGCONT)
        limit = time.monotonic() + 20 * TIME_FACTOR
        while not self.checkpoints():  # a run that is done keeps none
            self.assertLess(time.monotonic(), limit, "no checkpoint")
            time.sleep(0.02)
        code, said, _ = self.wait()
        self.assertEqual(code, 0, said)
        self.assertIn("Forwarding signal 10 to job", said)
        whole = self.digest(CONFIGS / "quickstart.yaml", *SETTINGS[:-1], "--out", self.directory / "whole")
        self.assertIn(f"Digest {whole}", said)

    def test_sigterm_to_one_rank_stops_all_with_code_3(self):
        self.launch()
        os.kill(self.ranks[1], signal.SIGTERM)
        self.signal_ranks(signal.SIGCONT)
        code, said, _ = self.wait()
        self.assertEqual(code, STOPPED, said)
        self.check_can_be_read()

    def test_sigterm_to_each_rank_once_stops_all_with_code_3(self):
        self.launch()
        self.signal_ranks(signal.SIGTERM, signal.SIGCONT)
        code, said, _ = self.wait()
        self.assertEqual(code, STOPPED, said)
        self.check_can_be_read()

    def check_can_be_read(self):
        self.assertEqual(len(self.checkpoints()), 1)
        stats = start("regatta-post", "stats", self.out, "--json")
        self.assertEqual(stats.code, 0, stats)
        self.assertIsNotNone(stats.json["stopped_at_s"], stats)

    def end_mpirun(self, number, timeout_s, *options):
        """mpirun sends SIGCONT, waits `timeout_s`, sends SIGTERM, waits as long again and kills; its own code is 1."""
        self.launch(*options)
        self.mpirun.send_signal(number)
        code, said, took_s = self.wait()
        self.assertEqual(code, 1, said)
        self.assertGreater(took_s, timeout_s - 0.5, said)
        self.assertLess(took_s, 2 * timeout_s + 8, said)

    def test_mpirun_kills_ranks_two_seconds_after_its_own_sigterm(self):
        self.end_mpirun(signal.SIGTERM, 1)

    def test_mpirun_kills_ranks_two_seconds_after_its_own_sigint(self):
        self.end_mpirun(signal.SIGINT, 1)

    def test_a_longer_sigkill_timeout_also_delays_the_sigterm(self):
        self.end_mpirun(signal.SIGTERM, 3, "--mca", "odls_base_sigkill_timeout", "3")

    def test_sigkill_of_mpirun_leaves_no_rank_behind(self):
        self.launch()
        self.signal_ranks(signal.SIGCONT)
        self.mpirun.kill()
        self.mpirun.communicate()
        limit = time.monotonic() + 20 * TIME_FACTOR
        while any(map(is_ready, self.ranks)):
            self.assertLess(time.monotonic(), limit, "ranks outlive mpirun")
            time.sleep(0.1)
        self.assertEqual(self.checkpoints(), [])

    def test_sigusr2_stops_the_run_with_a_checkpoint(self):
        self.launch()
        self.mpirun.send_signal(signal.SIGUSR2)
        self.signal_ranks(signal.SIGCONT)
        code, said, _ = self.wait()
        self.assertEqual(code, STOPPED, said)
        self.assertEqual(len(self.checkpoints()), 1)


if __name__ == "__main__":
    unittest.main()
