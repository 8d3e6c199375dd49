"""`regatta-post merge` on the files of eight ranks, on one core: plain, deflated and virtual, against copying the same
files."""

import os
import shutil
import time

from .figures import Target
from .launch import UsageError
from .session import PROJECT, Variant, figure

NAME = "merge"
PROGRAMS = ["regatta", "regatta-post"]

RANKS = 8
RATE_PER_S = 5_000  # of the run whose files are merged; about a thousand servers
SETTINGS = ("fleet.pools[0].nodes=1250", f"workload.streams[0].arrivals.rate={RATE_PER_S}/s")
QUICK_ROWS = 20_000

MOST_MEMORY = 200e6
FORMS = {"plain": ["--packing", "none"], "deflated": ["--packing", "deflate"], "virtual": ["--virtual"]}
FEWEST_ROWS_PER_S = {"plain": 10e6, "deflated": 1e6}


def figures(session):
    if shutil.which("taskset") is None:
        raise UsageError("taskset is not on the PATH; it is part of util-linux")
    wanted = min(session.options.rows, QUICK_ROWS) if session.is_quick else session.options.rows
    files = session.scratch / "merge"
    _, summary = session.run_scenario(PROJECT / "configs/hundred-thousand-gpus.yaml", *SETTINGS,
                                      f"duration={max(1, round(wanted / RATE_PER_S))}s", ranks=RANKS, keep=files)
    rows = summary["requests"]["arrived"]
    merged = session.scratch / "merged.h5"
    core = str(min(os.sched_getaffinity(0)))

    def merge(form):
        merged.unlink(missing_ok=True)
        outcome = session.run(shutil.which("taskset"), "-c", core, session.binary("regatta-post"), "merge", files, "-o",
                              merged, *FORMS[form])
        return outcome.command, {"rows_per_s": rows / outcome.wall_s, "rows_per_cpu_s": rows / outcome.cpu_s,
                                 "wall": outcome.wall_s, "peak_memory": outcome.peak_memory_bytes,
                                 "bytes_per_row": merged.stat().st_size / rows}

    def copy():
        target = session.scratch / "copy"
        shutil.rmtree(target, ignore_errors=True)
        started = time.monotonic()
        shutil.copytree(files, target)
        wall_s = time.monotonic() - started
        shutil.rmtree(target)
        return f"cp -r {files} {target}", {"rows_per_s": rows / wall_s}

    merging = [Variant(name=f"merge.{form}", measure=lambda form=form: merge(form), headline="rows_per_s", unit="rows/s")
               for form in FORMS]
    copying = Variant(name="merge.copy", measure=copy, headline="rows_per_s", unit="rows/s")
    session.in_turn([*merging, copying])
    result = []
    if copying.samples:
        result.append(figure(NAME, "merge.copy.rows_per_s", "rows/s", copying, "rows_per_s"))
    reference = result[0] if result else None
    for form, variant in zip(FORMS, merging):
        if not variant.samples:
            continue
        memory = figure(NAME, f"merge.{form}.peak_memory", "bytes", variant, "peak_memory",
                        target=Target(value=MOST_MEMORY, is_ceiling=True))
        if form == "virtual":
            result += [figure(NAME, "merge.virtual.wall", "s", variant, "wall"), memory]
            continue
        result += [figure(NAME, f"merge.{form}.rows_per_s", "rows/s", variant, "rows_per_s", reference=reference,
                          target=Target(value=FEWEST_ROWS_PER_S[form])),
                   figure(NAME, f"merge.{form}.rows_per_cpu_s", "rows/s", variant, "rows_per_cpu_s"), memory,
                   figure(NAME, f"merge.{form}.bytes_per_row", "bytes", variant, "bytes_per_row")]
    return result
