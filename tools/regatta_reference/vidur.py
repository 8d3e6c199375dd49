"""Cases of Vidur: run, and compared with what it printed."""

import csv
import gzip
import json
import statistics
import subprocess
from dataclasses import dataclass, field

# Ours and Vidur's name of each time that is compared.
TIMES = {"scheduled": ("scheduled_s", "first_scheduled_at"), "prefill": ("first_token_s", "prefill_completed_at"),
         "completed": ("end_s", "completed_at")}
# What a case of Vidur's later line has and the main line has not.
CANARY_COLUMNS = {"session_id", "block_hash_ids"}


class RunError(Exception):
    """A program failed; its last words."""


@dataclass
class Comparison:
    requests: int = 0
    batches: tuple = (0, 0)  # ours, Vidur's
    replicas: int = 0  # how many requests went elsewhere
    restarts: int = 0  # how many were restarted another number of times
    ends: int = 0  # how many are complete in one run only
    deviation_us: dict = field(default_factory=dict)  # the largest, by what is compared

    def is_within(self, tolerance_us):
        is_counted_alike = self.batches[0] == self.batches[1] and not (self.replicas or self.restarts or self.ends)
        return is_counted_alike and all(value <= tolerance_us for value in self.deviation_us.values())


def rows_of(path):
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def reason_to_skip(case):
    """Why a folder is no case that can be run; None when it is one."""
    with gzip.open(case / "workload.csv.gz", "rt") as file:
        columns = set(file.readline().strip().split(","))
    if columns & CANARY_COLUMNS:
        return "Vidur's canary line, which is not covered"
    for name in ("config.json", "requests.csv.gz", "batches.csv.gz"):
        if not (case / name).exists():
            return f"no {name}"
    return None


class Runner:
    def __init__(self, programs, scratch, project):
        self.programs = programs
        self.scratch = scratch
        self.project = project  # what relative paths of the cases are relative to

    def call(self, program, *arguments):
        done = subprocess.run(
            [self.programs / program, *map(str, arguments)],
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RunError(" / ".join((done.stderr or done.stdout).strip().splitlines()[-2:]))
        return done.stdout

    def run(self, case, predictor=None):
        """Requests of the run by id, and how many batches there were."""
        results, summary = self.results(case, predictor)
        return self.requests(results), steps_of(summary)

    def requests(self, results):
        rows = csv.DictReader(self.call("regatta-post", "requests", results).splitlines())
        return {int(row["request_id"]): row for row in rows}

    def results(self, case, predictor=None, settings=()):
        """Runs the case: the directory of its results, and its summary. `settings` are KEY=VALUE of the scenario."""
        case = case.resolve()
        config = json.loads((case / "config.json").read_text())
        name = f"{case.name}-{predictor or 'table'}"
        scenario = self.scratch / f"{name}.yaml"
        options = ["--workload", case / "workload.csv.gz", "-o", scenario]
        if predictor:
            options += ["--predictor", predictor]
        else:
            options += ["--tables", case / "predictor_tables.csv.gz"]
        if config["cluster_config"]["global_scheduler_config"]["name"] == "random":
            options += ["--replay", case / "requests.csv.gz"]
        self.call("regatta", "import", "vidur", case / "config.json", *options)
        results = self.scratch / name
        options = [part for setting in settings for part in ("--set", setting)]
        return results, json.loads(self.call("regatta", "run", scenario, "--out", results, "--quiet", "--json", *options))


def steps_of(summary):
    return int(summary["fleet"]["steps"])


def compare(case, requests, batches):
    theirs = rows_of(case / "requests.csv.gz")
    result = Comparison(requests=len(theirs), batches=(batches, len(rows_of(case / "batches.csv.gz"))))
    result.ends = abs(len(requests) - len(theirs))
    result.deviation_us = dict.fromkeys(TIMES, 0.0)
    for row in theirs:
        own = requests.get(int(row["request_id"]))
        if own is None:
            result.ends += 1
            continue
        result.ends += (own["state"] == "finished") != (row["completed"] == "1")
        result.replicas += own["replica"] != row["replica_id"]
        result.restarts += own["preemptions"] != row["num_restarts"]
        for name, (ours, vidurs) in TIMES.items():
            if bool(own[ours]) != bool(row[vidurs]):
                result.ends += name == "scheduled"
            elif row[vidurs] and (name != "completed" or row["completed"] == "1"):
                deviation = abs(float(own[ours]) - float(row[vidurs])) * 1e6
                result.deviation_us[name] = max(result.deviation_us[name], deviation)
    return result


def print_cases(runner, cases, tolerance_us):
    width = max(len(case.name) for case in cases)
    is_good = True
    covered = 0
    for case in cases:
        reason = reason_to_skip(case)
        if reason:
            print(f"{case.name:{width}}  skipped: {reason}", flush=True)
            continue
        covered += 1
        try:
            result = compare(case, *runner.run(case))
        except RunError as error:
            print(f"{case.name:{width}}  FAILED: {error}", flush=True)
            is_good = False
            continue
        is_within = result.is_within(tolerance_us)
        is_good = is_good and is_within
        ours, theirs = result.batches
        deviations = ", ".join(f"{name} {value:.3f} us" for name, value in result.deviation_us.items())
        print(
            f"{case.name:{width}}  {'ok' if is_within else 'DIFFERS'}: {result.requests} requests, "
            f"{ours} batches{'' if ours == theirs else f' (Vidur: {theirs})'}, largest deviation {deviations}"
            f"; other replica {result.replicas}, other restarts {result.restarts}, other end {result.ends}",
            flush=True,
        )
    print(f"{covered} of {len(cases)} cases run, {'all' if is_good else 'not all'} within {tolerance_us:g} us")
    return 0 if is_good else 1


def median_of(rows, start, end):
    return statistics.median(float(row[end]) - float(row[start]) for row in rows if row[start] and row[end])


# At and above, waiting decides, and amplifies whatever differs.
SATURATED = 0.95  # of the time, GPUs are busy
# Likewise where the KV cache is full and requests push each other out.
SATURATED_RESTARTS = 1.0  # of a request, on average


def print_predictors(runner, cases, predictors, within_percent=None):
    """Medians of a run whose step times are predicted by us from the measurements, against Vidur's."""
    width = max(len(case.name) for case in cases)
    print(f"{'case':{width}}  {'predictor':11}  {'median E2E':>10}  {'':>7}  {'median TTFT':>11}  {'':>7}  GPUs busy  restarts")
    is_good = True
    for case in cases:
        if reason_to_skip(case):
            print(f"{case.name:{width}}  skipped: {reason_to_skip(case)}", flush=True)
            continue
        theirs = rows_of(case / "requests.csv.gz")
        e2e = median_of(theirs, "arrived_at", "completed_at")
        ttft = median_of(theirs, "arrived_at", "prefill_completed_at")
        restarts = statistics.mean(int(row["num_restarts"]) for row in theirs)
        for predictor in predictors:
            try:
                results, summary = runner.results(case, predictor)
                own = runner.requests(results).values()
            except RunError as error:
                print(f"{case.name:{width}}  {predictor:11}  FAILED: {error}", flush=True)
                is_good = False
                continue
            own_e2e = median_of(own, "arrival_s", "end_s")
            own_ttft = median_of(own, "arrival_s", "first_token_s")
            busy = summary["fleet"]["gpu_busy_fraction"]
            worst = max(abs(own_e2e / e2e - 1), abs(own_ttft / ttft - 1))
            is_saturated = busy >= SATURATED or restarts >= SATURATED_RESTARTS
            is_beyond = within_percent is not None and not is_saturated and worst * 100 > within_percent
            is_good = is_good and not is_beyond
            print(
                f"{case.name:{width}}  {predictor:11}  {own_e2e:8.3f} s  {own_e2e / e2e - 1:+7.2%}  "
                f"{own_ttft * 1e3:8.1f} ms  {own_ttft / ttft - 1:+7.2%}  {busy:9.1%}  {restarts:8.2f}{'  BEYOND' if is_beyond else ''}",
                flush=True,
            )
    return 0 if is_good else 1
