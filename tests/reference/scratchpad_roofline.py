"""What `regatta roofline --compat scratchpad` says, against every row of the tables that the Scratchpad simulator's own
analyzer and planner made: python3 scratchpad_roofline.py DIRECTORY.

DIRECTORY holds roofline.csv, roofline-layers.csv and roofline-plot/points.txt; its README describes them. Exits with 77
where it is not there.
"""

import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

REGATTA = Path(os.environ["REGATTA_BIN"]) / "regatta"
MOST_ERROR = 1e-9  # relative
# What the catalogue calls the models; that the program takes the published names is tested by their use.
MODELS = {"meta-llama/Meta-Llama-3-8B-Instruct": "llama-3-8b", "meta-llama/Meta-Llama-3-70B-Instruct": "llama-3-70b",
          "meta-llama/Llama-2-7b-hf": "llama-2-7b", "meta-llama/Llama-2-13b-hf": "llama-2-13b",
          "meta-llama/Llama-2-70b-hf": "llama-2-70b"}
ATTENTION = {"1": "fused", "0": "separate"}
# Columns of theirs, of ours, and the stage whose row has it.
OF_STEP = [("prefill_time_s", "time_s", "prefill"), ("decode_time_s", "time_s", "decode"),
           ("prefill_ops", "flops", "prefill"), ("decode_ops", "flops", "decode"),
           ("prefill_mem_access", "bytes", "prefill"), ("decode_mem_access", "bytes", "decode"),
           ("weight_bytes", "memory_weight_bytes", "prefill"), ("weight_bytes", "memory_weight_bytes", "decode"),
           ("kv_cache_bytes", "memory_kv_bytes", "prefill"), ("kv_cache_bytes", "memory_kv_bytes", "decode"),
           ("prefill_tmp_act", "memory_activation_bytes", "prefill"),
           ("decode_tmp_act", "memory_activation_bytes", "decode"),
           ("planner_weight_bytes", "planned_weight_bytes", "prefill"),
           ("planner_max_blocks", "planned_kv_blocks", "prefill")]
OF_LAYER = [("ops", "flops"), ("mem_access", "bytes"), ("load_weight", "load_weight_bytes"),
            ("load_act", "load_activation_bytes"), ("store_act", "store_activation_bytes"), ("load_kv", "load_kv_bytes"),
            ("store_kv", "store_kv_bytes"), ("time_s", "time_s")]
AS_THEY_ARE = [("arithmetic_intensity", "flops_per_byte"), ("performance", "attained_flops_per_s")]


class Deviations:
    def __init__(self):
        self.largest = 0.0
        self.compared = 0
        self.problems = []

    def compare(self, what, ours, theirs):
        self.compared += 1
        error = abs(ours - theirs) / abs(theirs) if theirs else abs(ours)
        self.largest = max(self.largest, error)
        if not error <= MOST_ERROR:
            self.problems.append(f"{what}: {ours!r}, expected {theirs!r}: off by {error:.3g}")

    def report(self, name, rows):
        print(f"{name}: {rows} rows, {self.compared} values, largest relative error {self.largest:.3g}, "
              f"{len(self.problems)} over {MOST_ERROR:g}")
        for problem in self.problems[:10]:
            print(f"  {problem}")
        return not self.problems


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def regatta(*arguments):
    """Its rows, one after the other: there are many."""
    words = [REGATTA, "roofline", "--compat", "scratchpad", "--format", "csv", *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        header = process.stdout.readline().rstrip("\n").split(",")
        for line in process.stdout:
            yield dict(zip(header, line.rstrip("\n").split(",")))
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed with {process.returncode}")


def options(rows):
    """All that appears in the rows, each with each."""
    def listed(make):
        return ",".join(sorted({make(row) for row in rows}))
    return ["--model", listed(lambda row: row["model"]), "--hardware", listed(lambda row: row["hardware"]),
            "--tp", listed(lambda row: row.get("tp", "1")),
            "--precision", listed(lambda row: f"{row['w_bit']}/{row['a_bit']}/{row['kv_bit']}"),
            "--batch", listed(lambda row: row["batch"]), "--length", listed(lambda row: row["seqlen"]),
            "--attention", listed(lambda row: ATTENTION[row["flash"]])]


def key_of_theirs(row):
    return (row["hardware"], MODELS[row["model"]], row.get("tp", "1"), row["w_bit"], row["a_bit"], row["kv_bit"],
            row["batch"], row["seqlen"], ATTENTION[row["flash"]])


def key_of_ours(row):
    return (row["hardware"], row["model"], row["tp"], row["weights"], row["activations"], row["kv_cache"], row["batch"],
            row["length"], row["attention"])


def check_steps(path):
    wanted = {key_of_theirs(row): row for row in rows_of(path)}
    groups = defaultdict(list)
    for row in wanted.values():
        groups[row["tp"], row["w_bit"], row["a_bit"]].append(row)
    deviations = Deviations()
    seen = set()
    for rows in groups.values():
        for ours in regatta("--totals", *options(rows)):
            key = key_of_ours(ours)
            theirs = wanted.get(key)
            if theirs is None:
                continue
            seen.add((key, ours["stage"]))
            for their_column, our_column, stage in OF_STEP:
                if ours["stage"] == stage and theirs[their_column] != "":
                    deviations.compare(f"{' '.join(key)} {their_column}", float(ours[our_column]),
                                       float(theirs[their_column]))
    missing = 2 * len(wanted) - len(seen)
    if missing:
        deviations.problems.append(f"{missing} steps are missing")
    return deviations.report(path.name, len(wanted))


def check_layers(path):
    wanted = {(key_of_theirs(row), row["stage"], row["layer"]): row for row in rows_of(path)}
    cases = defaultdict(list)
    for (key, _, _), row in wanted.items():
        cases[key].append(row)
    deviations = Deviations()
    seen = 0
    for rows in cases.values():
        for ours in regatta(*options(rows)):
            if ours["operator"] == "total":
                continue
            key = (key_of_ours(ours), ours["stage"], ours["operator"])
            theirs = wanted.get(key)
            if theirs is None:
                deviations.problems.append(f"{key}: not among theirs")
                continue
            seen += 1
            repeats = float(ours["repeats"])  # theirs are of one layer
            for their_column, our_column in OF_LAYER:
                deviations.compare(f"{key} {their_column}", float(ours[our_column]) / repeats,
                                   float(theirs[their_column]))
            for their_column, our_column in AS_THEY_ARE:
                deviations.compare(f"{key} {their_column}", float(ours[our_column]), float(theirs[their_column]))
            if ours["bound"] != theirs["bound"]:
                deviations.problems.append(f"{key}: bound by {ours['bound']}, expected {theirs['bound']}")
    if seen != len(wanted):
        deviations.problems.append(f"{len(wanted) - seen} layers are missing")
    return deviations.report(path.name, len(wanted))


def check_points(path):
    """Of the plot tool: two lines for each point."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(r"input_size: (\d+), m: (\d+), n: (\d+), k: (\d+), flops: (\S+), bytes_accessed: (\S+), "
                         r"arithmetic_intensity: (\S+)\nTime needed for computation: (\S+), "
                         r"Time needed for data transfer: (\S+)\n")
    wanted = {tuple(map(int, found.groups()[:4])): list(map(float, found.groups()[4:]))
              for found in pattern.finditer(text)}
    matrices = sorted({f"{m}x{k}x{n}" for _, m, n, k in wanted})
    sizes = sorted({str(size) for size, _, _, _ in wanted})
    deviations = Deviations()
    seen = 0
    for ours in regatta("--hardware", "nvidia_A100", "--matrix", ",".join(matrices), "--input-sizes", ",".join(sizes)):
        key = tuple(int(ours[name]) for name in ("input_size", "m", "n", "k"))
        seen += 1
        for name, theirs in zip(("flops", "bytes", "flops_per_byte", "compute_s", "memory_s"), wanted[key]):
            deviations.compare(f"{key} {name}", float(ours[name]), theirs)
    if seen != len(wanted) or not wanted:
        deviations.problems.append(f"{seen} points of {len(wanted)}")
    return deviations.report(path.name, len(wanted))


def main():
    directory = Path(sys.argv[1])
    if not (directory / "roofline.csv").exists():
        print(f"skipped: {directory} holds no reference tables")
        return 77
    checks = [check_steps(directory / "roofline.csv"), check_layers(directory / "roofline-layers.csv"),
              check_points(directory / "roofline-plot/points.txt")]
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
