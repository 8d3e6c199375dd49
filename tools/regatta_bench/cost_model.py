"""`scaling --fit`: what a window costs, fitted to runs on 1 and 2 ranks, and what follows from it for many more.
docs/scaling.md says what each term stands for, and what of it is measured and what assumed."""

from dataclasses import dataclass, replace
from math import ceil, inf, log, log2, sqrt

from . import fleet
from .figures import Figure
from .launch import BenchError
from .session import PROJECT, Variant, read_json, same_digest

NAME = "scaling"
PROGRAMS = ["phold", "regatta"]
RANKS = (64, 256, 1024, 4096, 16384)
WAYS = ("pairs", "collective")

# Assumed of a cluster, for one machine cannot tell: what a small message takes from one host to another, and what each
# byte adds, as with 100 Gbit/s; what a message costs its sender and its receiver, as measured between two processes
# that send singly (2.3 million a second, both ways).
NETWORK_LATENCY_S = 2e-6
NETWORK_BYTES_PER_S = 12.5e9
MESSAGE_S = 0.43e-6

# As in src/engine: of an event, of a report's entry, of what a message says of a domain, and of its counts.
EVENT_BYTES, ENTRY_BYTES, PENDING_BYTES, TIME_BYTES, COUNT_BYTES = 64, 8, 56, 8, 32
TIERS = 2  # gateways and nodes
# Of the work, as the partition takes it (src/scenario/build_fleet.cpp): gateways cannot lie on more ranks than they are.
GATEWAY_SHARE = 0.25
# A window's work on a rank is a sum over a Poisson number of requests, of which each takes its own time: with exponential
# times, the variance is twice that of the number alone.
WORK_VARIANCE = 2.0


@dataclass(frozen=True)
class Problem:
    name: str
    config: str
    reports: str
    duration_s: float
    nodes: int
    gateways: int = 64
    settings: tuple = ()


PROBLEMS = [Problem("hundred_thousand", "hundred-thousand-gpus.yaml", "every", 5, 12_500),
            Problem("million", "million-gpus.yaml", "every", 2, 125_000),
            Problem("million", "million-gpus.yaml", "on_completion", 0.5, 125_000)]
QUICK = [Problem("small", "hundred-thousand-gpus.yaml", reports, 2, 16, settings=fleet.QUICK.settings)
         for reports in fleet.REPORTS]


@dataclass(frozen=True)
class Measured:
    """Of one problem, per simulated second."""
    windows: float
    requests: float
    work_s: float       # on one rank: its event loop, writing included
    window_s: float     # of each window on each rank, however little there is in it
    events_per_request: float  # that a request makes travel: its dispatch, and perhaps its completion
    entries: float      # of reports, in each window, from all nodes to one rank
    nodes: int
    gateways: int


def variant(session, problem, ranks, latency=None):
    """`latency`: of the network, instead of the scenario's."""
    settings = [*problem.settings, *fleet.REPORTS[problem.reports], f"duration={problem.duration_s:g}s"]
    settings += [f"network.gateway_to_node={latency}"] if latency else []

    def measure():
        outcome, summary = session.run_scenario(PROJECT / "configs" / problem.config, *settings, ranks=ranks)
        run, simulated_s = summary["run"], summary["end_s"]
        return outcome.command, {"all_windows": run["windows"], "windows": run["windows"] / simulated_s,
                                 "requests": summary["requests"]["arrived"] / simulated_s,
                                 "bytes": run["bytes"] / simulated_s, "loop": run["loop_s"] / simulated_s,
                                 "cpu": outcome.cpu_s, "digest": int(summary["digest"], 16)}

    name = f"model.{problem.name}.{problem.reports}.{ranks}r" + (f".{latency}" if latency else "")
    return Variant(name=name, measure=measure, headline="loop", unit="s")


def bare_variant(session):
    """Two ranks that hand a few events to and fro: hardly more than the exchange itself."""
    def measure():
        outcome = session.run(session.binary("phold"), "--lps", 8, "--population", 1, "--remote", 1, "--lookahead", 0.1,
                              "--end", 30 if session.is_quick else 3_000, "--exchange", "pairs", "--json", ranks=2)
        said = read_json(outcome)
        ranks_windows = 2 * said["windows"]
        if said["messages"] != ranks_windows + 2:
            raise BenchError(f"{said['messages']} messages in {said['windows']} windows; expected one more each")
        of_loop = said["loop_s"] / said["windows"]
        return outcome.command, {"exchange": of_loop * (said["waiting_fraction"] + said["exchanging_fraction"]),
                                 "message": of_loop * said["exchanging_fraction"], "digest": int(said["digest"], 16)}

    return Variant(name="model.exchange.2r", measure=measure, headline="exchange", unit="s")


def least(made, key):
    """Of several runs: what else the machine does only adds."""
    return min(made.runs(key))


def fit(problem, one, two, window_s):
    windows = one.runs("windows")[0]
    work_s = max(least(one, "loop") - windows * window_s, 1e-9)
    is_told = problem.reports == "on_completion"
    requests = one.runs("requests")[0]
    events_per_request = 2 if is_told else 1
    crossing = requests * events_per_request / 2 * EVENT_BYTES
    messages = 2 * windows * (COUNT_BYTES + TIERS * PENDING_BYTES + 2 * TIERS * TIME_BYTES)
    entries_bytes = max(0.0, two.runs("bytes")[0] - crossing - messages)  # from half of the nodes, twice
    return Measured(windows=windows, requests=requests, work_s=work_s, window_s=window_s,
                    events_per_request=events_per_request, entries=entries_bytes / ENTRY_BYTES / windows,
                    nodes=problem.nodes, gateways=problem.gateways)


def message_bytes(way, ranks):
    """Of a message without events and reports."""
    if way == "collective":
        return COUNT_BYTES
    return COUNT_BYTES + TIERS * PENDING_BYTES + ranks * TIERS * TIME_BYTES


def destinations(measured, ranks):
    """Ranks that one rank sends something to in a window: of so many draws, the number of different ones."""
    events = measured.requests * measured.events_per_request / measured.windows / ranks
    others = ranks - 1
    by_events = others * (1 - (1 - 1 / others) ** events)
    by_reports = min(measured.gateways, others) if measured.entries > 0 else 0
    return min(others, by_events + by_reports)


def exchange_s(measured, ranks, way, message_s):
    """One exchange on `ranks` hosts; `message_s`: preparing and reading one."""
    events = measured.requests * measured.events_per_request / measured.windows / ranks
    readers = min(measured.gateways, ranks - 1)
    payload = events * EVENT_BYTES + measured.entries / ranks * ENTRY_BYTES * readers
    count = ranks - 1 if way == "pairs" else destinations(measured, ranks)
    one_way = count * (MESSAGE_S + message_s) + (payload + count * message_bytes(way, ranks)) / NETWORK_BYTES_PER_S
    steps = 1 if way == "pairs" else 1 + 2 * ceil(log2(ranks))
    # How many messages come for each rank is a sum of that many numbers.
    counting = 4 * ranks / NETWORK_BYTES_PER_S if way == "collective" else 0.0
    return steps * NETWORK_LATENCY_S + one_way + counting


def slowest_s(measured, share, ranks):
    """What the busiest of `ranks` does in a window, when `share` of the work is spread over them: the largest of so many
    normal variates, about sqrt(2 ln ranks) deviations above their mean; and where there is work at all, one request's."""
    of_request_s = share * measured.work_s / measured.requests
    requests = measured.requests / measured.windows / ranks
    spread = sqrt(WORK_VARIANCE * requests * 2 * log(ranks)) if ranks > 1 else 0.0
    return of_request_s * max(requests + spread, min(1.0, requests * ranks))


def wall_s(measured, ranks, exchange):
    """Wall time of one simulated second; `exchange`: of one window [s]."""
    gateway_ranks = min(ranks, measured.gateways)
    node_ranks = min(ranks, measured.nodes)
    work = max(slowest_s(measured, 1.0, ranks), slowest_s(measured, GATEWAY_SHARE, gateway_ranks),
               slowest_s(measured, 1 - GATEWAY_SHARE, node_ranks))
    return measured.windows * (work + measured.window_s + exchange)


def cheaper_from(measured, message_s):
    """The least number of ranks, among powers of two, from which reductions are cheaper."""
    ranks = [2**i for i in range(1, 15)]
    return next((n for n in ranks if exchange_s(measured, n, "collective", message_s)
                 < exchange_s(measured, n, "pairs", message_s)), inf)


def window_variants(session):
    """One fleet, whose requests are the same, with narrow windows and with wide ones."""
    small = Problem("small", "hundred-thousand-gpus.yaml", "on_completion", 2 if session.is_quick else 600, 16,
                    settings=fleet.FLEETS[0].settings)
    return [variant(session, small, 1, latency=latency) for latency in ("50us", "5ms")]


def figures(session):
    problems = QUICK if session.is_quick else PROBLEMS
    bare = bare_variant(session)
    narrow, wide = window_variants(session)
    runs = {(problem, ranks): variant(session, problem, ranks) for problem in problems for ranks in (1, 2)}
    session.in_turn([bare, narrow, wide, *runs.values()])
    if not all(made.samples for made in [bare, narrow, wide, *runs.values()]):
        return []
    message_s = least(bare, "message")
    window_s = max(0.0, (least(narrow, "cpu") - least(wide, "cpu")) /
                   (narrow.runs("all_windows")[0] - wide.runs("all_windows")[0]))

    def made(name, unit, value, command=""):
        return Figure(suite=NAME, name=f"model.{name}", unit=unit, runs=[value], command=command)

    result = [made("exchange.2r", "s", least(bare, "exchange"), bare.command),
              made("message", "s", message_s, bare.command), made("window", "s", window_s, narrow.command)]
    for problem in problems:
        one, two = runs[problem, 1], runs[problem, 2]
        same_digest(f"model.{problem.name}.{problem.reports}", [one, two])
        measured = fit(problem, one, two, window_s)
        name = f"{problem.name}.{problem.reports}"
        on_two = 1 / wall_s(measured, 2, least(bare, "exchange"))
        result += [made(f"{name}.windows_per_s", "/s", measured.windows, one.command),
                   made(f"{name}.work_per_s", "s", measured.work_s, one.command),
                   made(f"{name}.2r.speed_predicted", "x", on_two),
                   made(f"{name}.2r.speed_measured", "x", 1 / least(two, "loop"), two.command),
                   made(f"{name}.collective_from", "ranks", float(cheaper_from(measured, message_s)))]
        for ranks in RANKS:
            exchange = {way: exchange_s(measured, ranks, way, message_s) for way in WAYS}
            result += [made(f"{name}.{ranks}r.exchange_{way}", "s", exchange[way]) for way in WAYS]
            result += [made(f"{name}.{ranks}r.speed_{way}", "x", 1 / wall_s(measured, ranks, exchange[way]))
                       for way in WAYS]
            more = replace(measured, gateways=ranks)  # each of which wants to hear of all nodes
            result.append(made(f"{name}.{ranks}r.speed_more_gateways", "x",
                               1 / wall_s(more, ranks, exchange_s(more, ranks, "collective", message_s))))
    return result
