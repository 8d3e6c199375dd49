"""Starts this project's programs for tests, alone or on several ranks, and keeps what they said.

The environment tells where things are: REGATTA_BIN (directory of the programs), REGATTA_SOURCE_DIR, and, where data
that is not part of the project lies, REGATTA_SHARED (else ../shared beside the project). REGATTA_TIME_FACTOR
is more than 1 where programs are slow, because sanitizers watch them.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

BIN = Path(os.environ["REGATTA_BIN"])
SOURCE = Path(os.environ["REGATTA_SOURCE_DIR"])
SHARED = Path(os.environ.get("REGATTA_SHARED", SOURCE.parent / "shared"))
CONFIGS = SOURCE / "configs"
AZURE = SHARED / "data/traces/azure_2023_conv.csv.gz"

# How many times as long programs may take as those of a release build.
TIME_FACTOR = int(os.environ.get("REGATTA_TIME_FACTOR", "1"))
# A run that takes longer hangs: nobody may be left waiting.
TIME_LIMIT_S = 120 * TIME_FACTOR


@dataclass
class Outcome:
    code: int
    stdout: str
    stderr: str
    seconds: float
    first_stderr_s: float

    def __str__(self):
        return f"exit code {self.code} after {self.seconds:.1f} s\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"

    @property
    def digest(self):
        lines = [line for line in self.stdout.splitlines() if line.startswith("Digest ")]
        assert len(lines) == 1, f"expected one line with the digest\n{self}"
        return lines[0].split()[1]

    @property
    def json(self):
        return json.loads(self.stdout)


def known(kind):
    """How many names the catalogue has."""
    return len(re.findall(r"^  ([\w.-]+):", (CONFIGS / f"catalogue/{kind}.yaml").read_text(), re.MULTILINE))


def _environment(session_directory):
    # What a surrounding mpirun or srun has set must not make a single process believe that it is one of many.
    launcher = ("OMPI_", "PMIX_", "PMI_", "SLURM_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(launcher)}
    if session_directory is None:
        return environment
    # Several mpirun at a time must not share what they keep in the temporary directory.
    environment["OMPI_MCA_orte_tmpdir_base"] = session_directory
    environment["ASAN_OPTIONS"] = "detect_leaks=0"  # Open MPI leaks on its own
    if os.geteuid() == 0:
        # In a container root is the only user there is; Open MPI wants to be told twice.
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return environment


def start(program, *arguments, ranks=None, cwd=None, time_limit_s=TIME_LIMIT_S, wrapper=(), mca=None):
    """Runs a program to its end; under mpirun when `ranks` are given, with the MCA parameters `mca`. `wrapper` is put
    before the program."""
    command = [*wrapper, str(BIN / program), *map(str, arguments)]
    if ranks:
        # Tests share few cores: a rank that waits gives its core to the others.
        parameters = {"mpi_yield_when_idle": "1"} | (mca or {})
        settings = [word for key, value in parameters.items() for word in ("--mca", key, value)]
        command = ["mpirun", "--oversubscribe", *settings, "-n", str(ranks), *command]
        with tempfile.TemporaryDirectory(prefix="mpirun-", ignore_cleanup_errors=True) as session_directory:
            return _run(command, _environment(session_directory), cwd, time_limit_s)
    return _run(command, _environment(None), cwd, time_limit_s)


def _run(command, environment, cwd, time_limit_s):
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    first_stderr_s = []
    stderr = []

    def listen():
        for line in process.stderr:
            if not first_stderr_s:
                first_stderr_s.append(time.monotonic() - started)
            stderr.append(line)

    listener = threading.Thread(target=listen)
    listener.start()
    killer = threading.Timer(time_limit_s, process.kill)
    killer.start()
    stdout = process.stdout.read()
    process.wait()
    listener.join()
    process.stdout.close()
    process.stderr.close()
    hung = not killer.is_alive()
    killer.cancel()
    outcome = Outcome(process.returncode, stdout.decode(), b"".join(stderr).decode(), time.monotonic() - started,
                      first_stderr_s[0] if first_stderr_s else float("inf"))
    if hung:
        raise AssertionError(f"{' '.join(command)}\nhas not ended after {time_limit_s} s: {outcome}")
    return outcome


class ProgramTest(unittest.TestCase):
    """A test with a directory of its own, and with messages that show what a program said."""

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="regatta-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def succeed(self, program, *arguments, **options):
        outcome = start(program, *arguments, **options)
        self.assertEqual(outcome.code, 0, f"{program} {' '.join(map(str, arguments))}\n{outcome}")
        return outcome
