"""The command line of tools/reference."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from . import vidur, vidur_metrics

PROJECT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # what ctest takes for a skipped test

DESCRIPTION = """\
Runs cases that Vidur has run and compares, request for request: replica, restarts, number of batches, and when each
was first scheduled, had its prompt computed and was complete. One line per case with the largest deviations.

A case is a folder with config.json, workload.csv.gz, predictor_tables.csv.gz and requests.csv.gz, of the form of
../shared/reference/vidur/<case>. Exit code 1: a case is beyond the tolerance, or differs in what is counted.
"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="tools/reference", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("simulator", choices=["vidur"], help="whose cases: vidur")
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


def cases_in(directories):
    cases = []
    for directory in map(Path, directories):
        if (directory / "workload.csv.gz").exists():
            cases.append(directory)
        else:
            cases += sorted(one for one in directory.iterdir() if (one / "workload.csv.gz").exists())
    return cases


def main(arguments):
    options = parse(arguments)
    missing = [one for one in options.directories if not Path(one).is_dir()]
    if missing:
        for one in missing:
            print(f"{one}: no such folder", file=sys.stderr)
        return SKIPPED if options.skip_missing else 2
    cases = cases_in(options.directories)
    if not cases:
        print("no cases: expected folders with config.json and workload.csv.gz", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="regatta-reference-") as scratch:
        runner = vidur.Runner(Path(options.bin), Path(scratch), PROJECT)
        if options.metrics:
            return vidur_metrics.print_metrics(runner, cases)
        if options.predictor:
            return vidur.print_predictors(runner, cases, options.predictor, options.within)
        return vidur.print_cases(runner, cases, options.tolerance)
