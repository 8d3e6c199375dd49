"""The figures of a summary, computed from the rows of a result file by pandas alone: nothing here shares code with
Regatta, only the definitions of docs/reference/metrics.md."""

import math
from collections import Counter

import h5py
import numpy
import pandas

FINISHED, REJECTED, FAILED, UNFINISHED, TIMED_OUT = range(5)
REASONS = ["", "too_long", "waited_too_long", "queue_full", "rate_limited", "client_gone", "no_replica", "replica_lost"]
CHANGES = ["loading", "warming_up", "serving", "draining", "lost", "gpu_down", "node_down", "rack_down", "updating",
           "installed", "removed", "scale_up", "scale_down", "re_provisioning", "rolling_update"]
INSTALLED, REMOVED = 9, 10
NO_POOL = 65535

# A percentile is the middle of its bucket, which is at most 1/128 wide.
SKETCH_ERROR = 1 / 256
# Of sums of integers that are rounded to doubles a few times.
ROUNDING = 1e-12


class Exactly:
    def __init__(self, value):
        self.value = value

    def fits(self, found):
        return type(found) is type(self.value) and found == self.value

    def __repr__(self):
        return f"exactly {self.value!r}"


class Closely(Exactly):
    def fits(self, found):
        return isinstance(found, (int, float)) and math.isclose(found, self.value, rel_tol=ROUNDING, abs_tol=1e-300)

    def __repr__(self):
        return f"{self.value!r}"


class WithinBucket(Exactly):
    """The percentile of values of `value` seconds."""

    def fits(self, found):
        return isinstance(found, float) and abs(found - self.value) <= self.value * SKETCH_ERROR + 1e-9


class Between:
    """In the bucket [lower_ns, upper_ns)."""

    def __init__(self, lower_ns, upper_ns):
        self.bounds = lower_ns, upper_ns

    def fits(self, found):
        lower_ns, upper_ns = self.bounds
        return isinstance(found, float) and lower_ns - 0.01 <= found * 1e9 < upper_ns

    def __repr__(self):
        return f"from {self.bounds[0]} to {self.bounds[1]} ns"


def closely_or_none(amount, count):
    return Closely(amount / count) if count > 0 else Exactly(None)


def table_of(file, path):
    return pandas.DataFrame(file[path][:]) if path in file else None


class ResultFile:
    """All that is needed of a merged file."""

    def __init__(self, path):
        with h5py.File(path) as file:
            self.root = dict(file.attrs)
            self.scenario = dict(file["scenario"].attrs)
            self.requests = table_of(file, "requests")
            self.replicas = table_of(file, "replicas")
            self.events = table_of(file, "events")
            self.pools = {name: data[:] for name, data in file["pools"].items()}
            self.streams = {name: data[:] for name, data in file["streams"].items()}
            self.series = {name: data[:] for name, data in file["series"].items()} if "series" in file else None
            self.histograms = {name: table_of(file, f"histograms/{name}") for name in file.get("histograms", [])}
        self.end_ns = int(self.root["end_ns"])
        self.measure_from_ns = int(self.scenario["measure_from_ns"])

    def text(self, value):
        return value.decode() if isinstance(value, bytes) else str(value)

    def names(self, group, column="name"):
        return [self.text(name) for name in getattr(self, group)[column]]


# ---- latencies


def rank_of(percent, count):
    return -(-percent * count // 100)  # ceil(p * count)


def latency(values_ns):
    """Of a column of whole nanoseconds."""
    ordered = numpy.sort(numpy.asarray(values_ns, dtype=numpy.int64))
    count = len(ordered)
    if count == 0:
        return {"count": Exactly(0)} | {key: Exactly(None) for key in ("mean_s", "p50_s", "p90_s", "p95_s", "p99_s")}
    figures = {"count": Exactly(count), "mean_s": Closely(sum(map(int, ordered)) / count * 1e-9)}
    for percent in (50, 90, 95, 99):
        figures[f"p{percent}_s"] = WithinBucket(int(ordered[rank_of(percent, count) - 1]) * 1e-9)
    return figures


def latency_of_buckets(run, name, pools):
    """Of a sketch in /histograms: rows of buckets, and exact totals."""
    buckets, totals = run.histograms.get(name), run.histograms.get(name + "_totals")
    if buckets is None:
        return latency([])
    buckets = buckets[buckets.pool.isin(pools)].groupby(["lower_ns", "upper_ns"])["count"].sum().reset_index()
    totals = totals[totals.pool.isin(pools)]
    count = int(totals["count"].sum())
    if count == 0:
        return latency([])
    assert int(buckets["count"].sum()) == count, f"{name}: counts of buckets and totals differ"
    total_ns = sum(map(int, totals.sum_s)) * 10**9 + sum(map(int, totals.sum_rest_ns))
    figures = {"count": Exactly(count), "mean_s": Closely(total_ns / count * 1e-9)}
    upto = buckets["count"].cumsum()
    for percent in (50, 90, 95, 99):
        row = buckets[upto >= rank_of(percent, count)].iloc[0]
        figures[f"p{percent}_s"] = Between(int(row.lower_ns), int(row.upper_ns))
    return figures


# ---- requests


def target_figures(rows, streams, targets_ns, values_ns):
    """`values_ns` of the finished requests `rows`; -1: no target."""
    targets = [int(targets_ns[stream]) for stream in streams]
    some = [target for target in targets if target >= 0]
    figures = {"target_s": Exactly(None), "met_fraction": Exactly(None)}
    if some and len(set(targets)) == 1:
        figures["target_s"] = Closely(targets[0] * 1e-9)
    own = rows.stream.map(lambda stream: int(targets_ns[stream]))
    held = own >= 0
    if some and held.sum() > 0:
        figures["met_fraction"] = Closely(int((values_ns[held] <= own[held]).sum()) / int(held.sum()))
    return figures


def stages(rows):
    """Which add up to the time from arrival to end."""
    return {"network": rows.received_ns - rows.arrival_ns,
            "waiting": rows.scheduled_ns - rows.received_ns,
            "prefill": rows.first_token_ns - rows.scheduled_ns - rows.preempted_before_token_ns,
            "decode": rows.end_ns - rows.first_token_ns - (rows.preempted_ns - rows.preempted_before_token_ns),
            "preempted": rows.preempted_ns}


def goodput(run, measured, finished, streams, span_s):
    ttft_targets, tpot_targets = run.streams["ttft_target_ns"], run.streams["tpot_target_ns"]
    held = [stream for stream in streams if ttft_targets[stream] >= 0 or tpot_targets[stream] >= 0]
    if not held:
        return Exactly(None)
    met = 0
    for row in finished[finished.stream.isin(held)].itertuples():
        ttft_target, tpot_target = int(ttft_targets[row.stream]), int(tpot_targets[row.stream])
        gaps = row.output_tokens - 1
        in_time = ttft_target < 0 or row.first_token_ns - row.arrival_ns <= ttft_target
        smooth = tpot_target < 0 or gaps == 0 or (row.end_ns - row.first_token_ns + gaps // 2) // gaps <= tpot_target
        met += in_time and smooth
    arrived = int(measured.stream.isin(held).sum())
    return {"requests_per_s": Closely(met / span_s), "fraction": Closely(met / arrived if arrived else 0)}


def request_figures(run, streams):
    """Of the requests of some streams: what is counted of all, and latencies of the measured ones."""
    rows = run.requests[run.requests.stream.isin(streams)]
    measured = rows[rows.arrival_ns >= run.measure_from_ns]
    finished = measured[measured.state == FINISHED].astype("int64", errors="ignore")
    span_s = (run.end_ns - run.measure_from_ns) * 1e-9
    ttft = finished.first_token_ns - finished.arrival_ns
    several = finished[finished.output_tokens > 1]
    gaps = several.output_tokens.astype("int64") - 1
    tpot = (several.end_ns - several.first_token_ns + gaps // 2) // gaps
    end_to_end = finished.end_ns - finished.arrival_ns
    tokens = finished.output_tokens.astype("int64")
    states = Counter(rows.state.tolist())
    reasons = Counter(rows.reason.tolist())
    counts = {"finished": states[FINISHED], "rejected": states[REJECTED], "failed": states[FAILED],
              "unfinished": states[UNFINISHED], "timed_out": states[TIMED_OUT], "preemptions": int(rows.preemptions.sum())}
    counts = {name: Exactly(count) for name, count in counts.items()}
    counts["reasons"] = {name: Exactly(reasons[value]) for value, name in enumerate(REASONS) if name}
    figures = {
        "ttft": latency(ttft) | target_figures(finished, streams, run.streams["ttft_target_ns"], ttft),
        "tpot": latency(tpot) | target_figures(several, streams, run.streams["tpot_target_ns"], tpot),
        "end_to_end": latency(end_to_end),
        "normalised_latency": latency((end_to_end + tokens // 2) // tokens),
        "queueing": latency(finished.scheduled_ns - finished.arrival_ns),
        "stages": {name: latency(values) for name, values in stages(finished).items()},
        "throughput": {"requests_per_s": Closely(len(finished) / span_s),
                       "prompt_tokens_per_s": Closely(int(finished.prompt_tokens.sum()) / span_s),
                       "output_tokens_per_s": Closely(int(tokens.sum()) / span_s)},
        "goodput": goodput(run, measured, finished, streams, span_s),
    }
    return counts, figures


# ---- replicas


def model_flops(run, pool, sums):
    of_pool = {name: int(values[pool]) for name, values in run.pools.items() if name != "name"}
    return ((sums["prefill_tokens"] + sums["decode_tokens"]) * of_pool["flops_per_token"] +
            sums["samples"] * of_pool["flops_per_sample"] + sums["attended_tokens"] * of_pool["flops_per_attended"] +
            sums["window_attended_tokens"] * of_pool["flops_per_window_attended"])


def moved_bytes(run, pool, sums):
    of_pool = {name: int(values[pool]) for name, values in run.pools.items() if name != "name"}
    return (sums["steps"] * of_pool["weight_bytes"] + sums["experts_read_1024"] * of_pool["expert_bytes"] / 1024 +
            sums["moved_kv_tokens"] * of_pool["kv_bytes"] + sums["window_moved_kv_tokens"] * of_pool["window_kv_bytes"])


def installed_gpu_ns(run, pool, gpus):
    """Replica by replica: for how long its hardware was there."""
    absent_ns = 0
    absent_now = int(run.pools["absent_gpus"][pool])
    since = 0
    if run.events is not None:
        changes = run.events[(run.events.pool == pool) & run.events.kind.isin([INSTALLED, REMOVED])]
        for row in changes.sort_values("start_ns").itertuples():
            absent_ns += absent_now * (int(row.start_ns) - since)
            since = int(row.start_ns)
            absent_now += int(row.amount) * (1 if row.kind == REMOVED else -1)
    return gpus * run.end_ns - absent_ns - absent_now * (run.end_ns - since)


def energy_figures(run, pools, gpus_of):
    """Energy, cost and emissions, as docs/model/energy.md has them."""
    joules = usd = 0.0
    has_power = has_price = True
    for pool in pools:
        own = run.replicas[run.replicas.pool == pool]
        idle_w, memory_w, compute_w = (int(run.pools[f"gpu_{kind}_mw"][pool]) / 1e3
                                       for kind in ("idle", "memory_bound", "compute_bound"))
        has_power &= idle_w > 0 and int(run.pools["gpu_flops_per_s"][pool]) > 0
        has_price &= int(run.pools["gpu_price_uusd_per_h"][pool]) > 0
        installed_s = installed_gpu_ns(run, pool, gpus_of[pool]) * 1e-9
        busy_s = sum(int(row.busy_ns) * int(row.gpus) for row in own.itertuples()) * 1e-9
        usd += installed_s / 3600 * int(run.pools["gpu_price_uusd_per_h"][pool]) * 1e-6
        sums = {name: sum(map(int, own[name])) for name in own.columns}
        peak = int(run.pools["gpu_flops_per_s"][pool]) * busy_s
        compute = min(model_flops(run, pool, sums) / peak, 1) if peak > 0 else 0
        joules += idle_w * (installed_s - busy_s) + busy_s * (memory_w + (compute_w - memory_w) * compute)
    joules *= int(run.scenario["pue_millionths"]) * 1e-6
    done = run.requests[(run.requests.state == FINISHED) & run.requests.pool.isin(pools)]
    requests, output = len(done), int(done.output_tokens.sum())
    tokens = output + int(done.prompt_tokens.sum())
    grid = int(run.scenario["grid_mg_per_kwh"]) * 1e-3
    grams = joules / 3.6e6 * grid
    energy = {"total_j": Closely(joules), "mean_w": Closely(joules / (run.end_ns * 1e-9)),
              "j_per_request": closely_or_none(joules, requests),
              "j_per_million_output_tokens": closely_or_none(joules * 1e6, output),
              "j_per_million_tokens": closely_or_none(joules * 1e6, tokens)}
    cost = {"total_usd": Closely(usd), "usd_per_request": closely_or_none(usd, requests),
            "usd_per_million_output_tokens": closely_or_none(usd * 1e6, output)}
    carbon = {"total_g": Closely(grams), "g_per_request": closely_or_none(grams, requests)}
    return {"energy": energy if has_power else Exactly(None), "cost": cost if has_price else Exactly(None),
            "carbon": carbon if has_power and grid >= 0 else Exactly(None)}


def batch_figures(run, pools):
    sizes = run.histograms.get("batch_size")
    by_size = Counter()
    if sizes is not None:
        for row in sizes[sizes.pool.isin(pools)].itertuples():
            by_size[int(row.sequences)] += int(row.steps)
    steps = sum(by_size.values())
    ordered = sorted(by_size)
    upto = numpy.cumsum([by_size[size] for size in ordered])

    def at(rank):
        return Exactly(ordered[int(numpy.searchsorted(upto, rank))] if steps else 0)
    return {"mean": Closely(sum(size * count for size, count in by_size.items()) / steps if steps else 0.0),
            "p50": at(rank_of(50, steps)), "p90": at(rank_of(90, steps)), "p99": at(rank_of(99, steps)),
            "max": at(steps)}


def pool_figures(run, pools):
    own = run.replicas[run.replicas.pool.isin(pools)]
    sums = {name: sum(map(int, own[name])) for name in own.columns}
    # Together each GPU counts once; of one pool, all that it may have.
    gpus_of = {pool: int(own[own.pool == pool].gpus.sum()) for pool in pools}
    if len(pools) > 1:
        gpus_of = {pool: gpus - int(run.pools["shared_gpus"][pool]) for pool, gpus in gpus_of.items()}
    gpus = sum(gpus_of.values())
    end_s = run.end_ns * 1e-9
    busy_gpu_ns = sum(int(row.busy_ns) * int(row.gpus) for row in own.itertuples())
    kv_mean = Exactly(None)
    if run.series is not None:
        instants = run.series["time_ns"] >= run.measure_from_ns
        used = run.series["kv_blocks_used"][instants][:, pools]
        if instants.sum() > 0 and sums["kv_blocks"] > 0:
            kv_mean = Closely(int(used.sum()) / int(instants.sum()) / sums["kv_blocks"])
    flops = peak_flops = moved = peak_bytes = 0.0
    for pool in pools:
        rows = own[own.pool == pool]
        pool_sums = {name: sum(map(int, rows[name])) for name in rows.columns}
        flops += model_flops(run, pool, pool_sums)
        moved += moved_bytes(run, pool, pool_sums)
        peak_flops += int(run.pools["gpu_flops_per_s"][pool]) * gpus_of[pool] * end_s
        peak_bytes += int(run.pools["gpu_memory_bytes_per_s"][pool]) * gpus_of[pool] * end_s
    tokens = sums["prefill_tokens"] + sums["decode_tokens"]
    with_blocks = own[own.kv_blocks > 0]
    return {
        "replicas": Exactly(len(own)), "gpus": Exactly(gpus), "steps": Exactly(sums["steps"]),
        "preemptions": Exactly(sums["preemptions"]), "gpu_busy_fraction": Closely(busy_gpu_ns / gpus / run.end_ns),
        "kv_mean_fraction": kv_mean,
        "kv_peak_fraction": Closely((with_blocks.kv_blocks_peak / with_blocks.kv_blocks).max()),
        "flops_utilisation": Closely(flops / peak_flops), "bandwidth_utilisation": Closely(moved / peak_bytes),
        "batch_size": batch_figures(run, pools),
        "tokens_per_step": Closely(tokens / sums["steps"] if sums["steps"] else 0.0),
        "inter_token_gap": latency_of_buckets(run, "inter_token_gap", pools),
        "step_time": latency_of_buckets(run, "step_time", pools),
    } | energy_figures(run, pools, gpus_of)


# ---- the document


def change_figures(run):
    if run.events is None or len(run.events) == 0:
        return Exactly(None)
    figures = {}
    for kind, rows in run.events.groupby("kind"):
        figures[CHANGES[kind]] = {"count": Exactly(len(rows)), "amount": Exactly(sum(map(int, rows.amount))),
                                  "duration_s": Closely(sum(map(int, rows.end_ns - rows.start_ns)) * 1e-9)}
    return figures


def summary_of(path):
    """What `regatta-post stats --json` should print of a merged file, but for "run"."""
    run = ResultFile(path)
    streams = list(range(len(run.streams["name"])))
    pools = list(range(len(run.pools["name"])))
    counts, figures = request_figures(run, streams)
    assert len(run.requests) == run.root["requests_arrived"]
    # The files of these runs are all there.
    summary = {"format": Exactly(1), "left_out": [], "stopped_at_s": Exactly(None), "name": Exactly(run.text(run.scenario["name"])),
               "digest": Exactly(run.text(run.root["digest"])), "measure_from_s": Closely(run.measure_from_ns * 1e-9),
               "end_s": Closely(run.end_ns * 1e-9),
               "requests": {"arrived": Exactly(len(run.requests))} | counts} | figures
    summary["fleet"] = pool_figures(run, pools)
    summary["inter_token_gap"] = summary["fleet"]["inter_token_gap"]

    def group(name, members):
        own_counts, own_figures = request_figures(run, members)
        return {"name": Exactly(name), "requests": own_counts} | own_figures
    summary["streams"] = [group(name, [i]) for i, name in enumerate(run.names("streams"))]
    of_class = {}
    for i, name in enumerate(run.names("streams", "class")):
        if name:
            of_class.setdefault(name, []).append(i)
    summary["classes"] = [group(name, members) for name, members in of_class.items()]
    summary["pools"] = [{"name": Exactly(name)} | pool_figures(run, [i]) for i, name in enumerate(run.names("pools"))]
    summary["changes"] = change_figures(run)
    return summary
