"""What checkpoints cost: a hundred thousand GPUs that are saved every ten simulated seconds, against the same run that is
not, on one rank and on two."""

import shutil

from .figures import Target
from .session import PROJECT, Variant, figure, read_json, same_digest

NAME = "checkpoint"
PROGRAMS = ["regatta"]

RANKS = (1, 2)
SCENARIO = PROJECT / "configs/hundred-thousand-gpus.yaml"
EVERY = {"whole": "10s", "quick": "1s"}
QUICK = ("duration=3s", "fleet.pools[0].nodes=100", "workload.streams[0].arrivals.rate=400/s")
MOST_SLOWDOWN = 1.05


def figures(session):
    settings = QUICK if session.is_quick else ()
    every = EVERY["quick" if session.is_quick else "whole"]
    output = session.scratch / "checkpoints"

    def measure(ranks, options):
        shutil.rmtree(output, ignore_errors=True)
        words = [word for setting in settings for word in ("--set", setting)]
        outcome = session.run(session.binary("regatta"), "run", SCENARIO, *words, "--out", output, "--quiet", "--json",
                              *options, ranks=ranks)
        files = [file for directory in output.glob("checkpoint-*") for file in directory.iterdir()]
        count = max(len(list(output.glob("checkpoint-*"))), 1)
        sample = {"wall": outcome.wall_s, "digest": int(read_json(outcome)["digest"], 16),
                  "bytes": sum(file.stat().st_size for file in files) / count}
        shutil.rmtree(output)
        return outcome.command, sample

    def variant(ranks, name, options):
        return Variant(name=f"checkpoint.{name}.{ranks}r", measure=lambda: measure(ranks, options), headline="wall",
                       unit="s")

    pairs = {ranks: (variant(ranks, "none", []), variant(ranks, "every", ["--checkpoint-every", every]))
             for ranks in RANKS}
    session.in_turn([one for pair in pairs.values() for one in pair])
    result = []
    for ranks, (without, with_them) in pairs.items():
        if not (without.samples and with_them.samples):
            continue
        same_digest(f"checkpoint.{ranks}r", [without, with_them])
        both = Variant(name=f"checkpoint.{ranks}r", measure=with_them.measure, headline="slowdown", unit="x",
                       command=with_them.command,
                       samples=[{"slowdown": saved / plain}
                                for plain, saved in zip(without.runs("wall"), with_them.runs("wall"))])
        result += [figure(NAME, f"{without.name}.wall", "s", without, "wall"),
                   figure(NAME, f"{with_them.name}.wall", "s", with_them, "wall"),
                   figure(NAME, f"{both.name}.slowdown", "x", both, "slowdown",
                          target=Target(value=MOST_SLOWDOWN, is_ceiling=True)),
                   figure(NAME, f"{both.name}.bytes", "bytes", with_them, "bytes")]
    return result
