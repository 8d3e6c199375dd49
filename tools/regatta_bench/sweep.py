"""`fleet --sweep`: what a request costs, from one instance to thousands; the same traffic per instance."""

from .figures import Target
from .session import Variant, figure

NAME = "sweep"
PROGRAMS = ["regatta"]

RATE_PER_INSTANCE = 4  # requests/s
# Simulated time by number of instances: some seconds of wall time, and several times a request's ten seconds.
DURATIONS_S = {1: 100_000, 64: 3_000, 1_024: 200, 16_384: 40}
QUICK_DURATIONS_S = {1: 60, 64: 20}
# Long enough that every buffer of a run is full once; in flight there is next to nothing.
TINY_DURATION_S, QUICK_TINY_DURATION_S = 25_000, 30

FLOOR_PER_CPU_S = 200_000
MOST_BYTES_IN_FLIGHT = 2_000

SCENARIO = """\
# One H100 per instance, {instances} of them.
name: sweep
duration: {duration_s}s
seed: 1
fleet:
  pools:
    - name: chat
      model: qwen3-14b
      nodes: {nodes}
      node: {{gpu: h100-sxm, gpus: {gpus}}}
      parallel: {{tp: 1}}
      scheduler: {{policy: vllm_v1, chunk_tokens: 2048, max_running: 256}}
      timing: roofline
gateways: {{count: 1, router: least_outstanding, reports: on_completion}}
network: {{gateway_to_node: 50us, node_to_node: 10us}}
workload:
  streams:
    - name: chat
      arrivals: {{process: poisson, rate: {rate}/s}}
      lengths: {{prompt: {{fixed: 512}}, output: {{fixed: 512}}}}
end: drain
output: {{requests: all, series: none}}
"""


def scenario_text(instances, duration_s):
    gpus = min(8, instances)
    return SCENARIO.format(instances=instances, duration_s=duration_s, nodes=instances // gpus, gpus=gpus,
                           rate=RATE_PER_INSTANCE * instances)


def in_flight(instances, summary):
    """On average, by Little's law: arrival rate times mean time from arrival to last token."""
    return RATE_PER_INSTANCE * instances * summary["end_to_end"]["mean_s"]


def variant(session, name, instances, duration_s):
    path = session.scratch / f"{name}.yaml"
    path.write_text(scenario_text(instances, duration_s), encoding="utf-8")

    def measure():
        outcome, summary = session.run_scenario(path)
        return outcome.command, {"requests_per_cpu_s": summary["requests"]["arrived"] / outcome.cpu_s,
                                 "cpu": outcome.cpu_s,
                                 "in_flight": in_flight(instances, summary),
                                 "peak_memory": outcome.peak_memory_bytes}

    return Variant(name=name, measure=measure, headline="requests_per_cpu_s", unit="requests/s")


def memory(tiny, measured):
    """Bytes per request in flight, by rounds."""
    for one, other in zip(measured.samples, tiny.samples):
        one["memory_per_request"] = (one["peak_memory"] - other["peak_memory"]) / one["in_flight"]


def figures(session):
    durations = QUICK_DURATIONS_S if session.is_quick else DURATIONS_S
    tiny_s = QUICK_TINY_DURATION_S if session.is_quick else TINY_DURATION_S
    tiny = variant(session, "sweep.tiny", 1, tiny_s)
    variants = [variant(session, f"sweep.{instances}", instances, durations[instances]) for instances in durations]
    session.in_turn([tiny, *variants])
    result = []
    first = None
    for measured in variants:
        if not measured.samples:
            continue
        made = figure(NAME, f"{measured.name}.requests_per_cpu_s", "requests/s", measured, "requests_per_cpu_s",
                      reference=first, target=Target(value=FLOOR_PER_CPU_S))
        first = first or made
        result += [made, figure(NAME, f"{measured.name}.cpu", "s", measured, "cpu"),
                   figure(NAME, f"{measured.name}.in_flight", "requests", measured, "in_flight"),
                   figure(NAME, f"{measured.name}.peak_memory", "bytes", measured, "peak_memory")]
        # One instance holds as little as the tiny run: the difference would be noise.
        if tiny.samples and measured is not variants[0]:
            memory(tiny, measured)
            result.append(figure(NAME, f"{measured.name}.memory_per_request", "bytes", measured, "memory_per_request",
                                 target=Target(value=MOST_BYTES_IN_FLIGHT, is_ceiling=True)))
    return result
