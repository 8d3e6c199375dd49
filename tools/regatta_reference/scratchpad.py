"""Cases of the Scratchpad simulator: run, and compared with what it printed."""

import gzip
import json
import subprocess
from dataclasses import dataclass, field

from .vidur import RunError

TIMES = ("arrive_at", "prefill_finished_at", "generation_finished_at")
# What the published program prints of environments is no model of anything: engines step while they are busy, and the
# bits of a weight are the loading time in seconds.
NOT_REPRODUCED = "wrong by construction there (engines overlap their iterations); the fixed variant is compared"
NEAR_S = 200e-6  # of as-is cases, 95 % of the requests must be as near
NEAR_SHARE = 0.95
MEAN_E2E = 1e-3


@dataclass
class Comparison:
    requests: int = 0
    ends: int = 0  # how many finished in one of the two only
    engines: int = 0  # how many requests were served by another engine
    tokens: int = 0  # how many have other token counts
    failed: int = 0  # difference
    peaks: dict = field(default_factory=dict)  # by engine: (ours, theirs) where they differ
    iterations: dict = field(default_factory=dict)  # likewise
    done: tuple = (0, 0)  # iterations in all: ours, theirs
    deviation_us: dict = field(default_factory=dict)  # the largest, by time
    near_share: float = 1.0  # of the requests, whose times are all within NEAR_S
    mean_e2e: float = 0.0  # relative difference of the means

    def problems(self, is_fixed, tolerance_us):
        found = [f"{count} {what}" for count, what in (
            (self.ends, "other ends"), (self.engines, "other engines"), (self.tokens, "other token counts"),
            (self.failed, "more or fewer failed")) if count]
        found += [f"peak blocks of {engine}: {a} instead of {b}" for engine, (a, b) in self.peaks.items()]
        is_exact = all(value <= tolerance_us for value in self.deviation_us.values())
        if is_fixed:
            found += [f"iterations of {engine}: {a} instead of {b}" for engine, (a, b) in self.iterations.items()]
            if not is_exact:
                found.append(f"times beyond {tolerance_us:g} us")
        elif not is_exact:
            if self.near_share < NEAR_SHARE:
                found.append(f"only {self.near_share:.1%} of the requests within {NEAR_S * 1e6:g} us")
            if abs(self.mean_e2e) > MEAN_E2E:
                found.append(f"mean E2E off by {self.mean_e2e:+.3%}")
        return found


def load(path):
    """JSON of a file that may be compressed; None when it is not there in either form."""
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        with gzip.open(packed, "rt") as file:
            return json.load(file)
    return json.loads(path.read_text()) if path.exists() else None


class Runner:
    def __init__(self, programs, scratch, project):
        self.programs = programs
        self.scratch = scratch
        self.project = project

    def call(self, program, *arguments):
        done = subprocess.run(
            [self.programs / program, *map(str, arguments)], cwd=self.project, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RunError(" / ".join((done.stderr or done.stdout).strip().splitlines()[-2:]))
        return done.stdout

    def import_options(self, case, facts):
        options = ["--input", case / facts["trace"], "--arrival-rate", facts.get("arrival_rate", 0), "--record-steps"]
        if facts.get("limit"):
            options += ["--limit", facts["limit"]]
        if facts["mode"] == "node":
            options += ["--environment", case / facts["env"], "--policy", facts.get("policy") or "random",
                        "--precision", "/".join(map(str, facts.get("precision") or (4, 4, 4)))]
            return options
        for kind in facts["engines"]:
            bits = "/".join(str(kind[key]) for key in ("w_bit", "a_bit", "kv_bit"))
            options += ["--engines", f"{kind['hardware']}:{kind['model']}:{kind.get('count', 1)}:{bits}"]
        if facts.get("env_changes"):
            options += ["--environment-change-file", case / facts["env_changes"]]
        return options

    def run(self, case, facts):
        """What the run gives in that simulator's own form: (stats.json, trace.json)."""
        case = case.resolve()
        scenario = self.scratch / f"{case.name}.yaml"
        results, own = self.scratch / f"{case.name}-results", self.scratch / f"{case.name}-own"
        self.call("regatta", "import", "scratchpad", *self.import_options(case, facts), "-o", scenario)
        self.call("regatta", "run", scenario, "--out", results, "--quiet", "--json")
        self.call("regatta-post", "export", "scratchpad", results, "-o", own)
        return load(own / "stats.json"), load(own / "trace.json")


def engines_of(trace):
    """Of a trace.json: the engine of each request, and of each engine the iterations and the most blocks in use."""
    engine_of, iterations, peaks = {}, {}, {}
    for event in trace["traceEvents"]:
        engine = str(event["pid"])
        if event["name"].startswith("prefill-") and event["ph"] == "X":
            engine_of[event["name"].removeprefix("prefill-")] = engine
        elif event["cat"] == "memory":
            iterations[engine] = iterations.get(engine, 0) + 1
            peaks[engine] = max(peaks.get(engine, 0), event["args"]["used"])
    return engine_of, iterations, peaks


def differing(ours, theirs):
    return {engine: (ours.get(engine, 0), theirs.get(engine, 0)) for engine in sorted(ours.keys() | theirs.keys())
            if ours.get(engine, 0) != theirs.get(engine, 0)}


def compare(own_stats, own_trace, stats, trace):
    ours = {row["req_id"]: row for row in own_stats["summary"]}
    theirs = {row["req_id"]: row for row in stats["summary"]}
    common = ours.keys() & theirs.keys()
    result = Comparison(requests=len(theirs), ends=len(ours.keys() ^ theirs.keys()),
                        failed=abs(len(own_stats["failed"]) - len(stats["failed"])))
    own_engines, own_iterations, own_peaks = engines_of(own_trace)
    engines, iterations, peaks = engines_of(trace)
    result.engines = sum(own_engines.get(one) != engines.get(one) for one in own_engines.keys() | engines.keys())
    result.iterations = differing(own_iterations, iterations)
    result.peaks = differing(own_peaks, peaks)
    result.done = (sum(own_iterations.values()), sum(iterations.values()))
    result.deviation_us = dict.fromkeys(TIMES, 0.0)
    near = 0
    for one in common:
        own, their = ours[one], theirs[one]
        result.tokens += any(own[key] != their[key] for key in ("input_length", "output_length", "generated_tokens"))
        apart = {key: abs(own[key] - their[key]) for key in TIMES}
        near += max(apart.values()) <= NEAR_S
        for key, value in apart.items():
            result.deviation_us[key] = max(result.deviation_us[key], value * 1e6)
    if common:
        own_e2e, e2e = (sum(rows[one]["generation_finished_at"] - rows[one]["arrive_at"] for one in common)
                        for rows in (ours, theirs))
        result.near_share = near / len(common)
        result.mean_e2e = own_e2e / e2e - 1 if e2e else 0.0
    return result


def describe(result):
    times = ", ".join(f"{key} {value:.3f} us" for key, value in result.deviation_us.items())
    return (f"{result.requests} requests, {result.done[0]} iterations"
            f"{'' if result.done[0] == result.done[1] else f' (there: {result.done[1]})'}, largest deviation {times}; "
            f"within {NEAR_S * 1e6:g} us {result.near_share:.1%}, mean E2E {result.mean_e2e:+.2e}")


def print_cases(runner, cases, tolerance_us):
    width = max(len(case.name) for case in cases) + 6
    is_good, covered = True, 0
    for case in cases:
        facts = json.loads((case / "case.json").read_text())
        for variant in facts.get("variants") or ["asis"]:
            label = f"{case.name} {variant}"
            if facts["mode"] == "node" and variant != "fixed":
                print(f"{label:{width}}  skipped: {NOT_REPRODUCED}", flush=True)
                continue
            stats, trace = (load(case / variant / name) for name in ("stats.json", "trace.json"))
            if stats is None or trace is None:
                print(f"{label:{width}}  skipped: no {variant}/stats.json.gz and trace.json.gz", flush=True)
                continue
            covered += 1
            try:
                result = compare(*runner.run(case, facts), stats, trace)
            except (RunError, KeyError) as error:
                print(f"{label:{width}}  FAILED: {error}", flush=True)
                is_good = False
                continue
            problems = result.problems(variant == "fixed", tolerance_us)
            is_good = is_good and not problems
            print(f"{label:{width}}  {'DIFFERS' if problems else 'ok'}: {describe(result)}", flush=True)
            for problem in problems:
                print(f"{'':{width}}    {problem}", flush=True)
    print(f"{covered} variants of {len(cases)} cases run, {'all' if is_good else 'not all'} within the limits")
    return 0 if is_good and covered else 1
