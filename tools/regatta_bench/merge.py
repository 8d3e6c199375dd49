"""`regatta-post merge` on the files of two ranks, against copying the same files."""

import shutil
import time

from .session import PROJECT, Variant, figure

NAME = "merge"
PROGRAMS = ["regatta", "regatta-post"]

RATE_PER_S = 5_000  # of the run whose files are merged; about a thousand servers
SETTINGS = ("fleet.pools[0].nodes=1250", f"workload.streams[0].arrivals.rate={RATE_PER_S}/s")
QUICK_ROWS = 20_000


def figures(session):
    wanted = min(session.options.rows, QUICK_ROWS) if session.is_quick else session.options.rows
    files = session.scratch / "merge"
    _, summary = session.run_scenario(PROJECT / "configs/hundred-thousand-gpus.yaml", *SETTINGS,
                                      f"duration={max(1, round(wanted / RATE_PER_S))}s", ranks=2, keep=files)
    rows = summary["requests"]["arrived"]
    merged = session.scratch / "merged.h5"

    def merge():
        merged.unlink(missing_ok=True)
        outcome = session.run(session.binary("regatta-post"), "merge", files, "-o", merged)
        return outcome.command, {"rows_per_s": rows / outcome.wall_s, "rows_per_cpu_s": rows / outcome.cpu_s,
                                 "peak_memory": outcome.peak_memory_bytes,
                                 "bytes_per_row": merged.stat().st_size / rows}

    def copy():
        target = session.scratch / "copy"
        shutil.rmtree(target, ignore_errors=True)
        started = time.monotonic()
        shutil.copytree(files, target)
        wall_s = time.monotonic() - started
        shutil.rmtree(target)
        return f"cp -r {files} {target}", {"rows_per_s": rows / wall_s}

    merging = Variant(name="merge.merge", measure=merge, headline="rows_per_s", unit="rows/s")
    copying = Variant(name="merge.copy", measure=copy, headline="rows_per_s", unit="rows/s")
    session.in_turn([merging, copying])
    result = []
    if copying.samples:
        result.append(figure(NAME, "merge.copy.rows_per_s", "rows/s", copying, "rows_per_s"))
    if merging.samples:
        result += [figure(NAME, "merge.rows_per_s", "rows/s", merging, "rows_per_s",
                          reference=result[0] if result else None),
                   figure(NAME, "merge.rows_per_cpu_s", "rows/s", merging, "rows_per_cpu_s"),
                   figure(NAME, "merge.peak_memory", "bytes", merging, "peak_memory"),
                   figure(NAME, "merge.bytes_per_row", "bytes", merging, "bytes_per_row")]
    return result
