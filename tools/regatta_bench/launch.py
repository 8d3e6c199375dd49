"""Starts programs, alone or under mpirun, and measures what each process took."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RANK_USAGE = Path(__file__).resolve().with_name("rank_usage.py")


class BenchError(Exception):
    """What ends a call: 1 when something went wrong on the way, 2 when the call itself is wrong."""

    def __init__(self, text, exit_code=1):
        super().__init__(text)
        self.exit_code = exit_code


class UsageError(BenchError):
    def __init__(self, text):
        super().__init__(text, exit_code=2)


@dataclass
class Outcome:
    """One run of a program."""
    command: str            # as one could type it
    stdout: str
    wall_s: float           # of the slowest process
    cpu_s: float            # of all processes
    peak_memory_bytes: int  # sum over the processes of the largest size of each


def usable_cores():
    """Cores as mpirun counts them: physical ones, and no more than this process may use."""
    allowed = os.sched_getaffinity(0)
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            cores.add(((topology / "physical_package_id").read_text(), (topology / "core_id").read_text()))
        except OSError:
            return len(allowed)
    return len(cores)


def mpirun_words(ranks, shares_cores):
    words = ["mpirun", "-n", str(ranks)]
    if ranks > usable_cores() or shares_cores:
        # More ranks than cores: one that waits has to give its core to the others.
        words += ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
    return words


def environment(session_directory):
    # What a surrounding mpirun or srun has set must not make a single process believe that it is one of many.
    launcher = ("OMPI_COMM_", "OMPI_UNIVERSE", "PMIX_", "PMI_", "SLURM_")
    result = {key: value for key, value in os.environ.items() if not key.startswith(launcher)}
    # Several mpirun at a time must not share what they keep in the temporary directory.
    result["OMPI_MCA_orte_tmpdir_base"] = session_directory
    if os.geteuid() == 0:
        # In a container root is the only user there is; Open MPI wants to be told twice.
        result["OMPI_ALLOW_RUN_AS_ROOT"] = result["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return result


def run(program, *arguments, ranks=1, cwd=None, shares_cores=False):
    """Runs a program to its end, on one rank without mpirun. A program that fails ends the call."""
    launcher = mpirun_words(ranks, shares_cores) if ranks > 1 else []
    if launcher and shutil.which("mpirun") is None:
        raise UsageError("mpirun is not on the PATH; tools/install-deps brings it")
    words = [str(program), *map(str, arguments)]
    shown = shlex.join([*launcher, *words])
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory:
        measured = [*launcher, sys.executable, "-I", "-S", str(RANK_USAGE), f"{directory}/usage", *words]
        try:
            process = subprocess.run(measured, cwd=cwd, env=environment(directory), stdin=subprocess.DEVNULL,
                                     capture_output=True, text=True, errors="replace", check=False)
        except OSError as error:
            raise BenchError(f"{error.filename or program}: cannot be started: {error.strerror}") from error
        usages = [tuple(map(float, path.read_text().split())) for path in Path(directory).glob("usage.*")]
    if process.returncode != 0:
        said = (process.stderr.strip() or process.stdout.strip() or "it said nothing").splitlines()[-20:]
        raise BenchError(f"exit code {process.returncode} of\n  {shown}\n" + "\n".join("  " + line for line in said))
    if len(usages) != ranks:
        raise BenchError(f"{len(usages)} of {ranks} processes told what they took in\n  {shown}")
    walls, cpus, memories = zip(*usages)
    return Outcome(command=shown, stdout=process.stdout, wall_s=max(walls), cpu_s=sum(cpus),
                   peak_memory_bytes=int(sum(memories)))
