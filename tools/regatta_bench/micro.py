"""The parts by themselves, by Google Benchmark: tools/benchmarks/micro_*.cpp."""

import fnmatch

from .figures import Figure
from .launch import BenchError
from .session import read_json, tell

NAME = "micro"
PROGRAMS = ["regatta_bench_micro"]

# What a part is set in proportion to, of the same size.
REFERENCES = {"queue.bucket": "queue.heap"}
# Items per second of each part; further rates of a benchmark are its counters.
UNITS = {"queue": "holds/s", "exchange": "events/s", "step_loop": "requests/s", "sketch": "fills/s",
         "random": "draws/s", "digest": "rows/s"}
COUNTERS = ("steps", "wake_ups")


def rates(document, command):
    """{(benchmark, counter or ""): per second, one number per repetition}."""
    found = {}
    # Interleaved repetitions come in any order; these numbers are those of the program's source.
    for entry in sorted(document.get("benchmarks", []),
                        key=lambda entry: (entry["family_index"], entry["per_family_instance_index"])):
        if entry.get("error_occurred"):
            raise BenchError(f"{entry['run_name']}: {entry.get('error_message', 'failed')} in\n  {command}")
        if entry.get("run_type") != "iteration":
            continue  # an aggregate: medians are ours
        found.setdefault((entry["run_name"], ""), []).append(entry["items_per_second"])
        for counter in COUNTERS:
            if counter in entry:
                found.setdefault((entry["run_name"], counter), []).append(entry[counter])
    return found


def reference_of(benchmark):
    part, _, size = benchmark.partition("/")
    return f"{REFERENCES[part]}/{size}" if part in REFERENCES else None


def figures(session):
    tell("  all parts, repetitions of one between those of others")
    words = ["--benchmark_format=json", f"--benchmark_repetitions={session.runs}",
             f"--benchmark_min_time={0.001 if session.is_quick else 0.3}",
             "--benchmark_enable_random_interleaving=true"]
    outcome = session.run(session.binary("regatta_bench_micro"), *words)
    found = rates(read_json(outcome), outcome.command)
    if not found:
        raise BenchError(f"no figures came from\n  {outcome.command}")
    result = []
    for (benchmark, counter), runs in found.items():
        name = f"micro.{benchmark}" + (f".{counter}" if counter else "")
        if not fnmatch.fnmatchcase(name, session.only):
            continue
        reference = None if counter else reference_of(benchmark)
        unit = f"{counter}/s" if counter else UNITS.get(benchmark.split(".")[0], "items/s")
        result.append(Figure(suite=NAME, name=name, unit=unit, runs=runs, command=outcome.command,
                             reference=f"micro.{reference}" if reference else "",
                             reference_runs=found.get((reference, ""), [])))
    return result
