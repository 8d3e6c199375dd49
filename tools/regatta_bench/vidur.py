"""Recorded cases of Vidur, a hundred times each as independent replicas; its growth series; and Vidur itself."""

import csv
import gzip
import re
import shlex
import sys

from .figures import Target
from .launch import UsageError
from .session import PROJECT, Variant, figure, same_digest, tell

NAME = "vidur"
PROGRAMS = ["regatta"]

CASES = ("s01", "s02", "s03")
COPIES = 100
QUICK_COPIES = 2
LEAST_BATCHES_PER_S = 1e6
LONGEST_GROWTH_S = 2.0
GROWTH_REPLICAS = 64
QUICK_GROWTH_REPLICAS = 4
REQUESTS_PER_REPLICA = 500

# Runs one case in a checkout of Vidur and prints how long its event loop took, and how many batches there were.
VIDUR_DRIVER = """
import sys, time
from vidur.config import SimulationConfig
from vidur.entities import Batch
from vidur.simulator import Simulator
from vidur.utils.random import set_seeds
config = SimulationConfig.create_from_cli_args()
set_seeds(config.seed)
simulator = Simulator(config)
started = time.perf_counter()
simulator.run()
taken = time.perf_counter() - started
print(f"regatta-bench: {Batch.generate_id()} batches in {taken} s")
"""
VIDUR_SAID = re.compile(r"regatta-bench: (\d+) batches in ([0-9.e-]+) s")
VIDUR_OFF = ("--no-metrics_config_write_metrics", "--no-metrics_config_enable_chrome_trace")

# Llama-2-7b on an A100 each, 2 requests/s and 500 requests per replica, 256 to 1024 tokens split 4 to 1.
GROWTH = """\
name: growth
compat: vidur
seed: 42
fleet:
  pools:
    - name: vidur
      model: llama-2-7b
      nodes: {nodes}
      node: {{gpu: a100-sxm-80gb, gpus: 4}}
      scheduler: {{policy: sarathi, chunk_tokens: 512, max_running: 128}}
      timing: {{policy: profile, {timing}}}
      max_context_tokens: 4096
gateways: {{count: 1, router: round_robin}}
network: {{gateway_to_node: 0s}}
workload:
  streams:
    - name: growth
      arrivals: {{process: poisson, rate: {rate}/s}}
      lengths: {{total: {{distribution: uniform, least: 256, most: 1024}}, prompt_to_output: 4}}
      limit: {requests}
"""


def folder(session):
    path = PROJECT.parent / "shared/reference/vidur" if session.options.reference is None else session.options.reference
    return path.resolve() if path.is_dir() else None


def case_folder(session, name):
    found = sorted(folder(session).glob(f"{name}_*"))
    if not found:
        raise UsageError(f"{folder(session)} has no folder {name}_*")
    return found[0]


def rows_of(path):
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, columns, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def repeated(session, case, copies):
    """A scenario of the case so many times over, each on replicas of its own, routed as Vidur routed it."""
    workload = rows_of(case / "workload.csv.gz")
    routes = {row["request_id"]: int(row["replica_id"]) for row in rows_of(case / "requests.csv.gz")}
    replicas = max(routes.values()) + 1
    columns = ("arrived_at", "num_prefill_tokens", "num_decode_tokens")
    places = []
    requests = []
    for row in workload:
        for copy in range(copies):
            places.append((len(places), routes[row["request_id"]] + copy * replicas))
            requests.append([row[column] for column in columns])
    trace = session.scratch / f"{case.name}.csv"
    recorded = session.scratch / f"{case.name}-routes.csv"
    write_rows(trace, columns, requests)
    write_rows(recorded, ("request_id", "replica_id"), places)
    scenario = session.scratch / f"{case.name}.yaml"
    session.run(session.binary("regatta"), "import", "vidur", case / "config.json", "--workload", trace, "--tables",
                case / "predictor_tables.csv.gz", "--replay", recorded, "-o", scenario, cwd=PROJECT)
    nodes = int(re.search(r"^      nodes: (\d+)", scenario.read_text(), re.MULTILINE).group(1))
    return scenario, f"fleet.pools[0].nodes={nodes * copies}"


def ours(session, name, copies):
    case = case_folder(session, name)
    scenario, nodes = repeated(session, case, copies)
    expected = sum(1 for _ in rows_of(case / "batches.csv.gz")) * copies

    def measure():
        outcome, summary = session.run_scenario(scenario, nodes)
        batches = summary["fleet"]["steps"]
        if batches != expected:
            raise UsageError(f"{name}: {batches} batches, but Vidur had {expected}")
        loop_s = summary["run"]["loop_s"]
        return outcome.command, {"batches_per_s": batches / loop_s, "loop": loop_s, "wall": outcome.wall_s}

    return Variant(name=f"vidur.{name}", measure=measure, headline="batches_per_s", unit="batches/s")


def theirs(session, name):
    case = case_folder(session, name)
    flags = shlex.split((case / "command.txt").read_text())[3:]
    shared = folder(session).parents[1]
    flags = [flag.replace("../shared", str(shared)) for flag in flags]
    flags += [*VIDUR_OFF, "--metrics_config_cache_dir", str(session.scratch / "vidur-cache"),
              "--metrics_config_output_dir", str(session.scratch / "vidur-output")]

    def measure():
        outcome = session.run(session.options.vidur_python or sys.executable, "-c", VIDUR_DRIVER, *flags,
                              cwd=session.options.vidur)
        said = VIDUR_SAID.search(outcome.stdout)
        if said is None:
            raise UsageError(f"--vidur: no line of ours came from\n  {outcome.command}")
        return outcome.command, {"batches_per_s": int(said.group(1)) / float(said.group(2))}

    return Variant(name=f"vidur.{name}.theirs", measure=measure, headline="batches_per_s", unit="batches/s")


def growth(session, replicas, ranks):
    tables = case_folder(session, "s01") / "predictor_tables.csv.gz"
    scenario = session.scratch / "growth.yaml"
    scenario.write_text(GROWTH.format(nodes=replicas // 4, rate=2 * replicas, requests=REQUESTS_PER_REPLICA * replicas,
                                      timing=f"predictor: table, tables: {tables}"))

    def measure():
        outcome, summary = session.run_scenario(scenario, ranks=ranks)
        return outcome.command, {"wall": outcome.wall_s, "batches_per_s": summary["run"]["steps_per_s"],
                                 "digest": int(summary["digest"], 16)}

    return Variant(name=f"vidur.growth.{ranks}r", measure=measure, headline="wall", unit="s")


def figures(session):
    if folder(session) is None:
        tell("vidur: no reference cases beside the project; give their folder with --reference DIR. Nothing measured.")
        return []
    copies = QUICK_COPIES if session.is_quick else COPIES
    replicas = QUICK_GROWTH_REPLICAS if session.is_quick else GROWTH_REPLICAS
    cases = {name: ours(session, name, copies) for name in CASES}
    others = {name: theirs(session, name) for name in CASES} if session.options.vidur else {}
    growths = [growth(session, replicas, ranks) for ranks in (1, 2, 4)]
    session.in_turn([*cases.values(), *others.values(), *growths])
    same_digest("vidur.growth", growths)
    result = []
    for name, variant in cases.items():
        if not variant.samples:
            continue
        other = others.get(name)
        reference = None
        if other is not None and other.samples:
            reference = figure(NAME, f"vidur.{name}.theirs.batches_per_s", "batches/s", other, "batches_per_s")
            result.append(reference)
        result += [figure(NAME, f"vidur.{name}.batches_per_s", "batches/s", variant, "batches_per_s",
                          reference=reference, target=Target(value=LEAST_BATCHES_PER_S)),
                   figure(NAME, f"vidur.{name}.wall", "s", variant, "wall")]
    for variant in growths:
        if variant.samples:
            limit = Target(value=LONGEST_GROWTH_S, is_ceiling=True) if variant is growths[0] else None
            result += [figure(NAME, f"{variant.name}.wall", "s", variant, "wall", target=limit),
                       figure(NAME, f"{variant.name}.batches_per_s", "batches/s", variant, "batches_per_s")]
    return result
