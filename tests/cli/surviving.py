"""Runs that are stopped, killed, or run out of disk: what is said, what is left, and what goes on from it.

Environment: REGATTA_BYTE_COUNTS (default 6) is at how many sizes of files the disk is full.

python3 surviving.py [-v] [Class.test_...]
"""

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from programs import BIN, CONFIGS, TIME_FACTOR, TIME_LIMIT_S, ProgramTest, _environment, start

QUICKSTART = CONFIGS / "quickstart.yaml"
BYTE_COUNTS = int(os.environ.get("REGATTA_BYTE_COUNTS", "6"))
MOST_SECONDS_TO_END = 10 * TIME_FACTOR


def rank_pids(parent):
    """The ranks that a mpirun has started, by rank."""
    ranks = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() != "regatta":
                continue
            words = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        of = dict(word.split(b"=", 1) for word in words if b"=" in word)
        if of.get(b"OMPI_MCA_orte_ess_node_rank") is None or int(process.name) not in descendants(parent):
            continue
        ranks[int(of[b"OMPI_COMM_WORLD_RANK"])] = int(process.name)
    return ranks


def descendants(pid):
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = set(map(int, (task / "children").read_text().split()))
        except OSError:
            continue
        for child in children:
            found |= {child} | descendants(child)
    return found


class Surviving(ProgramTest):
    def launch(self, *arguments, ranks=None):
        command = [str(BIN / "regatta"), *map(str, arguments), "--quiet"]
        if ranks:
            command = ["mpirun", "--oversubscribe", "--mca", "mpi_yield_when_idle", "1", "-n", str(ranks), *command]
        process = subprocess.Popen(command, env=_environment(str(self.directory)), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def wait_for(self, condition, what):
        until = time.monotonic() + 60 * TIME_FACTOR
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.02)

    def ended(self, process):
        stdout, stderr = process.communicate(timeout=TIME_LIMIT_S)
        return process.returncode, stdout, stderr

    def checkpoints(self, directory):
        return sorted(path.parent.name for path in directory.glob("checkpoint-*/checksums.xxh128"))

    def long_run(self, out, *more, ranks=None):
        """Hours of simulated time, with a checkpoint each minute."""
        process = self.launch("run", QUICKSTART, "--set", "duration=20h", "--checkpoint-every", "60s", "--out", out,
                              *more, ranks=ranks)
        self.wait_for(lambda: self.checkpoints(out) or process.poll() is not None, "there is no checkpoint")
        self.assertIsNone(process.poll())
        return process


class Signals(Surviving):
    def test_usr1_makes_a_checkpoint_and_the_run_goes_on(self):
        out = self.directory / "out"
        process = self.launch("run", QUICKSTART, "--set", "duration=20h", "--out", out)
        self.wait_for(lambda: list(out.glob(".rank-*")), "no file is begun")
        time.sleep(1)
        process.send_signal(signal.SIGUSR1)
        self.wait_for(lambda: self.checkpoints(out) == ["checkpoint-000"], "no checkpoint after SIGUSR1")
        self.assertIsNone(process.poll(), "the run has ended")
        process.send_signal(signal.SIGTERM)
        code, stdout, stderr = self.ended(process)
        self.assertEqual((code, stderr), (3, ""))
        self.assertEqual(self.checkpoints(out), ["checkpoint-000", "checkpoint-001"])
        self.assertTrue(stdout.startswith("STOPPED    at "), stdout)

    def test_term_and_int_stop_with_results_that_say_so_and_a_run_that_goes_on(self):
        settings = ("--set", "duration=2h", "--set", "gateways.reports={kind: every, period: 100ms}")
        whole = self.succeed("regatta", "run", QUICKSTART, *settings, "--quiet", "--out", self.directory / "whole")
        for kind in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(kind.name):
                out = self.directory / kind.name
                process = self.launch("run", QUICKSTART, *settings, "--out", out)
                self.wait_for(lambda: list(out.glob(".rank-*")), "no file is begun")
                time.sleep(0.1)
                process.send_signal(kind)
                code, stdout, _ = self.ended(process)
                self.assertEqual(code, 3, stdout)
                stats = self.succeed("regatta-post", "stats", out, "--json").json
                self.assertGreater(stats["stopped_at_s"], 0)
                self.assertEqual(stats["end_s"], stats["stopped_at_s"])
                self.succeed("regatta-post", "merge", out, "-o", self.directory / "run.h5")
                self.assertIn("STOPPED", self.succeed("regatta-post", "stats", self.directory / "run.h5").stdout)
                report = self.directory / "report.html"
                self.succeed("regatta-post", "report", out, "-o", report)
                self.assertIn("The run was stopped at", report.read_text())
                again = self.succeed("regatta", "run", "--resume", out, "--quiet", ranks=2)
                self.assertEqual(again.digest, whole.digest)
                self.assertNotIn("STOPPED", again.stdout)

    def test_a_second_term_stops_at_once(self):
        out = self.directory / "out"
        process = self.long_run(out)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        code, _, _ = self.ended(process)
        self.assertIn(code, (-signal.SIGTERM, 3))


class Refusals(Surviving):
    def stopped(self):
        out = self.directory / "stopped"
        process = self.launch("run", QUICKSTART, "--set", "duration=20h", "--out", out)
        self.wait_for(lambda: list(out.glob(".rank-*")), "no file is begun")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(process)[0], 3)
        return out

    def refused(self, *arguments, ranks=None):
        outcome = start("regatta", "run", *arguments, "--quiet", ranks=ranks)
        self.assertEqual((outcome.code, outcome.stdout), (2, ""), str(outcome))
        return outcome.stderr

    def test_what_is_no_checkpoint(self):
        empty = self.directory / "empty"
        empty.mkdir()
        self.assertEqual(self.refused("--resume", empty),
                         f"--resume {empty}: holds no checkpoint (checkpoint-000, ...); regatta run --checkpoint-every "
                         "makes them\n")
        nowhere = self.directory / "nowhere"
        self.assertEqual(self.refused("--resume", nowhere),
                         f"--resume {nowhere}: is not a directory of results, or a checkpoint in one\n")

    def test_options_that_exclude_each_other(self):
        self.assertEqual(self.refused("--resume", "x", "--out", "y"),
                         "regatta run: --resume goes on in its own directory; --out is for what goes another way from "
                         "there, with --set\n")
        self.assertEqual(self.refused(QUICKSTART, "--seeds", "2", "--checkpoint-every", "1s"),
                         "regatta run: --seeds makes no checkpoints, and goes on from none\n")
        self.assertEqual(self.refused(), "regatta run: SCENARIO is missing; see regatta run --help\n")

    def test_a_damaged_file_is_named(self):
        out = self.stopped()
        for name in ("rank-00000.state", "rank-00000.sums", "manifest.json", "scenario.files", "checksums.xxh128"):
            with self.subTest(name):
                path = out / "checkpoint-000" / name
                good = path.read_bytes()
                path.write_bytes(good[:50] + bytes([good[50] ^ 1]) + good[51:])
                said = self.refused("--resume", out)
                self.assertIn("damaged", said)
                self.assertIn(f"{out}/checkpoint-000/", said)
                self.assertEqual(said.count("\n"), 1, said)
                path.write_bytes(good[:-3])
                self.assertIn("damaged", self.refused("--resume", out))
                path.unlink()
                self.assertIn(name if name != "checksums.xxh128" else "holds no checkpoint",
                              self.refused("--resume", out))
                path.write_bytes(good)

    def test_a_rank_file_that_is_missing(self):
        out = self.stopped()
        (out / "rank-00000-000.h5").unlink()
        self.assertEqual(self.refused("--resume", out),
                         f"{out}/rank-00000-000.h5: is missing, and belongs to {out}/checkpoint-000\n")

    def test_another_scenario_with_what_differs(self):
        out = self.stopped()
        said = self.refused(CONFIGS / "two-pools.yaml", "--resume", out)
        self.assertTrue(said.startswith(f"{out}/checkpoint-000: is of another scenario than {CONFIGS}/two-pools.yaml:\n"
                                        "  was: name: quickstart\n  is:  name: two-pools\n"), said)

    @unittest.skipIf(shutil.which("xxh128sum") is None, "xxh128sum (xxhash) is not installed")
    def test_another_version(self):
        out = self.stopped()
        checkpoint = out / "checkpoint-000"
        subprocess.run(["xxh128sum", "--quiet", "-c", "checksums.xxh128"], cwd=checkpoint, check=True)
        manifest = checkpoint / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"program": "regatta ', '"program": "regatta 9.'))
        lines = [line for line in (checkpoint / "checksums.xxh128").read_text().splitlines() if "manifest" not in line]
        lines += subprocess.run(["xxh128sum", "manifest.json"], cwd=checkpoint, check=True, capture_output=True,
                                text=True).stdout.splitlines()
        (checkpoint / "checksums.xxh128").write_text("\n".join(lines) + "\n")
        said = self.refused("--resume", out, ranks=2)
        self.assertRegex(said, rf"{checkpoint}: was written by regatta 9\..*; this is regatta .*, which may hold state "
                               "otherwise")

    def test_a_trace_that_has_changed(self):
        trace = self.write("trace.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n"
                           + "".join(f"{i / 10},{100 + i % 7},400\n" for i in range(40_000)))
        out = self.directory / "out"
        process = self.launch("run", QUICKSTART, "--set", f"workload={{trace: {trace}}}", "--set", "duration=none",
                              "--checkpoint-every", "10s", "--out", out)
        self.wait_for(lambda: self.checkpoints(out) or process.poll() is not None, "there is no checkpoint")
        process.kill()
        self.ended(process)
        trace.write_text(trace.read_text().replace(",400\n", ",401\n", 1))
        self.assertRegex(self.refused("--resume", out), rf"{trace}: is not what it was when {out}/checkpoint-\d+ was "
                         r"written: it had \d+ bytes and the checksum \w+, and has \d+ and \w+\n$")

    def test_a_run_that_has_ended_and_one_that_goes_on(self):
        out = self.directory / "out"
        self.succeed("regatta", "run", QUICKSTART, "--set", "duration=2min", "--checkpoint-every", "20s", "--quiet",
                     "--out", out)
        end = "the run has come to its end; what if it had gone another way, --set with --out tells"
        self.assertEqual(self.refused("--resume", out), f"{out}: {end}\n")
        process = self.long_run(other := self.directory / "other")
        self.assertEqual(self.refused("--resume", other), f"{other}: another regatta run is writing into it\n")
        process.kill()
        self.ended(process)


class Branches(Surviving):
    """What if it had gone another way from there."""

    SETTINGS = ("--set", "duration=4min", "--set", "gateways.reports={kind: every, period: 100ms}")

    def setUp(self):
        super().setUp()
        self.parent = self.directory / "parent"
        self.whole = self.succeed("regatta", "run", QUICKSTART, *self.SETTINGS, "--checkpoint-every", "50s", "--quiet",
                                  "--out", self.parent)
        self.from_here = self.parent / "checkpoint-002"

    def branch(self, name, *settings, ranks=None):
        words = [word for value in settings for word in ("--set", value)]
        return self.succeed("regatta", "run", "--resume", self.from_here, *words, "--quiet", "--out",
                            self.directory / name, ranks=ranks)

    def test_one_is_the_run_of_its_scenario_from_the_beginning(self):
        self.assertEqual(self.checkpoints(self.parent), ["checkpoint-002", "checkpoint-003"])
        branch = self.branch("branch", "workload.streams[0].arrivals.rate=90/s", "gateways.router=random", ranks=2)
        out = self.directory / "branch"
        manifest = json.loads((out / "checkpoint-003/manifest.json").read_text())
        self.assertEqual(manifest["parent"], str(self.from_here))
        scenario = self.write("scenario.yaml", manifest["scenario"]["resolved"])
        again = self.succeed("regatta", "run", scenario, "--quiet", "--out", self.directory / "again")
        self.assertEqual(branch.digest, again.digest)
        self.assertNotEqual(branch.digest, self.whole.digest)
        merged = self.succeed("regatta-post", "merge", out)
        self.assertEqual(merged.digest, branch.digest)
        self.assertEqual(self.succeed("regatta-post", "stats", out / "run.h5").digest, branch.digest)
        # And a branch of the branch.
        self.from_here = out / "checkpoint-003"
        second = self.branch("second", "workload.streams[0].arrivals.rate=10/s")
        manifest = json.loads((self.directory / "second/checkpoint-003/manifest.json").read_text())
        self.assertEqual(len(manifest["scenario"]["branches"]), 2)
        scenario = self.write("scenario.yaml", manifest["scenario"]["resolved"])
        again = self.succeed("regatta", "run", scenario, "--quiet", "--out", self.directory / "again-2", ranks=3)
        self.assertEqual(second.digest, again.digest)
        self.assertEqual(self.succeed("regatta-post", "stats", self.directory / "second").digest, second.digest)

    def test_one_that_changes_nothing_is_the_run_itself(self):
        self.from_here = f"{self.from_here}/"  # as shells complete it
        self.assertEqual(self.branch("same", "workload.streams[0].arrivals.rate=40/s").digest, self.whole.digest)

    def test_one_goes_on_after_it_was_killed(self):
        out = self.directory / "branch"
        process = self.launch("run", "--resume", self.from_here, "--set", "duration=20h", "--out", out)
        self.wait_for(lambda: len(list(out.glob("rank-*"))) > 3 and self.checkpoints(out), "no checkpoint of its own")
        process.kill()
        self.ended(process)
        process = self.launch("run", "--resume", out)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        code, stdout, stderr = self.ended(process)
        self.assertEqual(code, 3, stderr)
        self.assertIn("STOPPED", self.succeed("regatta-post", "stats", out).stdout)

    def test_what_cannot_change_is_refused(self):
        outcome = start("regatta", "run", "--resume", self.from_here, "--set", "fleet.pools[0].nodes=4", "--quiet",
                        "--out", self.directory / "no")
        self.assertEqual(outcome.code, 2)
        self.assertIn("fleet.pools[0].nodes", outcome.stderr)
        self.assertFalse((self.directory / "no").exists())


class World(Surviving):
    """Disks that are full, directories that vanish, ranks that die or fall silent."""

    def look_at_rest(self, out):
        """Nothing that is there by its name is anything but whole, and what can go on does so."""
        if not out.exists():
            return
        merged = start("regatta-post", "merge", "--partial", out, "-o", self.directory / "partial.h5")
        if merged.code == 0:
            self.assertNotIn("damaged", merged.stderr)
            self.assertNotIn("cut short", merged.stderr)
            self.assertNotIn("digest", merged.stderr.lower())
        else:
            self.assertIn("holds no whole rank files", merged.stderr)
        self.assertNotEqual(start("regatta-post", "stats", out).code, 0)

    def test_a_full_disk_is_said_in_one_line_and_leaves_nothing_half_written(self):
        settings = ["--set", "duration=10min", "--checkpoint-every", "60s"]
        whole = self.directory / "whole"
        digest = self.succeed("regatta", "run", QUICKSTART, *settings, "--quiet", "--out", whole).digest
        largest = max(path.stat().st_size for path in whole.rglob("*") if path.is_file())
        draw = random.Random(8)
        for count in sorted(draw.randrange(1, largest - 1) for _ in range(BYTE_COUNTS)):
            with self.subTest(bytes=count):
                out = self.directory / f"out-{count}"
                outcome = start("regatta", "run", QUICKSTART, *settings, "--quiet", "--out", out,
                                wrapper=("prlimit", f"--fsize={count}"))
                self.assertEqual((outcome.code, outcome.stdout), (1, ""), str(outcome))
                self.assertRegex(outcome.stderr, rf"^{out}/[^\n]*: cannot [^\n]*: File too large\n$")
                self.look_at_rest(out)
                if self.checkpoints(out):
                    self.assertEqual(self.succeed("regatta", "run", "--resume", out, "--quiet").digest, digest)

    def test_a_full_disk_on_two_ranks_ends_both(self):
        out = self.directory / "out"
        # Shared memory is made of files, too.
        outcome = start("regatta", "run", QUICKSTART, "--set", "duration=2min", "--quiet", "--out", out, ranks=2,
                        wrapper=("prlimit", "--fsize=100000"), mca={"btl": "self,tcp"})
        self.assertEqual(outcome.code, 1, str(outcome))
        self.assertIn("File too large", outcome.stderr)

    def test_a_directory_that_vanishes(self):
        out = self.directory / "out"
        process = self.long_run(out)
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)
        began = time.monotonic()
        code, stdout, stderr = self.ended(process)
        self.assertLess(time.monotonic() - began, MOST_SECONDS_TO_END)
        self.assertEqual((code, stdout), (1, ""), stderr)
        self.assertRegex(stderr, rf"^{out}[^\n]*No such file or directory\n$")

    def test_a_directory_in_which_nothing_can_be_made(self):
        file = self.write("file", "")
        outcome = start("regatta", "run", QUICKSTART, "--quiet", "--out", file / "out")
        self.assertEqual(outcome.code, 1)
        self.assertEqual(outcome.stderr, f"{file}/out: cannot be made: Not a directory\n")

    def test_a_rank_that_is_killed_ends_the_run(self):
        out = self.directory / "out"
        process = self.long_run(out, ranks=3)
        os.kill(rank_pids(process.pid)[1], signal.SIGKILL)
        began = time.monotonic()
        code, _, stderr = self.ended(process)
        self.assertLess(time.monotonic() - began, MOST_SECONDS_TO_END)
        self.assertNotEqual(code, 0)
        self.assertIn("killed", stderr.lower())
        refused = start("regatta-post", "merge", out)
        self.assertEqual(refused.code, 1)
        self.assertIn(f"regatta run --resume {out} goes on from checkpoint-", refused.stderr)
        partial = self.succeed("regatta-post", "merge", "--partial", out, "-o", self.directory / "partial.h5")
        self.assertIn("that is where its last checkpoint is", partial.stderr)
        stats = self.succeed("regatta-post", "stats", self.directory / "partial.h5", "--json").json
        self.assertEqual(len(stats["left_out"]), 1)
        self.assertGreater(stats["requests"]["finished"], 0)
        self.assertGreater(stats["fleet"]["step_time"]["count"], 0)

    def test_a_rank_that_falls_silent_ends_the_run_in_time(self):
        timeout_s = 5
        for silent in (0, 2):
            with self.subTest(rank=silent):
                process = self.long_run(self.directory / f"out-{silent}", "--stall-timeout", f"{timeout_s}s", ranks=3)
                pid = rank_pids(process.pid)[silent]
                os.kill(pid, signal.SIGSTOP)
                began = time.monotonic()
                waker = threading.Timer(60, os.kill, (pid, signal.SIGCONT))
                waker.start()
                code, _, stderr = self.ended(process)
                waker.cancel()
                # mpirun takes a while to end ranks that do not listen.
                self.assertLess(time.monotonic() - began, timeout_s + MOST_SECONDS_TO_END)
                self.assertEqual(code, 1, stderr)
                lines = [line for line in stderr.splitlines() if line.startswith("regatta: ")]
                self.assertEqual(lines, [f"regatta: rank {silent} has not answered for 4 s (--stall-timeout); "
                                         "the run ends here"], stderr)


if __name__ == "__main__":
    unittest.main()
