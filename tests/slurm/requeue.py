#!/usr/bin/env python3
"""The job scripts of mpi_examples/slurm on a real Slurm: what they start gives the answer of a run without Slurm, and a
run that a time limit ends goes on in the requeued job.

tools/slurm-local test [-v] [Requeue] [Launchers] [TimeLimit]

Without names all: three minutes. Slurm counts time limits in minutes and looks at them every half minute.
"""

import os
import re
import shutil
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
REPORTS = ["--set", "gateways.reports={kind: every, period: 100ms}"]
# Of the whole run on two ranks, outlasting the warning, which comes after 25 s at the earliest and 55 s at the latest.
LONG_S = 65


def slurm(*command, time_limit_s=60):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=time_limit_s, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@unittest.skipUnless(shutil.which("sbatch") and "SLURM_CONF" in os.environ, "no Slurm: tools/slurm-local test brings one")
class SlurmTest(ProgramTest):
    def setUp(self):
        super().setUp()
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

    def run_of_s(self, seconds):
        """Settings with which two ranks take about so long here and now."""
        probe_s = 1e9
        for number in range(2):
            # The quicker of two: who is too quick is over before the warning.
            begin = time.monotonic()
            self.succeed("regatta", "run", CONFIGS / "quickstart.yaml", *REPORTS, "--set", "duration=15min", "--quiet",
                         "--out", self.directory / f"probe-{number}", ranks=2)
            probe_s = min(probe_s, time.monotonic() - begin - 0.4)  # starting and ending
        return [*REPORTS, "--set", f"duration={max(30, round(15 * seconds / max(probe_s, 0.1)))}min"]

    def digest_of(self, settings):
        """Of an undisturbed run, on one rank, without Slurm."""
        return start("regatta", "run", CONFIGS / "quickstart.yaml", *settings, "--quiet", "--out",
                     self.directory / "whole").digest


class Requeue(SlurmTest):
    def test_requeued_job_goes_on_to_the_answer_of_an_undisturbed_run(self):
        settings = self.run_of_s(LONG_S)
        out = self.directory / "out"
        # Slurm looks every 30 s which jobs end within 30 s and the 5 s given here.
        job = self.submit(["--ntasks=2", "--time=1", "--signal=B:USR1@5"], "requeue.sbatch", CONFIGS / "quickstart.yaml",
                          out, *settings, "--quiet")
        expected = self.digest_of(settings)
        self.wait(job, ["COMPLETED"], 250)
        said = self.said()
        self.assertIn("the time limit is near: saving", said)
        self.assertIn("back into the queue", said)
        self.assertIn(f"regatta run --resume {out}", said)
        self.assertIn("start 2 on", said)
        self.assertEqual(self.digests()[-1:], [expected], said)
        stats = start("regatta-post", "stats", out, "--json")
        self.assertEqual((stats.code, stats.json["digest"]), (0, expected), stats)
        print("\n" + "\n".join(line for line in said.splitlines() if re.match(r"\d{4}-", line)), flush=True)


class Launchers(SlurmTest):
    """Each way to start ranks that the guide names."""

    def setUp(self):
        super().setUp()
        self.settings = [*REPORTS, "--set", "duration=2min"]
        self.expected = self.digest_of(self.settings)

    def check(self, options, script, launch, ranks):
        job = self.submit(options, script, CONFIGS / "quickstart.yaml", self.directory / "out", *self.settings, "--quiet",
                          launch=launch)
        self.wait(job, ["COMPLETED"], 60)
        said = self.said()
        self.assertEqual(self.digests(), [self.expected], said)
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
        self.check(["--ntasks-per-node=2"], "several-nodes.sbatch", "srun --mpi=pmix", 4)

    def save_by_signal(self, launch, options):
        """USR1 to the script, as --signal sends it, without waiting for a time limit."""
        out = self.directory / "out"
        settings = self.run_of_s(25)
        job = self.submit([*options, "--time=5"], "requeue.sbatch", CONFIGS / "quickstart.yaml", out, *settings, "--quiet",
                          launch=launch)
        self.wait(job, ["RUNNING"], 30)
        self.wait_until(lambda: list(out.glob("rank-*")), "result files")
        time.sleep(1)
        slurm("scancel", "--batch", "--signal=USR1", job)
        self.wait(job, ["PENDING"], 30)
        self.assertIsNotNone(self.newest(out), self.said())
        self.wait(job, ["COMPLETED"], 100)
        self.assertEqual(self.digests()[-1:], [self.digest_of([*settings, "--set", "name=again"])], self.said())

    def wait_until(self, holds, what):
        end = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), end, f"no {what}\n{self.said()}")
            time.sleep(0.1)

    def test_signals_reach_ranks_on_several_nodes_through_mpirun(self):
        self.save_by_signal("mpirun", ["--nodes=2", "--ntasks=2"])

    def test_signals_reach_ranks_on_several_nodes_through_srun(self):
        self.need_pmix()
        self.save_by_signal("srun --mpi=pmix", ["--nodes=2", "--ntasks=2"])


class TimeLimit(SlurmTest):
    def test_job_that_hits_its_limit_without_warning_goes_on_in_another(self):
        settings = [*self.run_of_s(2 * LONG_S), "--checkpoint-every-wall", "2s"]
        out = self.directory / "out"
        job = self.submit(["--ntasks=2", "--time=1"], "one-node.sbatch", CONFIGS / "quickstart.yaml", out, *settings,
                          "--quiet")
        self.wait(job, ["TIMEOUT"], 150)
        self.assertIsNotNone(self.newest(out), self.said())
        print(f"\n{self.said()[-1500:]}", flush=True)


if __name__ == "__main__":
    unittest.main()
