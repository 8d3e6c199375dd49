"""The command line of tools/bench."""

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from . import checkpoint, cost_model, files, fleet, merge, micro, other_engines, phold, scaling, soak, sweep, vidur
from .figures import table
from .launch import BenchError, UsageError, usable_cores
from .session import PROJECT, Session, tell

SUITES = {suite.NAME: suite for suite in (phold, fleet, merge, checkpoint, scaling, vidur, micro, soak)}
ONLY_WHEN_NAMED = {soak.NAME}

DESCRIPTION = """\
Measures this project: how fast its engine and its fleets run, against targets and against references taken in the
same call. Prints a table on stdout; every figure is the median of several runs, which take turns.

suites (all but soak when none is named):
  phold    the engine on the benchmark of its field, against a plain event loop on one core (program hold)
  fleet    a hundred thousand and a million GPUs, and 16 servers, on 1 and 2 ranks, by group reports and by reports
           on every completion
  merge    regatta-post merge of eight ranks' files on one core, against copying the same files
  checkpoint
           a hundred thousand GPUs saved every ten simulated seconds, against the same run that is not
  scaling  one problem on 1, 2, 4 and 8 ranks, with every number the runs tell of themselves
  vidur    recorded cases of Vidur, 100 times each as independent replicas; its growth series at 64 replicas; with
           --vidur that simulator itself
  soak     a hundred thousand GPUs for --minutes: whether memory stays flat, checkpoints and their digests, file sizes
  micro    queue, exchange, step loop, sketch, random numbers and row hash by themselves (Google Benchmark)

comparing:
  tools/bench compare OLD.json NEW.json   two files written with --json
  tools/bench compare OLD.json            what OLD.json holds, measured again
"""

EPILOG = """\
names of figures (stable, so that they can be compared for years):
  phold.RANKSxLPS_PER_RANK.laLOOKAHEAD.remoteCHANCE[.ross|.sst], phold.hold.PENDING
  fleet.FLEET.REPORTS.RANKSr.FIGURE, fleet.FLEET.REPORTS.speedup (or .slowdown); FLEET small, hundred_thousand, million;
      REPORTS every, on_completion; FIGURE speed (simulated over wall time), requests_per_s, requests_per_cpu_s, wall,
      peak_memory (sum over ranks), windows, mean_window, waiting (fraction of the event loops)
  sweep.INSTANCES.FIGURE; FIGURE requests_per_cpu_s, cpu, in_flight, peak_memory, memory_per_request
  vidur.CASE.batches_per_s (of the event loop), vidur.CASE.wall, vidur.CASE.theirs.batches_per_s, vidur.growth.RANKSr.FIGURE
  merge.FORM.FIGURE; FORM plain, deflated, virtual; checkpoint.RANKSr.slowdown, checkpoint.RANKSr.bytes (of one); scaling.PROBLEM.RANKSr.FIGURE; micro.PART; soak.RANKSr.FIGURE
  model.FLEET.REPORTS.RANKSr.FIGURE, model.FLEET.REPORTS.FIGURE, model.FIGURE: docs/scaling.md

formulas:
  ratio               median over the rounds of: figure / reference, both of that round
  spread              (largest - smallest run) / median
  wall, CPU time      of whole processes, from start to end; wall of the slowest rank, CPU time of all
  in_flight           arrival rate x mean time from arrival to last token (Little's law)
  memory_per_request  (peak memory - that of one instance with 100,000 requests, which fill every buffer once) / in_flight
  met                 the value or the ratio reaches its target

examples:
  tools/bench phold --runs 5 --json before.json
  tools/bench compare before.json
  tools/bench fleet --full --only 'fleet.million.*'
  tools/bench fleet --sweep
  tools/bench soak --minutes 30

exit codes: 0 done, 1 a run failed or results differ, 2 the call is wrong or something is not built
How to read the figures: docs/benchmarks.md
"""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message + "; see tools/bench --help")


def whole_number(text):
    if not re.fullmatch(r"[0-9]+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found \"{text}\"")
    return int(text)


def seconds(text):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?s", text) or float(text[:-1]) == 0:
        raise argparse.ArgumentTypeError(f"expected seconds above 0 such as 10s, found \"{text}\"")
    return float(text[:-1])


def make_parser():
    parser = Parser(prog="tools/bench", usage="tools/bench [SUITE...] [options]\n"
                    "       tools/bench compare OLD.json [NEW.json] [options]", description=DESCRIPTION, epilog=EPILOG,
                    formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=whole_number, metavar="N", help="runs per figure (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; -: to stdout, the table to stderr")
    parser.add_argument("--build", metavar="DIR", help="build directory (default: build/release)")
    parser.add_argument("--scratch", metavar="DIR", help="where runs write, 8 GB for the whole million; each cleans up "
                        "after itself (default: the build directory)")
    parser.add_argument("--only", metavar="GLOB", default="*", help="run only what is called so, such as 'phold.2x*' or 'fleet.million.*'")
    parser.add_argument("--ross", metavar="PATH", help="phold: ROSS's program phold, to run in turn with ours")
    parser.add_argument("--sst", metavar="PATH", help="phold: a program that runs PHOLD on SST, see docs/benchmarks.md")
    parser.add_argument("--reference", type=Path, metavar="DIR",
                        help="vidur: the recorded cases (default: ../shared/reference/vidur)")
    parser.add_argument("--vidur", type=Path, metavar="DIR", help="vidur: a checkout of that simulator, to run in turn")
    parser.add_argument("--vidur-python", metavar="PATH", help="vidur: its Python (default: the one that runs this)")
    parser.add_argument("--fit", action="store_true",
                        help="scaling: a cost model from 1 and 2 ranks, and what it says of up to 16,384")
    parser.add_argument("--sweep", action="store_true", help="fleet: 1 to 16,384 instances instead of the fleets")
    parser.add_argument("--full", action="store_true", help="fleet: all 60 simulated seconds, of which targets speak")
    parser.add_argument("--duration", type=seconds, dest="duration_s", metavar="SECONDS",
                        help="fleet: simulated time of the large fleets (default: 20s for a hundred thousand GPUs, 5s "
                             "for a million)")
    parser.add_argument("--rows", type=whole_number, metavar="N", default=1_000_000,
                        help="merge: requests in the files (default: %(default)s)")
    parser.add_argument("--minutes", type=whole_number, metavar="N", default=30,
                        help="soak: wall time (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)  # for tests of this program
    return parser


def parse(arguments):
    parser = make_parser()
    options, unknown = parser.parse_known_intermixed_args(arguments)
    if unknown:
        raise UsageError(f"unknown option \"{unknown[0]}\"; see tools/bench --help")
    if options.full and options.duration_s is not None:
        raise UsageError("--full and --duration exclude each other")
    for name in ("ross", "sst"):
        if getattr(options, name) is not None:
            setattr(options, name, other_engines.check(f"--{name}", getattr(options, name)))
    for name in ("reference", "vidur"):
        if getattr(options, name) is not None and not getattr(options, name).is_dir():
            raise UsageError(f"--{name}: {getattr(options, name)} is no directory")
    if options.json is not None:
        files.check_writable("--json", options.json)
    return options


def chosen_suites(options):
    for word in options.words:
        if word not in SUITES:
            raise UsageError(f"no suite \"{word}\"; suites: {', '.join(SUITES)}")
    if options.sweep and "fleet" not in options.words:
        raise UsageError("--sweep belongs to the suite fleet: tools/bench fleet --sweep")
    if options.fit and "scaling" not in options.words:
        raise UsageError("--fit belongs to the suite scaling: tools/bench scaling --fit")
    names = list(dict.fromkeys(options.words)) or [name for name in SUITES if name not in ONLY_WHEN_NAMED]
    instead = {"fleet": sweep if options.sweep else fleet, "scaling": cost_model if options.fit else scaling}
    return [instead.get(name, SUITES[name]) for name in names]


def call_of(suite, runs, options):
    """The words that measure one suite again in the same way, whatever other suites were asked for with it."""
    words = {sweep: ["fleet", "--sweep"], cost_model: ["scaling", "--fit"]}.get(suite, [suite.NAME])
    words += ["--runs", str(runs)]
    if options.only != "*":
        words += ["--only", options.only]
    if suite is phold:
        words += [word for name in ("ross", "sst") if getattr(options, name) is not None
                  for word in (f"--{name}", str(getattr(options, name)))]
    if suite is fleet:
        words += ["--full"] if options.full else []
        words += [] if options.duration_s is None else ["--duration", f"{options.duration_s:g}s"]
    if suite is merge:
        words += ["--rows", str(options.rows)]
    if suite is soak:
        words += ["--minutes", str(options.minutes)]
    if suite is vidur:
        words += [word for name in ("reference", "vidur", "vidur_python") if getattr(options, name) is not None
                  for word in (f"--{name.replace('_', '-')}", str(getattr(options, name)))]
    return words + (["--quick"] if options.quick else [])


def machine():
    model = "unknown processor"
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        model = found[1].strip() if found else model
    except OSError:
        pass
    return f"{model}, {usable_cores()} cores"


def measure(options):
    """All figures of one call as (figures, dicts)."""
    suites = chosen_suites(options)
    build = Path(options.build or "build/release")
    if options.build is None:
        build = PROJECT / build
    session = Session(build=build, scratch=Path(), runs=options.runs or (1 if options.quick else 3),
                      is_quick=options.quick, only=options.only, options=options)
    for suite in suites:
        for program in suite.PROGRAMS:
            session.binary(program)
    session.build = build.resolve()
    figures, dicts = [], []
    try:
        session.scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=options.scratch or session.build))
    except OSError as error:
        raise UsageError(f"--scratch: {options.scratch or build}: cannot be written into: {error.strerror}") from error
    try:
        for suite in suites:
            tell(f"{suite.NAME}, {session.runs} runs")
            found = suite.figures(session)
            figures += found
            dicts += files.as_dicts(found, call_of(suite, session.runs, options), machine())
    finally:
        shutil.rmtree(session.scratch, ignore_errors=True)
    if not figures:
        raise UsageError(f"--only: nothing is called \"{options.only}\"")
    return figures, dicts


def again(old, options):
    """Measures what is in `old` by the calls that made it; options given now come on top."""
    dicts = []
    for call in dict.fromkeys(tuple(figure["call"]) for figure in old):
        repeated = parse(list(call))
        repeated.build, repeated.scratch = options.build, options.scratch
        repeated.runs = options.runs or repeated.runs
        dicts += measure(repeated)[1]
    return dicts


def compare(options):
    paths = options.words[1:]
    if len(paths) not in (1, 2):
        raise UsageError("compare wants one file or two: tools/bench compare OLD.json [NEW.json]")
    old = files.read(paths[0])
    new = files.read(paths[1]) if len(paths) == 2 else again(old, options)
    put_out(files.comparison(old, new), new, options)


def put_out(lines, dicts, options):
    print("\n".join(lines), file=sys.stderr if options.json == "-" else sys.stdout, flush=True)
    if options.json is not None:
        files.write(options.json, dicts)


def main(arguments):
    try:
        options = parse(arguments)
        if options.words[:1] == ["compare"]:
            compare(options)
        else:
            figures, dicts = measure(options)
            put_out(table(figures), dicts, options)
        return 0
    except BenchError as error:
        tell(f"tools/bench: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        tell("tools/bench: stopped")
        return 130
