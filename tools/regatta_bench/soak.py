"""A hundred thousand GPUs for half an hour of wall time: whether memory stays flat, what checkpoints hold, what lies on the
disk.

Segments that a checkpoint has ended are counted and removed as the run goes on: it would fill a disk otherwise.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from . import launch
from .figures import Figure, Target, show
from .launch import BenchError
from .session import PROJECT, tell

NAME = "soak"
PROGRAMS = ["regatta", "regatta-post"]

SCENARIO = PROJECT / "configs/hundred-thousand-gpus.yaml"
# Longer than any soak; a sample a minute, because each stays in memory until the run ends.
SETTINGS = ("duration=1000d", "output.series=60s")
EVERY = {"whole": "600s", "quick": "10s"}
QUICK = ("fleet.pools[0].nodes=100", "workload.streams[0].arrivals.rate=400/s")
QUICK_S = 6
RANKS = 2

MOST_DRIFT = 0.02
SAMPLE_S = 1.0
MEDIAN_OF = 10     # samples: what is flat is not held up by one of them
WARM_UP = 0.2      # of the time
STOPPED = 3        # exit code of a run that was stopped, and can go on
PAGE = os.sysconf("SC_PAGE_SIZE")


class Soak:
    def __init__(self, session, ranks, wall_s):
        self.session, self.ranks, self.wall_s = session, ranks, wall_s
        self.output = session.scratch / "soak"
        self.memory = []             # by sample: (time since the start [s], bytes of all ranks)
        self.checkpoints = {}        # by name: what regatta-post says of it
        self.segment_bytes = {}      # by name, of those that have ended
        self.command = ""
        self.summary = {}

    def run(self):
        settings = SETTINGS + (QUICK if self.session.is_quick else ())
        words = [str(self.session.binary("regatta")), "run", str(SCENARIO),
                 *(word for setting in settings for word in ("--set", setting)), "--out", str(self.output),
                 "--checkpoint-every", EVERY["quick" if self.session.is_quick else "whole"], "--keep-checkpoints", "2", "--quiet", "--json"]
        if self.ranks > 1:
            words = [*launch.mpirun_words(self.ranks, self.session.is_quick), *words]
        self.command = " ".join(words)
        with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as directory, \
                tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(words, env=launch.environment(directory), stdin=subprocess.DEVNULL,
                                       stdout=said, stderr=subprocess.STDOUT)
            try:
                self.watch(process)
                # mpirun passes it on; one rank that stops stops all.
                process.send_signal(signal.SIGUSR2)
                process.wait(timeout=120)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            self.look_at_files(is_over=True)
            said.seek(0)
            text = said.read()
        if f'"stopped_at_s"' not in text:
            raise BenchError(f"exit code {process.returncode} of\n  {self.command}\n" +
                             "\n".join("  " + line for line in text.splitlines()[-20:]))
        self.summary = json.loads(text[text.index("{"):text.rindex("}") + 1])

    def watch(self, process):
        started = time.monotonic()
        told = 0
        while (since := time.monotonic() - started) < self.wall_s:
            time.sleep(min(SAMPLE_S, self.wall_s - since))
            if process.poll() is not None:
                return
            self.memory.append((time.monotonic() - started, sum(map(resident, ranks_of(process)))))
            self.look_at_files()
            if (minutes := int(since // 60)) > told:
                told = minutes
                tell(f"  {minutes} min: {show(self.memory[-1][1], 'bytes')}, {len(self.checkpoints)} checkpoints")

    def look_at_files(self, is_over=False):
        for whole in sorted(self.output.glob("checkpoint-*/checksums.xxh128")):
            if whole.parent.name in self.checkpoints:
                continue
            asked = subprocess.run([self.session.binary("regatta-post"), "checkpoint", whole.parent, "--json"],
                                   capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                self.checkpoints[whole.parent.name] = json.loads(asked.stdout)
            elif whole.exists():  # otherwise it was removed meanwhile: others have come after it
                raise BenchError(f"{whole.parent} is not whole\n  {asked.stderr.strip()}")
        segments = sorted(self.output.glob("rank-*.h5"))
        for segment in segments:
            self.segment_bytes[segment.name] = segment.stat().st_size
            if not is_over:
                segment.unlink()

    def figures(self):
        warm = [(at, size) for at, size in self.memory if at >= WARM_UP * self.wall_s]
        sizes = [size for _, size in warm]
        steady = [median(sizes[at:at + MEDIAN_OF]) for at in range(0, max(len(sizes) - MEDIAN_OF, 0) + 1, MEDIAN_OF)]
        if not sizes or not self.checkpoints:
            raise BenchError(f"{self.wall_s:g} s were too short: {len(sizes)} samples of memory, "
                             f"{len(self.checkpoints)} checkpoints")
        drift = (max(steady) - min(steady)) / median(steady)
        last = self.checkpoints[max(self.checkpoints)]

        def one(name, unit, value, target=None):
            return Figure(suite=NAME, name=f"{NAME}.{self.ranks}r.{name}", unit=unit, runs=[value], target=target,
                          command=self.command)
        for name, found in self.checkpoints.items():
            tell(f"  {name}: {found['at_s']:.9g} s, {show(found['bytes'], 'bytes')}, digest {found['digest']}")
        return [one("memory", "bytes", median(sizes)),
                one("memory_drift", "x", 1 + drift, Target(value=1 + MOST_DRIFT, is_ceiling=True)),
                one("checkpoints", "", len(self.checkpoints)),
                one("checkpoint_bytes", "bytes", last["bytes"]),
                one("segment_bytes", "bytes", sum(self.segment_bytes.values())),
                one("simulated", "s", self.summary["stopped_at_s"]),
                one("requests", "", self.summary["requests"]["finished"])]


def ranks_of(process):
    """The ranks are the children of mpirun; alone, a rank has none."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children] or [process.pid]


def resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def figures(session):
    wall_s = QUICK_S if session.is_quick else session.options.minutes * 60
    soak = Soak(session, min(RANKS, launch.usable_cores()), wall_s)
    soak.run()
    return soak.figures()
