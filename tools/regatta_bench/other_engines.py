"""PHOLD on other engines, in the same call and with the same problem: number of processes, one event under way each,
exponential increments of mean 1 with the lookahead as the least one, the same chance to go elsewhere.

ROSS brings PHOLD; PATH is its program `phold`:
    1 rank     PATH --synch=1 --nlp=LPS --start-events=1 --mean=1 --lookahead=L --remote=R --end=T
    more       mpirun -n RANKS PATH --synch=2 --gvt-interval=1 --batch=4096 --nlp=LPS_PER_RANK ... (as above)
Its conservative scheduler does not exist for one rank, so that is the sequential one.

SST brings none, so PATH is a program (a script around your `sst`, its element and configuration) that takes what our
own phold takes, and prints one line of JSON with "events_per_s", total over ranks:
    mpirun -n RANKS PATH --lps LPS --population 1 --remote R --lookahead L --end T --json
"""

import os
import re
from pathlib import Path

from .launch import BenchError, UsageError
from .session import Variant, read_json

# Of our events: other engines are slower, and runs are to take about as long as ours.
SHARE_OF_EVENTS = 0.25
ROSS_RATE = re.compile(r"Event Rate \(events/sec\)\s+([0-9.]+)")


def check(option, path):
    """The path as given, made absolute, once it is known to be a program."""
    program = Path(path).resolve()
    if not program.is_file() or not os.access(program, os.X_OK):
        raise UsageError(f"{option}: {path} is not a program")
    return program


def end_s(session, row):
    return max(1, round(row.end_s(session) * SHARE_OF_EVENTS))


def ross(session, row, program):
    scheduler = ["--synch=1"] if row.ranks == 1 else ["--synch=2", "--gvt-interval=1", "--batch=4096"]
    words = [*scheduler, f"--nlp={row.lps_per_rank}", "--start-events=1", "--mean=1", f"--lookahead={row.lookahead:g}",
             f"--remote={row.remote:g}", f"--end={end_s(session, row)}"]

    def measure():
        # It writes ross.csv where it is started.
        outcome = session.run(program, *words, ranks=row.ranks, cwd=session.scratch)
        rate = ROSS_RATE.search(outcome.stdout)
        if rate is None:
            raise BenchError(f"no \"Event Rate (events/sec)\" came from\n  {outcome.command}")
        return outcome.command, {"rate": float(rate[1])}

    return Variant(name=f"{row.name}.ross", measure=measure, headline="rate", unit="events/s")


def sst(session, row, program):
    words = ["--lps", row.lps, "--population", 1, "--remote", row.remote, "--lookahead", row.lookahead,
             "--end", end_s(session, row), "--json"]

    def measure():
        outcome = session.run(program, *words, ranks=row.ranks, cwd=session.scratch)
        said = read_json(outcome)
        if not isinstance(said, dict) or not isinstance(said.get("events_per_s"), (int, float)):
            raise BenchError(f"no \"events_per_s\" came from\n  {outcome.command}")
        return outcome.command, {"rate": float(said["events_per_s"])}

    return Variant(name=f"{row.name}.sst", measure=measure, headline="rate", unit="events/s")


def variants(session, row):
    found = []
    if session.options.ross is not None:
        found.append(ross(session, row, session.options.ross))
    if session.options.sst is not None:
        found.append(sst(session, row, session.options.sst))
    return found
