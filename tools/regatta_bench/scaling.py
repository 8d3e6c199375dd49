"""One problem on 1, 2, 4 and 8 ranks: wall time, and every number that the run tells of itself. With more ranks than
cores times say nothing about scaling, but windows, messages and bytes are what they would be."""

from .launch import usable_cores
from .session import PROJECT, Variant, figure, read_json, same_digest, tell

NAME = "scaling"
PROGRAMS = ["phold", "regatta"]
RANKS = (1, 2, 4, 8)

PHOLD_LPS = 32_768
PHOLD_END_S, QUICK_PHOLD_END_S = 600, 3  # simulated; an event per process and second

# A tenth of configs/hundred-thousand-gpus.yaml.
FLEET_SETTINGS = ("fleet.pools[0].nodes=1250", "workload.streams[0].arrivals.rate=5000/s")
FLEET_DURATION_S, QUICK_FLEET_DURATION_S = 60, 1

# Units by the last word of a number's name, as everywhere in this project.
UNITS = [("_per_s", "/s"), ("_s", "s"), ("_bytes", "bytes"), ("_fraction", "fraction")]


def unit_of(key):
    return next((unit for ending, unit in UNITS if f"_{key}".endswith(ending)), "")


def reported(document, prefix=""):
    """The numbers among what a program tells of its run, by name; those of one rank or link, in lists, left out."""
    found = {}
    for key, value in document.items():
        if isinstance(value, dict):
            found.update(reported(value, f"{prefix}{key}."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and key != "ranks":
            found[prefix + key] = value
    return found


def phold(session, ranks):
    end_s = QUICK_PHOLD_END_S if session.is_quick else PHOLD_END_S

    def measure():
        outcome = session.run(session.binary("phold"), "--lps", PHOLD_LPS, "--population", 1, "--remote", 0.1,
                              "--lookahead", 0.1, "--end", end_s, "--json", ranks=ranks)
        said = read_json(outcome)
        return outcome.command, {"wall": outcome.wall_s, **reported(said), "digest": int(said["digest"], 16)}

    return Variant(name=f"scaling.phold.{ranks}r", measure=measure, headline="wall", unit="s")


def fleet(session, ranks):
    duration_s = QUICK_FLEET_DURATION_S if session.is_quick else FLEET_DURATION_S

    def measure():
        outcome, summary = session.run_scenario(PROJECT / "configs/hundred-thousand-gpus.yaml", *FLEET_SETTINGS,
                                                f"duration={duration_s}s", ranks=ranks)
        return outcome.command, {"wall": outcome.wall_s, **reported(summary["run"]),
                                 "digest": int(summary["digest"], 16)}

    return Variant(name=f"scaling.fleet.{ranks}r", measure=measure, headline="wall", unit="s")


def figures(session):
    problems = [[make(session, ranks) for ranks in RANKS] for make in (phold, fleet)]
    cores = usable_cores()
    tell(f"  {cores} cores: with more than {cores} ranks, wall times show how a core is shared, not how ranks scale")
    session.in_turn([variant for variants in problems for variant in variants])
    result = []
    for variants in problems:
        measured = [variant for variant in variants if variant.samples]
        if not measured:
            continue
        same_digest(measured[0].name.rsplit(".", 1)[0], measured)
        of_one = {}
        for variant in measured:
            for key in variant.samples[0]:
                if key == "digest":
                    continue
                unit = "s" if key == "wall" else unit_of(key)
                made = figure(NAME, f"{variant.name}.{key}", unit, variant, key, reference=of_one.get(key))
                if variant is variants[0]:
                    of_one[key] = made
                result.append(made)
    return result
