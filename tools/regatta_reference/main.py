"""The command line of tools/reference."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import scratchpad, vidur, vidur_metrics

PROJECT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # what ctest takes for a skipped test

DESCRIPTION = """\
Runs cases that another simulator has run and compares, request for request. One line per case with the largest
deviations. Exit code 1: a case is beyond the tolerance, or differs in what is counted.

vidur: replica, restarts, number of batches, and when each request was first scheduled, had its prompt computed and was
complete. A case is a folder with config.json, workload.csv.gz, predictor_tables.csv.gz and requests.csv.gz, of the form
of ../shared/reference/vidur/<case>.

scratchpad: engine, token counts, when each request arrived, had its prompt computed and was complete, and of each engine
its iterations and the most KV blocks in use. A case is a folder with case.json, of the form of
../shared/reference/scratchpad/<case>. Variants called fixed must be within the tolerance; those of engines as they are
may be with 95 % of the requests within 0.2 ms and the mean E2E within 0.1 %, too.
"""

# What a folder has in it that is a case.
MARKS = {"vidur": "workload.csv.gz", "scratchpad": "case.json"}


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="tools/reference", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("simulator", choices=sorted(MARKS), help="whose cases: vidur, or scratchpad")
    parser.add_argument("directories", nargs="+", metavar="DIR", help="a case, or a folder of cases")
    parser.add_argument(
        "--predictor",
        choices=["forest", "interpolate", "polynomial"],
        action="append",
        default=[],
        help="predict step times from the profiling files instead, and print how far medians are; may be repeated",
    )
    parser.add_argument(
        "--within",
        type=float,
        metavar="PERCENT",
        help="with --predictor: exit code 1 when a median is farther off in a case whose GPUs are busy less than 95 %%",
    )
    parser.add_argument(
        "--metrics",
        action="store_true",
        help="compare what regatta-post export vidur writes with Vidur's metrics of requests, batches and replicas",
    )
    parser.add_argument("--tolerance", type=float, default=20.0, metavar="US", help="of times [us] (default: 20)")
    parser.add_argument(
        "--bin", default=os.environ.get("REGATTA_BIN", PROJECT / "build/release/bin"), help="where the programs are"
    )
    parser.add_argument("--skip-missing", action="store_true", help="exit with 77 when a folder is not there")
    return parser.parse_args(arguments)


def cases_in(directories, mark):
    cases = []
    for directory in map(Path, directories):
        if (directory / mark).exists():
            cases.append(directory)
        else:
            cases += sorted(one for one in directory.iterdir() if (one / mark).exists())
    return cases


def main(arguments):
    options = parse(arguments)
    missing = [one for one in options.directories if not Path(one).is_dir()]
    if missing:
        for one in missing:
            print(f"{one}: no such folder", file=sys.stderr)
        return SKIPPED if options.skip_missing else 2
    cases = cases_in(options.directories, MARKS[options.simulator])
    if not cases:
        print(f"no cases: expected folders with {MARKS[options.simulator]}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="regatta-reference-") as scratch:
        if options.simulator == "scratchpad":
            runner = scratchpad.Runner(Path(options.bin), Path(scratch), PROJECT)
            return scratchpad.print_cases(runner, cases, options.tolerance)
        runner = vidur.Runner(Path(options.bin), Path(scratch), PROJECT)
        if options.metrics:
            return vidur_metrics.print_metrics(runner, cases)
        if options.predictor:
            return vidur.print_predictors(runner, cases, options.predictor, options.within)
        return vidur.print_cases(runner, cases, options.tolerance)
