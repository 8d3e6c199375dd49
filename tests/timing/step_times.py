"""Step times of the roofline with its defaults, as docs/model/roofline.md shows them.

python3 step_times.py table PROGRAM              the table; PROGRAM: tests/step_table of the build
python3 step_times.py check PROGRAM PAGE         whether the page has that very table
python3 step_times.py measured PROGRAM KERNELS   errors against kernels measured by AIConfigurator; KERNELS: directory
                                                 with a100_sxm, h100_sxm and h200_sxm
"""

import csv
import gzip
import statistics
import subprocess
import sys
from pathlib import Path

LAYERS = {"llama-3.1-8b": 32, "llama-3.1-70b": 80}

# Matrix products of a layer on one GPU as (how many, outputs, inputs). What was not measured in one piece is put
# together from parts of the same weights: gate and up apart, and those and down of the small model in halves.
PRODUCTS = {"llama-3.1-8b": [(1, 6144, 4096), (1, 4096, 4096), (4, 7168, 4096), (2, 4096, 7168)],
            "llama-3.1-70b": [(1, 2560, 8192), (1, 8192, 2048), (2, 7168, 8192), (1, 8192, 7168)]}
# Query heads and key-value heads on one GPU.
HEADS = {"llama-3.1-8b": (32, 8), "llama-3.1-70b": (16, 2)}
DIRECTORIES = {"a100-sxm-80gb": "a100_sxm", "h100-sxm": "h100_sxm", "h200-sxm": "h200_sxm"}


def steps(program):
    """Rows of the program, numbers as numbers."""
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    rows = list(csv.DictReader(said.splitlines()))
    for row in rows:
        for key in row.keys() - {"gpu", "model"}:
            row[key] = float(row[key])
    return rows


def bound(row):
    """What the step waits for: by whichever takes longer alone, at the speeds that are reached."""
    name = "memory" if row["traffic_ms"] >= row["arithmetic_ms"] else "compute"
    if row["operators_ms"] > 1.02 * max(row["traffic_ms"], row["arithmetic_ms"]):
        name += ", products compute" if name == "memory" else ", attention memory"
    return name


def table(rows):
    lines = ["| GPU | model | batch | context | step [ms] | bound | of peak arithmetic | of peak bandwidth |",
             "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        context = f"{row['context_tokens']:,.0f}" + ("" if row["fits"] else " *")
        lines.append(f"| {row['gpu']} x {row['tp']:.0f} | {row['model']} | {row['batch']:.0f} | {context} | "
                     f"{row['step_ms']:.2f} | {bound(row)} | {row['arithmetic_fraction']:.1%} | "
                     f"{row['bandwidth_fraction']:.0%} |")
    return "\n".join(lines) + "\n"


def measured_rows(directory, pattern):
    (path,) = directory.glob(pattern)
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def kernels(directory):
    """Measured milliseconds of one call: products by (rows, outputs, inputs), attention of decodes by (batch, query
    heads, key-value heads, context), all in 16 bits; the median where a point was measured more than once."""
    products, attention = {}, {}
    for row in measured_rows(directory, "gemm_perf.vllm*"):
        if row.get("gemm_dtype", "bfloat16") == "bfloat16":
            key = (int(row["m"]), int(row["n"]), int(row["k"]))
            products.setdefault(key, []).append(float(row["latency"]))
    for row in measured_rows(directory, "generation_attention_perf.vllm*"):
        if (row.get("kv_cache_dtype", "bfloat16"), row.get("head_dim", "128"), row.get("window_size", "0")) == (
                "bfloat16", "128", "0"):
            key = (int(row["batch_size"]), int(row["num_heads"]), int(row["num_key_value_heads"]), int(row["step"]) + 1)
            attention.setdefault(key, []).append(float(row["latency"]))
    return ({key: statistics.median(values) for key, values in products.items()},
            {key: statistics.median(values) for key, values in attention.items()})


def errors(rows, directory):
    """(row, measured milliseconds of all layers) for each step whose kernels were all measured."""
    found = []
    for gpu, name in DIRECTORIES.items():
        products, attention = kernels(directory / name)
        for row in rows:
            batch, model = int(row["batch"]), row["model"]
            calls = [(count, products.get((batch, outputs, inputs))) for count, outputs, inputs in PRODUCTS[model]]
            calls.append((1, attention.get((batch, *HEADS[model], int(row["context_tokens"])))))
            if row["gpu"] == gpu and all(latency is not None for _, latency in calls):
                found.append((row, LAYERS[model] * sum(count * latency for count, latency in calls)))
    return found


def error_table(found):
    lines = ["| GPU | model | batch | context | measured [ms] | roofline [ms] | error |",
             "|---|---|---|---|---|---|---|"]
    relative = []
    for row, measured_ms in found:
        relative.append(row["layers_ms"] / measured_ms - 1)
        lines.append(f"| {row['gpu']} x {row['tp']:.0f} | {row['model']} | {row['batch']:.0f} | "
                     f"{row['context_tokens']:,.0f} | {measured_ms:.2f} | {row['layers_ms']:.2f} | "
                     f"{relative[-1]:+.0%} |")
    sizes = [abs(error) for error in relative]
    return "\n".join(lines) + (f"\n\n{len(found)} points: mean error {statistics.mean(relative):+.1%}, mean size "
                               f"{statistics.mean(sizes):.1%}, median size {statistics.median(sizes):.1%}, largest "
                               f"{max(sizes):.1%}.\n")


def check(rows, page):
    problems = []
    if table(rows) not in page.read_text(encoding="utf-8"):
        problems.append(f"{page}: the table of step times is not that of `step_times.py table`")
    at = {(row["gpu"], row["model"], row["batch"], row["context_tokens"]): row["step_ms"] for row in rows}
    for (gpu, model, batch, context), step_ms in at.items():
        larger = [other_ms for (other_gpu, other_model, other_batch, other_context), other_ms in at.items()
                  if (other_gpu, other_model) == (gpu, model) and other_batch >= batch and other_context >= context]
        if step_ms > min(larger):
            problems.append(f"{gpu}, {model}, batch {batch:.0f}, context {context:.0f}: a larger step is shorter")
    for row in rows:
        if not (0 < row["arithmetic_fraction"] < 1 and 0 < row["bandwidth_fraction"] < 1):
            problems.append(f"{row}: not a share of the peak")
    print("\n".join(problems) or f"{len(rows)} steps, as on the page")
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["table"] and len(sys.argv) == 3:
        print(table(steps(sys.argv[2])), end="")
    elif sys.argv[1:2] == ["check"] and len(sys.argv) == 4:
        sys.exit(check(steps(sys.argv[2]), Path(sys.argv[3])))
    elif sys.argv[1:2] == ["measured"] and len(sys.argv) == 4:
        print(error_table(errors(steps(sys.argv[2]), Path(sys.argv[3]))), end="")
    else:
        sys.exit(__doc__)
