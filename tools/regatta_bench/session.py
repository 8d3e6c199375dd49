"""What all suites of one call share; runs variants in turn."""

import fnmatch
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

from . import launch
from .figures import Figure, show
from .launch import BenchError, UsageError

PROJECT = Path(__file__).resolve().parents[2]


def tell(text):
    """Everything but the figures goes to stderr."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Variant:
    """One of several things that are measured in turn."""
    name: str
    measure: Callable[[], Tuple[str, Dict[str, float]]]  # one run: its command, its numbers by name
    headline: str                                        # which of them is told while runs go on
    unit: str
    command: str = ""
    samples: List[Dict[str, float]] = field(default_factory=list)

    def runs(self, key):
        return [sample[key] for sample in self.samples]


@dataclass
class Session:
    """`build`: directory with bin/; `scratch`: made and removed by the call, holds what runs write."""
    build: Path
    scratch: Path
    runs: int = 3
    is_quick: bool = False
    only: str = "*"
    options: Optional[object] = None

    def binary(self, name):
        path = self.build / "bin" / name
        if not path.is_file():
            first = "tools/install-deps (Google Benchmark), then " if name == "regatta_bench_micro" else ""
            raise UsageError(f"{path} is missing; build it: {first}cmake --preset {self.build.name} && "
                             f"cmake --build {self.build} --target {name}")
        return path

    def run(self, program, *arguments, ranks=1, cwd=None):
        return launch.run(program, *arguments, ranks=ranks, cwd=cwd, shares_cores=self.is_quick)

    def run_scenario(self, scenario, *settings, ranks=1, keep=None):
        """`regatta run`: (outcome, summary). What it writes is removed, or lies in `keep`."""
        output = keep if keep is not None else self.scratch / "run"
        shutil.rmtree(output, ignore_errors=True)
        words = [word for setting in settings for word in ("--set", setting)]
        outcome = self.run(self.binary("regatta"), "run", scenario, *words, "--out", output, "--quiet", "--json",
                           ranks=ranks)
        if keep is None:
            # Not only for the room: what is gone need not be written to the disk during the next run.
            shutil.rmtree(output, ignore_errors=True)
        return outcome, read_json(outcome)

    def in_turn(self, variants):
        """Measures all variants as often as wanted, in rounds, every other round backwards, so that what changes on the
        machine meanwhile changes all of them alike. Gives those that were wanted."""
        wanted = [variant for variant in variants if fnmatch.fnmatchcase(variant.name, self.only)]
        for number in range(self.runs):
            for variant in wanted if number % 2 == 0 else reversed(wanted):
                variant.command, sample = variant.measure()
                variant.samples.append(sample)
                tell(f"  {number + 1}/{self.runs}  {variant.name}: {show(sample[variant.headline], variant.unit)}")
        return wanted


def read_json(outcome):
    try:
        return json.loads(outcome.stdout)
    except ValueError as error:
        raise BenchError(f"no JSON came from\n  {outcome.command}\n  {outcome.stdout[:200]}") from error


def same_digest(name, variants):
    """Speed counts only where results agree. Samples hold their digest as a number."""
    found = {int(digest) for variant in variants for digest in variant.runs("digest")}
    if len(found) > 1:
        raise BenchError(f"{name}: results differ between runs: digests " +
                         ", ".join(f"{digest:032x}" for digest in sorted(found)))


def figure(suite, name, unit, variant, key, reference=None, target=None):
    """A figure of one variant's runs. `reference`: a figure of the same rounds, or None."""
    return Figure(suite=suite, name=name, unit=unit, runs=variant.runs(key),
                  reference=reference.name if reference else "", reference_runs=reference.runs if reference else [],
                  target=target, command=variant.command)
