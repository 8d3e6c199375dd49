"""Whole runs of fleets, from the scenario to the last record on disk."""

from dataclasses import dataclass, replace
from typing import Optional, Tuple

from .figures import Target
from .session import PROJECT, Variant, figure, same_digest

NAME = "fleet"
PROGRAMS = ["regatta"]

REPORTS = {"every": (), "on_completion": ("gateways.reports=on_completion",)}
RANKS = (1, 2)
FULL_S = 60  # simulated; what the targets speak of


@dataclass(frozen=True)
class Fleet:
    name: str
    config: str
    duration_s: float  # simulated, when nothing else is asked for
    settings: Tuple[str, ...] = ()
    is_fixed: bool = False        # its duration does not follow the options
    speed: Tuple[Optional[float], Optional[float]] = (None, None)  # floor on two ranks [x real time], by REPORTS
    speedup: Optional[float] = None   # floor with group reports, of two ranks over one
    slowdown: Optional[float] = None  # ceiling, of two ranks over one
    memory_bytes: Optional[float] = None

    def is_wide(self):
        """Large enough that windows and waiting are held to something."""
        return self.speedup is not None


FLEETS = [
    Fleet("small", "hundred-thousand-gpus.yaml", 3600, is_fixed=True, slowdown=1.2,
          # 16 nodes with 12 requests/s each.
          settings=("fleet.pools[0].nodes=16", "workload.streams[0].arrivals.rate=192/s")),
    Fleet("hundred_thousand", "hundred-thousand-gpus.yaml", 20, speed=(30, 12), speedup=1.6),
    Fleet("million", "million-gpus.yaml", 5, speed=(2, 1), speedup=1.8, memory_bytes=8 * 2**30),
]
QUICK = replace(FLEETS[0], duration_s=5)

# Routed, served and recorded by one rank, start and end of the program included.
ONE_CORE_REQUESTS_PER_S = 1e6
LEAST_MEAN_WINDOW_S = 0.040
MOST_WAITING = 0.10


def duration_s(session, fleet):
    if fleet.is_fixed:
        return fleet.duration_s
    if session.options.duration_s is not None:
        return session.options.duration_s
    return FULL_S if session.options.full else fleet.duration_s


def numbers(outcome, summary):
    """What one run tells of itself, and what it took."""
    run = summary["run"]
    arrived = summary["requests"]["arrived"]
    # Preparing and reading messages is time not spent on the model either.
    waiting = run["waiting_fraction"] + run["exchanging_fraction"]
    return {"speed": summary["end_s"] / outcome.wall_s,
            "requests_per_s": arrived / outcome.wall_s,
            "requests_per_cpu_s": arrived / outcome.cpu_s,
            "wall": outcome.wall_s,
            "peak_memory": outcome.peak_memory_bytes,
            "windows": run["windows"],
            "mean_window": run["mean_window_s"],
            "waiting": waiting,
            "digest": int(summary["digest"], 16)}


UNITS = {"speed": "x", "requests_per_s": "requests/s", "requests_per_cpu_s": "requests/s", "wall": "s",
         "peak_memory": "bytes", "windows": "", "mean_window": "s", "waiting": "fraction"}


def variant(session, fleet, reports, ranks):
    settings = [*fleet.settings, *REPORTS[reports], f"duration={duration_s(session, fleet):g}s"]

    def measure():
        outcome, summary = session.run_scenario(PROJECT / "configs" / fleet.config, *settings, ranks=ranks)
        return outcome.command, numbers(outcome, summary)

    return Variant(name=f"fleet.{fleet.name}.{reports}.{ranks}r", measure=measure, headline="speed", unit="x")


def target(fleet, reports, ranks, key):
    is_every = reports == "every"
    if key == "requests_per_s" and ranks == 1 and is_every and fleet.name == "hundred_thousand":
        return Target(value=ONE_CORE_REQUESTS_PER_S)
    if ranks == 1:
        return None
    speed = fleet.speed[list(REPORTS).index(reports)]
    if key == "speed" and speed is not None:
        return Target(value=speed)
    if key == "peak_memory" and fleet.memory_bytes is not None:
        return Target(value=fleet.memory_bytes, is_ceiling=True)
    if fleet.is_wide() and is_every and key == "mean_window":
        return Target(value=LEAST_MEAN_WINDOW_S)
    if fleet.is_wide() and is_every and key == "waiting":
        return Target(value=MOST_WAITING, is_ceiling=True)
    return None


def between_ranks(fleet, reports, one, two):
    """Wall times of one rank and two in proportion, round by round."""
    pairs = list(zip(one.runs("wall"), two.runs("wall")))
    both = Variant(name=f"fleet.{fleet.name}.{reports}", measure=two.measure, headline="speedup", unit="x",
                   command=two.command,
                   samples=[{"speedup": of_one / of_two, "slowdown": of_two / of_one} for of_one, of_two in pairs])
    if fleet.slowdown is not None:
        return figure(NAME, f"{both.name}.slowdown", "x", both, "slowdown",
                      target=Target(value=fleet.slowdown, is_ceiling=True))
    floor = Target(value=fleet.speedup) if reports == "every" and fleet.speedup is not None else None
    return figure(NAME, f"{both.name}.speedup", "x", both, "speedup", target=floor)


def figures(session):
    fleets = [QUICK] if session.is_quick else FLEETS
    variants = {(fleet.name, reports, ranks): variant(session, fleet, reports, ranks)
                for fleet in fleets for reports in REPORTS for ranks in RANKS}
    session.in_turn(list(variants.values()))
    result = []
    for fleet in fleets:
        for reports in REPORTS:
            one, two = (variants[fleet.name, reports, ranks] for ranks in RANKS)
            same_digest(f"fleet.{fleet.name}.{reports}", [one, two])
            of_one = {}
            for ranks, measured in ((1, one), (2, two)):
                for key, unit in UNITS.items() if measured.samples else ():
                    made = figure(NAME, f"{measured.name}.{key}", unit, measured, key, reference=of_one.get(key),
                                  target=target(fleet, reports, ranks, key))
                    if ranks == 1:
                        of_one[key] = made
                    result.append(made)
            if one.samples and two.samples:
                result.append(between_ranks(fleet, reports, one, two))
    return result
