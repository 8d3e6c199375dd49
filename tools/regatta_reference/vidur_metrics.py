"""The metrics that Vidur wrote of a case, and `regatta-post export vidur` of our run of it."""

import csv
import json
from collections import defaultdict

from . import vidur

# Made of what a request did in each step, which results do not say.
NOT_OURS = {
    "request_execution_time",
    "request_execution_time_normalized",
    "request_model_execution_time",
    "request_model_execution_time_normalized",
    "request_preemption_time",
}
# From the first step to the end. Vidur leaves out how long batches waited between the stages of a pipeline.
BETWEEN_STAGES = {"request_execution_plus_preemption_time", "request_execution_plus_preemption_time_normalized"}
# Vidur divides by lengths that restarts have changed: the column of those lengths, and of those asked for.
CHANGED_LENGTHS = {
    "request_e2e_time_normalized": ("final_num_decode_tokens", "num_decode_tokens"),
    "request_execution_plus_preemption_time_normalized": ("final_num_decode_tokens", "num_decode_tokens"),
    "prefill_time_execution_plus_preemption_normalized": ("final_num_prefill_tokens", "num_prefill_tokens"),
    "decode_time_execution_plus_preemption_normalized": ("final_num_decode_tokens", "num_decode_tokens"),
}
TIME_TOLERANCE = 1e-6  # s; percent where it is percent
GAP_TOLERANCE = 0.005  # gaps are counted in buckets
# Vidur's prefill attends to all of a chunk, its LM head is left out, and a TFLOP has 2^40 operations.
MFU_TOLERANCE = 0.03
TERA = 2**40 / 1e12


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def compare_requests(case, written, stages, problems):
    ours = {row["Request Id"]: row for row in rows_of(written / "request_metrics.csv")}
    theirs = {row["Request Id"]: row for row in vidur.rows_of(case / "vidur_request_metrics.csv.gz")}
    lengths = {row["request_id"]: row for row in vidur.rows_of(case / "requests.csv.gz")}
    if ours.keys() != theirs.keys():
        problems.append("other requests")
        return 0.0
    columns = set(next(iter(theirs.values())))
    if columns - set(next(iter(ours.values()))) != NOT_OURS:
        problems.append("other columns of requests")
    largest = 0.0
    for name in sorted(columns - NOT_OURS - (BETWEEN_STAGES if stages > 1 else set())):
        for request, row in theirs.items():
            own = ours[request][name]
            if not own or not row[name]:
                if own != row[name]:
                    problems.append(f"{name} of request {request}: {own or 'none'}, Vidur: {row[name] or 'none'}")
                continue
            value = float(row[name])
            if name in CHANGED_LENGTHS:
                changed, asked = CHANGED_LENGTHS[name]
                value *= float(lengths[request][changed]) / float(lengths[request][asked])
            deviation = abs(float(own) - value)
            largest = max(largest, deviation)
            if deviation > TIME_TOLERANCE:
                problems.append(f"{name} of request {request}: {own}, Vidur: {value}")
    return largest


def compare_batches(case, written, problems):
    def in_order(rows, start, duration):
        return sorted(rows, key=lambda row: (int(row["replica_id"]), round(float(row[start]), 6), duration(row)))

    def time_of(row):
        return float(row["completed_at"]) - float(row["scheduled_at"])

    ours = rows_of(written / "batch_metrics.csv")
    theirs = vidur.rows_of(case / "batches.csv.gz")
    if len(ours) != len(theirs):
        problems.append(f"{len(ours)} batches, Vidur: {len(theirs)}")
        return 0.0
    names = ("batch_size", "num_tokens", "num_prefill_tokens", "num_decode_tokens")
    largest = 0.0
    for own, row in zip(
        in_order(ours, "scheduled_at", lambda row: float(row["batch_execution_time"])),
        in_order(theirs, "scheduled_at", time_of),
    ):
        deviation = max(
            abs(float(own["batch_execution_time"]) - time_of(row)),
            abs(float(own["scheduled_at"]) - float(row["scheduled_at"])),
        )
        largest = max(largest, deviation)
        counts = [own[name if name == "batch_size" else f"batch_{name}"] for name in names]
        if own["replica_id"] != row["replica_id"] or counts != [row[name] for name in names]:
            problems.append(f"batch {own['Batch Id']} is not Vidur's {row['batch_id']}")
        elif deviation > TIME_TOLERANCE:
            problems.append(f"batch {own['Batch Id']} is {deviation} s off")
    return largest


def compare_tokens(case, written, problems):
    """Vidur's cases have the gaps between tokens in their summary, with the stall of a restart, as ours."""
    summary = json.loads((case / "summary.json").read_text())
    theirs = summary["tbt_all_tokens"]
    gaps = rows_of(written / "plots" / "decode_token_execution_plus_preemption_time.csv")
    for row, key in ((gaps[0], "min"), (gaps[50], "p50"), (gaps[100], "max")):
        own = float(row["decode_token_execution_plus_preemption_time"])
        if abs(own - theirs[key]) > GAP_TOLERANCE * theirs[key]:
            problems.append(f"gaps between tokens, {key}: {own}, Vidur: {theirs[key]}")
    tokens = int(rows_of(written / "plots" / "decode_completion_time_series.csv")[-1]["decode_completion"])
    # The token after a restart comes from a prefill, not from a decode.
    if summary["restarts"] == 0 and tokens != theirs["n"]:
        problems.append(f"{tokens} tokens of decodes, Vidur: {theirs['n']}")


def compare_replicas(case, written, stages, problems):
    """Memory at most and MFU as Vidur's files have them, which call replica 0 the last; busy time by its steps."""
    summary = json.loads((case / "summary.json").read_text())
    theirs = summary["vidur_utilization"]
    spans = defaultdict(list)
    for row in vidur.rows_of(case / "batches.csv.gz"):
        spans[int(row["replica_id"])] += [float(row["scheduled_at"]), float(row["completed_at"])]
    busy_s = defaultdict(float)
    for row in vidur.rows_of(case / "batch_stages.csv.gz"):
        busy_s[int(row["replica_id"])] += float(row["execution_time"]) / stages
    replicas = sum(name.endswith("_memory_usage") for name in theirs)
    largest = 0.0

    def own(name, key):
        path = written / "plots" / f"{name}.json"
        if not path.exists():
            raise vidur.RunError(f"regatta-post export wrote no {path.name}")
        return json.loads(path.read_text())[f"{name}_{key}"]

    def check(name, value, expected, tolerance):
        if abs(value - expected) > tolerance:
            problems.append(f"{name}: {value}, Vidur: {expected}")

    for replica in range(replicas):
        name, vidurs = f"replica_{replica}", f"replica_{replica or replicas}"
        key = f"{vidurs}_memory_usage"
        check(f"{name} memory", own(f"{name}_memory_usage", "max"), theirs[key][f"{key}_max"], TIME_TOLERANCE)
        busy = 100 * busy_s[replica] / summary["makespan"]
        mean_mfu = 0.0
        for stage in range(stages):
            value = own(f"{name}_stage_{stage}_busy_time_percent", "weighted_mean")
            largest = max(largest, abs(value - busy))
            check(f"{name} busy", value, busy, TIME_TOLERANCE)
            key = f"{vidurs}_stage_{stage + 1}_mfu"
            mean_mfu += theirs[key][f"{key}_weighted_mean"] / stages
        span = max(spans[replica]) - min(spans[replica])
        expected = TERA * mean_mfu * span / summary["makespan"]
        check(f"{name} MFU", own(f"{name}_stage_0_mfu", "weighted_mean"), expected, MFU_TOLERANCE * expected)
    return largest


def print_metrics(runner, cases):
    width = max(len(case.name) for case in cases)
    is_good = True
    for case in cases:
        reason = vidur.reason_to_skip(case)
        if reason is None and not (case / "vidur_request_metrics.csv.gz").exists():
            reason = "no vidur_request_metrics.csv.gz"
        if reason:
            print(f"{case.name:{width}}  skipped: {reason}", flush=True)
            continue
        problems = []
        try:
            results, _ = runner.results(case, settings=("output.steps.from=0s",))
            written = results.with_name(results.name + "-metrics")
            runner.call("regatta-post", "export", "vidur", results, "-o", written)
            replica = json.loads((case / "config.json").read_text())["cluster_config"]["replica_config"]
            stages = replica["num_pipeline_stages"]
            requests_s = compare_requests(case, written, stages, problems)
            batches_s = compare_batches(case, written, problems)
            compare_tokens(case, written, problems)
            busy = compare_replicas(case, written, stages, problems)
        except vidur.RunError as error:
            print(f"{case.name:{width}}  FAILED: {error}", flush=True)
            is_good = False
            continue
        print(
            f"{case.name:{width}}  {'DIFFERS' if problems else 'ok'}: metrics of requests within {requests_s * 1e9:.1f} "
            f"ns, of batches {batches_s * 1e9:.1f} ns, busy time {busy:.1e} %",
            flush=True,
        )
        for problem in problems[:5]:
            print(f"{'':{width}}  {problem}", flush=True)
        is_good = is_good and not problems
    return 0 if is_good else 1
