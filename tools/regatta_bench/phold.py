"""PHOLD, the benchmark of this field, against the plainest event loop there is."""

from dataclasses import dataclass

from . import other_engines
from .figures import Target
from .session import Variant, figure, read_json, same_digest

NAME = "phold"
PROGRAMS = ["phold", "hold"]
QUICK_EVENTS = 200_000


@dataclass(frozen=True)
class Row:
    """Floors: events per second over all ranks, or that in proportion to the hold loop. `events`: about two to four
    seconds at the floor."""
    ranks: int
    lps_per_rank: int
    lookahead: float
    remote: float
    events: int
    floor: float
    floor_ratio: float

    @property
    def lps(self):
        return self.ranks * self.lps_per_rank

    @property
    def name(self):
        return f"phold.{self.ranks}x{self.lps_per_rank}.la{self.lookahead:g}.remote{self.remote:g}"

    def end_s(self, session):
        """Simulated time: each process has one event under way, and the mean increment is 1 s."""
        events = min(self.events, QUICK_EVENTS) if session.is_quick else self.events
        return max(1, round(events / self.lps))


ROWS = [
    Row(1, 2_048, 0.1, 0.1, events=45_000_000, floor=15e6, floor_ratio=0.9),
    Row(2, 1_024, 0.1, 0.1, events=60_000_000, floor=21e6, floor_ratio=1.2),
    Row(2, 16_384, 0.1, 0.1, events=50_000_000, floor=17e6, floor_ratio=1.7),
    Row(2, 16_384, 0.1, 1.0, events=45_000_000, floor=15e6, floor_ratio=1.5),
    Row(2, 262_144, 0.1, 0.1, events=24_000_000, floor=8e6, floor_ratio=2.0),
    Row(2, 1_024, 0.001, 0.1, events=12_000_000, floor=4e6, floor_ratio=0.25),
]
# Holds per run, by pending events: about two to three seconds.
HOLDS = {2_048: 40_000_000, 32_768: 25_000_000, 524_288: 8_000_000}


def hold_variant(session, pending):
    holds = min(HOLDS[pending], QUICK_EVENTS) if session.is_quick else HOLDS[pending]

    def measure():
        outcome = session.run(session.binary("hold"), "--pending", pending, "--holds", holds, "--json")
        return outcome.command, {"rate": read_json(outcome)["holds_per_s"]}

    return Variant(name=f"phold.hold.{pending}", measure=measure, headline="rate", unit="holds/s")


def row_variant(session, row):
    words = ["--lps", row.lps, "--population", 1, "--remote", row.remote, "--lookahead", row.lookahead,
             "--end", row.end_s(session)]

    def measure():
        outcome = session.run(session.binary("phold"), *words, "--json", ranks=row.ranks)
        said = read_json(outcome)
        return outcome.command, {"rate": said["events_per_s"], "digest": int(said["digest"], 16)}

    return Variant(name=row.name, measure=measure, headline="rate", unit="events/s")


def figures(session):
    holds = {pending: hold_variant(session, pending) for pending in HOLDS}
    rows = [(row, row_variant(session, row)) for row in ROWS]
    others = [(row, other) for row, _ in rows for other in other_engines.variants(session, row)]
    session.in_turn([*holds.values(), *(variant for _, variant in rows), *(other for _, other in others)])

    result = [figure(NAME, variant.name, "holds/s", variant, "rate") for variant in holds.values() if variant.samples]
    by_name = {made.name: made for made in result}
    for row, variant in rows:
        if not variant.samples:
            continue
        same_digest(variant.name, [variant])
        made = figure(NAME, variant.name, "events/s", variant, "rate", reference=by_name.get(f"phold.hold.{row.lps}"),
                      target=Target(value=row.floor, ratio=row.floor_ratio))
        by_name[made.name] = made
        result.append(made)
        result += [figure(NAME, other.name, "events/s", other, "rate", reference=made)
                   for other_row, other in others if other_row is row and other.samples]
    return result
