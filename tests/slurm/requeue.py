#!/usr/bin/env python3
"""The job scripts of mpi_examples/slurm on a real Slurm: what they start gives the answer of a run without Slurm, and a
run that a time limit ends goes on in the requeued job.

tools/slurm-local test [-v] [Requeue] [Launchers] [TimeLimit]

Without names all: three minutes. Slurm counts time limits in minutes and looks at them every half minute.
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

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
os.environ.setdefault("REGATTA_SOURCE_DIR", str(SOURCE))
os.environ.setdefault("REGATTA_BIN", str(SOURCE / "build/release/bin"))
sys.path.insert(0, str(HERE.parent / "cli"))
from programs import BIN, CONFIGS, ProgramTest, start  # noqa: E402

SCRIPTS = SOURCE / "mpi_examples/slurm"
# Some seconds on two ranks. How many does not matter: ranks stand still until what is to befall them befalls them, and
# again from the moment at which they are saved: none can come to its end in between.
SETTINGS = ["--set", "gateways.reports={kind: every, period: 100ms}", "--set", "duration=8h", "--quiet"]


def slurm(*command, time_limit_s=60):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=time_limit_s, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@unittest.skipUnless(shutil.which("sbatch") and "SLURM_CONF" in os.environ, "no Slurm: tools/slurm-local test brings one")
class SlurmTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.assertTrue((BIN / "regatta").exists(), f"{BIN / 'regatta'}: is not built; REGATTA_BIN may name another place")
        self.jobs = []
        self.addCleanup(self.cancel)
        self.log = self.directory / "job.log"

    def cancel(self):
        for job in self.jobs:
            subprocess.run(["scancel", "--full", job], check=False, timeout=20)

    def submit(self, options, script, *arguments, launch="mpirun"):
        """Number of the job. What the options say goes before what the script says."""
        environment = os.environ | {
            "PATH": f"{BIN}:{os.environ['PATH']}", "LAUNCH": launch,
            # Tests share few cores.
            "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none"}
        command = ["sbatch", "--parsable", f"--output={self.log}", *options, SCRIPTS / script, *arguments]
        done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=30,
                              check=False, cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.jobs.append(done.stdout.strip())
        return self.jobs[-1]

    def state(self, job):
        return re.search(r"JobState=(\w+)", slurm("scontrol", "show", "job", job))[1]

    def wait(self, job, states, time_limit_s):
        end = time.monotonic() + time_limit_s
        while (state := self.state(job)) not in states:
            if time.monotonic() > end or state in ("FAILED", "NODE_FAIL", "CANCELLED"):
                self.fail(f"job {job} is {state}, expected {states}\n{self.said()}\n{slurm('scontrol', 'show', 'job', job)}")
            time.sleep(0.3)
        return state

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else "(no log)"

    def digests(self):
        return re.findall(r"^Digest (\w+)", self.said(), re.MULTILINE)

    def newest(self, out):
        return max((path.parent.name for path in out.glob("checkpoint-*/checksums.xxh128")), default=None)

    def digest_of_an_undisturbed_run(self):
        """On one rank, without Slurm."""
        return start("regatta", "run", CONFIGS / "quickstart.yaml", *SETTINGS, "--out", self.directory / "whole").digest

    def ranks(self, out):
        """Ranks that write there, on all nodes, for these are all here."""
        program = str((BIN / "regatta").resolve())
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "exe") == program and str(out).encode() in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
            except OSError:
                pass
        return found

    def signal(self, number, out):
        for rank in self.ranks(out):
            os.kill(rank, number)

    def has_signal(self, rank, number, masks):
        """Whether one of these masks of its status has the signal; none: the rank is gone."""
        try:
            status = Path(f"/proc/{rank}/status").read_text()
        except OSError:
            return None
        found = re.findall(rf"^(?:{'|'.join(masks)}):\s*(\w+)", status, re.MULTILINE)
        return any(int(mask, 16) >> (number - 1) & 1 for mask in found)

    def listens(self, rank):
        """Whether it has seen to what SIGUSR1 does, as it does before the first step."""
        return self.has_signal(rank, signal.SIGUSR1, ["SigCgt"]) is True

    def hold(self, out, count):
        """A run that is under way stands still: it cannot be over too soon on any machine."""
        self.wait_until(lambda: sum(map(self.listens, self.ranks(out))) == count, "ranks under way")
        time.sleep(0.3)
        self.signal(signal.SIGSTOP, out)
        self.assertEqual(len(self.ranks(out)), count, self.said())

    def is_to_stop(self, rank):
        """Whether it is gone, or stands still with a SIGTERM before it."""
        return self.has_signal(rank, signal.SIGTERM, ["SigPnd", "ShdPnd"]) is not False

    def go_on_until_saved_and_stopped(self, out):
        """Those that stand still run no further than to the checkpoint that they are asked for, and into their SIGTERM."""
        before = self.newest(out)
        self.signal(signal.SIGCONT, out)
        self.wait_until(lambda: self.newest(out) != before, "checkpoint", poll_s=0.005)
        self.signal(signal.SIGSTOP, out)
        # mpirun lets them go on by itself and kills them, srun leaves them as they are.
        self.wait_until(lambda: all(map(self.is_to_stop, self.ranks(out))), "SIGTERM")
        self.signal(signal.SIGCONT, out)

    def wait_until(self, holds, what, time_limit_s=30, poll_s=0.05):
        end = time.monotonic() + time_limit_s
        while not holds():
            self.assertLess(time.monotonic(), end, f"no {what}\n{self.said()}")
            time.sleep(poll_s)


class Requeue(SlurmTest):
    def test_requeued_job_goes_on_to_the_answer_of_an_undisturbed_run(self):
        out = self.directory / "out"
        # Slurm looks every 30 s which jobs end within 30 s and the 5 s given here: the warning comes after 25 s to 55 s.
        job = self.submit(["--ntasks=2", "--time=1", "--signal=B:USR1@5"], "requeue.sbatch", CONFIGS / "quickstart.yaml",
                          out, *SETTINGS)
        self.hold(out, 2)
        expected = self.digest_of_an_undisturbed_run()
        self.wait_until(lambda: "the time limit is near: saving" in self.said(), "warning", 80)
        self.go_on_until_saved_and_stopped(out)
        self.wait(job, ["COMPLETED"], 60)
        said = self.said()
        self.assertIn("back into the queue", said)
        self.assertRegex(said, f"start 2 on n.: regatta run --resume {out}")
        self.assertEqual(self.digests()[-1:], [expected], said)
        stats = start("regatta-post", "stats", out, "--json")
        self.assertEqual((stats.code, stats.json["digest"]), (0, expected), stats)
        print("\n" + "\n".join(line for line in said.splitlines() if re.match(r"\d{4}-", line)), flush=True)


class Launchers(SlurmTest):
    """Each way to start ranks that the guide names."""

    def check(self, options, script, launch, ranks):
        job = self.submit(options, script, CONFIGS / "quickstart.yaml", self.directory / "out", *SETTINGS, launch=launch)
        self.wait(job, ["COMPLETED"], 60)
        said = self.said()
        self.assertEqual(self.digests(), [self.digest_of_an_undisturbed_run()], said)
        self.assertRegex(said, rf"wall on {ranks} ranks")

    def need_pmix(self):
        listed = subprocess.run(["srun", "--mpi=list"], capture_output=True, text=True, check=False, timeout=20)
        if "pmix" not in listed.stdout + listed.stderr:
            self.skipTest("this Slurm has no PMIx")

    def test_mpirun_on_one_node(self):
        self.check(["--ntasks=2"], "one-node.sbatch", "mpirun", 2)

    def test_mpirun_on_several_nodes(self):
        self.check(["--ntasks-per-node=1"], "several-nodes.sbatch", "mpirun", 2)

    def test_srun_with_pmix_on_several_nodes(self):
        self.need_pmix()
        self.check(["--ntasks-per-node=1"], "several-nodes.sbatch", "srun --mpi=pmix", 2)

    def save_by_signal(self, launch):
        """USR1 to the script, as --signal sends it, without waiting for a time limit."""
        out = self.directory / "out"
        job = self.submit(["--nodes=2", "--ntasks=2", "--time=60"], "requeue.sbatch", CONFIGS / "quickstart.yaml", out,
                          *SETTINGS, launch=launch)
        self.hold(out, 2)
        slurm("scancel", "--batch", "--signal=USR1", job)
        self.wait_until(lambda: "saving" in self.said(), "signal in the script")
        self.go_on_until_saved_and_stopped(out)
        self.wait(job, ["COMPLETED"], 60)
        self.assertIn(f"--resume {out}", self.said())
        self.assertEqual(self.digests()[-1:], [self.digest_of_an_undisturbed_run()], self.said())

    def test_signals_reach_ranks_on_several_nodes_through_mpirun(self):
        self.save_by_signal("mpirun")

    def test_signals_reach_ranks_on_several_nodes_through_srun(self):
        self.need_pmix()
        self.save_by_signal("srun --mpi=pmix")

    def stop_ranks(self, launch, options, command):
        """What Slurm sends to the ranks themselves: one SIGTERM each."""
        out = self.directory / "out"
        job = self.submit(["--ntasks=2", "--time=60", *options], "several-nodes.sbatch", CONFIGS / "quickstart.yaml", out,
                          *SETTINGS, launch=launch)
        self.hold(out, 2)
        slurm(*command, job)
        self.signal(signal.SIGCONT, out)
        self.wait_until(lambda: self.state(job) not in ("RUNNING", "COMPLETING"), "end", 40)
        return out, slurm("scontrol", "show", "job", job)

    def test_sigterm_to_a_step_of_srun_stops_the_run_readably(self):
        self.need_pmix()
        out, shown = self.stop_ranks("srun --mpi=pmix", [], ["scancel", "--signal=TERM"])
        self.assertIn("ExitCode=3:0", shown, self.said())
        self.assertIsNotNone(self.newest(out), self.said())
        stats = start("regatta-post", "stats", out, "--json")
        self.assertEqual(stats.code, 0, stats)


class TimeLimit(SlurmTest):
    def test_job_that_hits_its_limit_without_warning_goes_on_in_another(self):
        out = self.directory / "out"
        job = self.submit(["--ntasks=2", "--time=1"], "one-node.sbatch", CONFIGS / "quickstart.yaml", out, *SETTINGS,
                          "--checkpoint-every", "10s")
        self.hold(out, 2)
        before = self.newest(out)
        # To end it, Slurm first lets everything go on that was held.
        self.wait(job, ["TIMEOUT"], 150)
        print(f"\n{before}, then {self.newest(out)}, digest {self.digests()}", flush=True)
        again = self.submit(["--ntasks=3"], "requeue.sbatch", CONFIGS / "quickstart.yaml", out, *SETTINGS)
        self.wait(again, ["COMPLETED"], 60)
        self.assertIn(f"--resume {out}", self.said())
        self.assertEqual(self.digests()[-1:], [self.digest_of_an_undisturbed_run()], self.said())


if __name__ == "__main__":
    unittest.main()
