"""A replica is the queue it is made to be: waiting times and numbers in the system against the formulas of queueing
theory, with 99 % confidence bands from independent replications (seeds 1, 2, ...).

python3 queues.py [-v] [DeterministicService.test_...]

Every step takes the same time, so that a request is served for its output tokens times the step: the step that computes
its prompt gives the first token. What the bands do not cover, and why it may be left out:

- One sequence per batch: nothing waits for the end of a step that the formula does not know. Service takes whole
  steps, the next request starts at the end of the last step of the one before, and a replica that has nothing to do
  starts at once.
- Several sequences per batch: a request that finds the replica running and a place free joins at the next step. It
  waits for at most one step more than the formula says, a millionth of the mean service here.
- Exponential service is rounded to whole tokens, a million on average: test_rounding_to_tokens_does_not_show.
- The way from the gateway counts as waiting: one nanosecond, the least a scenario can say.
"""

import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from bands import Band, student_t_quantile  # noqa: E402
from series import read_series  # noqa: E402

CONFIDENCE = 0.99
REPLICATIONS = 20

# Mean service is a second: times below are in units of it.
STEP_US = 1
MEAN_TOKENS = 1_000_000

# From the empty system on, M/M/1 with unit service approaches its steady state as exp(-t (1 - sqrt(load))^2), the
# others faster (Abate and Whitt, "Transient behavior of the M/M/1 queue: starting at the origin", Queueing Systems 2,
# 1987): at load 0.9 with a time constant of 380. A dozen of them leave 6e-6 of the distance.
WARM_UP_S = 5000

# Requests of all replications together: so many that bands are a few percent wide. Means of waiting times vary with the
# fourth power of 1 / (1 - load); with several servers, few have to wait at low load.
LOADS = (0.3, 0.7, 0.9)
REQUESTS_OF_ONE = {0.3: 300_000, 0.7: 500_000, 0.9: 2_000_000}
REQUESTS_OF_MANY = {0.3: 1_000_000, 0.7: 700_000, 0.9: 2_000_000}
WIDEST_BAND = 0.06

SCENARIO = """
name: queue
duration: {duration_s}s
catalogue: [{{file: long.yaml}}]
fleet:
  pools:
    - name: server
      model: llama-3.1-8b
      nodes: 1
      node: {{gpu: h100-sxm, gpus: 1}}
      scheduler: {{policy: vllm_v1, chunk_tokens: 1024, max_running: {max_running}}}
      timing: {{policy: linear, step_us: {step_us}, token_us: 0, context_token_ns: 0}}
      kv_blocks: 1000000000
      block_tokens: 1024
network: {{gateway_to_node: 1ns}}
workload:
  streams:
    - arrivals: {{process: poisson, rate: {rate}/s}}
      lengths: {{prompt: {{fixed: 1}}, output: {output}}}
measure: {{from: {warm_up_s}s}}
output: {{series: {series}}}
"""

# A model whose context is no limit.
LONG_CONTEXT = """
models:
  llama-3.1-8b:
    max_context: {value: 100000000, source: "so long that no request is refused"}
"""

FIXED = f"{{fixed: {MEAN_TOKENS}}}"
EXPONENTIAL = f"{{distribution: exponential, mean: {MEAN_TOKENS}, most: 99000000}}"


def erlang_c(servers, load):
    """Probability that a request has to wait in M/M/c. Source: Gross, Shortle, Thompson, Harris, Fundamentals of
    Queueing Theory, 4th edition, 2008, section 2.3."""
    offered = servers * load
    all_busy = offered ** servers / math.factorial(servers) / (1 - load)
    return all_busy / (sum(offered ** k / math.factorial(k) for k in range(servers)) + all_busy)


def waiting_with_many_servers(servers, load):
    """Mean waiting time of M/M/c, in units of the mean service time."""
    return erlang_c(servers, load) / (servers * (1 - load))


def waiting_with_general_service(load, second_moment):
    """Mean waiting time of M/G/1, in units of the mean service time, from the second moment of the service time in
    units of its square. Source: Pollaczek and Khinchine; Gross et al., section 5.1."""
    return load * second_moment / (2 * (1 - load))


def moments_of_rounded_exponential(mean):
    """First and second moment of max(1, floor(X + 1/2)) for exponential X, which is what lengths are drawn from:
    sums of P(N > k) and of (2k + 1) P(N > k), where P(N > k) = exp(-(k + 1/2) / mean) from k = 1 on."""
    ratio = math.exp(-1 / mean)
    rest = -math.expm1(-1 / mean)
    first_tail = math.exp(-1.5 / mean)
    return 1 + first_tail / rest, 1 + first_tail * (3 / rest + 2 * ratio / rest ** 2)


class Queue(ProgramTest):
    """Base of the tests: replications of a queue."""

    def setUp(self):
        super().setUp()
        self.write("long.yaml", LONG_CONTEXT)

    def replicate(self, seed, **values):
        """One run's summary and, over the measured span, the mean number in the system."""
        scenario = self.write("queue.yaml", SCENARIO.format(**values))
        output = self.directory / "out"
        summary = self.succeed("regatta", "run", scenario, "--seed", seed, "--quiet", "--json", "--out", output).json
        self.assertEqual(summary["requests"]["finished"], summary["requests"]["arrived"])
        numbers = [waiting + running for waiting, running in
                   zip(read_series(output, "waiting"), read_series(output, "running"))]
        for file in output.iterdir():
            file.unlink()  # the next run writes its own
        return summary, numbers

    def check(self, servers, load, output, waiting):
        """`waiting`: the formula's mean waiting time [mean services]."""
        requests = (REQUESTS_OF_ONE if servers == 1 else REQUESTS_OF_MANY)[load]
        duration_s = WARM_UP_S + math.ceil(requests / REPLICATIONS / (load * servers))
        waits, numbers = [], []
        for seed in range(1, REPLICATIONS + 1):
            summary, samples = self.replicate(seed, duration_s=duration_s, warm_up_s=WARM_UP_S, max_running=servers,
                                              rate=load * servers, output=output, step_us=STEP_US, series="1s")
            waits.append(summary["queueing"]["mean_s"])
            measured = samples[WARM_UP_S:duration_s]
            numbers.append(sum(measured) / len(measured))
        self.compare(f"{servers} servers, load {load}, mean waiting time", waits, waiting)
        # Little: those that wait and those that are served.
        self.compare(f"{servers} servers, load {load}, mean number in system", numbers,
                     load * servers * (waiting + 1))

    def compare(self, label, values, formula):
        band = Band(values, CONFIDENCE)
        said = (f"{label}: {band.mean:.5f} +- {band.half_width:.5f} ({band.half_width / formula:.1%}), "
                f"formula {formula:.5f}, off by {band.mean / formula - 1:+.2%}")
        print(said, flush=True)
        with self.subTest(label):
            self.assertTrue(band.holds(formula), said)
            self.assertLess(band.half_width, WIDEST_BAND * formula, f"a band that says little: {said}")


class EachLoad:
    """Mixed into a queue: a test for each of LOADS."""

    def test_load_30(self):
        self.check_load(0.3)

    def test_load_70(self):
        self.check_load(0.7)

    def test_load_90(self):
        self.check_load(0.9)


class DeterministicService(EachLoad, Queue):
    """M/D/1: fixed lengths, one sequence per batch."""

    def check_load(self, load):
        self.check(1, load, FIXED, waiting_with_general_service(load, 1))


class ExponentialService(EachLoad, Queue):
    """M/M/1: exponential lengths, one sequence per batch."""

    def check_load(self, load):
        self.check(1, load, EXPONENTIAL, waiting_with_many_servers(1, load))

    def test_rounding_to_tokens_does_not_show(self):
        first, second = moments_of_rounded_exponential(MEAN_TOKENS)
        for load in LOADS:
            rounded = waiting_with_general_service(load * first / MEAN_TOKENS, second / first ** 2)
            exact = waiting_with_many_servers(1, load)
            self.assertAlmostEqual(rounded / exact, 1, delta=1e-8)


class ManyServers(EachLoad, Queue):
    """M/M/c: exponential lengths, four sequences per batch, steps as long whatever the batch."""

    SERVERS = 4

    def check_load(self, load):
        self.check(self.SERVERS, load, EXPONENTIAL, waiting_with_many_servers(self.SERVERS, load))


class Steps(Queue):
    """What the steps add where they do show."""

    def test_who_finds_a_running_batch_waits_for_half_a_step(self):
        # Nobody waits for a place. Arrivals are Poisson, so they find the replica running as often as it is (PASTA),
        # and at an instant of the step that is equally likely everywhere: on average half a step is left.
        step_s = 0.25
        excesses = []
        for seed in range(1, REPLICATIONS + 1):
            summary, _ = self.replicate(seed, duration_s=20_000, warm_up_s=10, max_running=1024, rate=1.5,
                                        output="{distribution: exponential, mean: 3}", step_us=step_s * 1e6,
                                        series="10s")
            excesses.append(summary["queueing"]["mean_s"] / (summary["fleet"]["gpu_busy_fraction"] * step_s / 2))
        self.compare("waiting over half a step times the busy fraction", excesses, 1)


class Tools(unittest.TestCase):
    """What the tests above compute with."""

    def test_quantiles_of_student_are_those_of_the_tables(self):
        # NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
        for freedom, quantile in ((4, 4.604), (9, 3.250), (19, 2.861), (100, 2.626)):
            self.assertAlmostEqual(student_t_quantile(0.995, freedom), quantile, delta=0.0005)

    def test_one_server_is_the_simplest_of_many(self):
        for load in LOADS:
            self.assertAlmostEqual(waiting_with_many_servers(1, load), load / (1 - load))
            self.assertAlmostEqual(waiting_with_general_service(load, 2), load / (1 - load))

    def test_two_servers_by_hand(self):
        # Load 1/2: offered 1; P(wait) = (1/2 / (1/2)) / (1 + 1 + 1) = 1/3.
        self.assertAlmostEqual(erlang_c(2, 0.5), 1 / 3)


if __name__ == "__main__":
    unittest.main()
