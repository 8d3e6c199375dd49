"""One replica with places for c requests is the telephone exchange of Erlang: who is turned away where nobody may wait,
or one may, and who has to wait where all may, with 99 % confidence bands from independent replications. What the bands
do not cover, and why it may be left out, is said in queues.py.

python3 erlang.py [-v] [Loss.test_...]
"""

import math
import unittest

from queues import EXPONENTIAL, REPLICATIONS, SCENARIO, STEP_US, Queue, erlang_c
from rows import has_rows, read_columns
from series import read_series

SERVERS = 4
WARM_UP_S = 500  # a loss system forgets in a few services; one that waits at load 0.7 or less in some dozens
MEASURED_S = {2.0: 8000, 2.8: 12_000, 4.0: 4000, 7.0: 2500}


def blocking(servers, offered, places):
    """Probability of M/M/c/c+places that an arrival finds all servers and places taken; without places Erlang's B.
    Source: Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory, 4th edition, 2008, sections 2.5, 2.6."""
    weights = [offered ** k / math.factorial(k) for k in range(servers + 1)]
    for _ in range(places):
        weights.append(weights[-1] * offered / servers)
    return weights[-1] / sum(weights)


class Exchange(Queue):
    """Base of the tests."""

    def replicate_with(self, seed, overrides, **values):
        scenario = self.write("queue.yaml", SCENARIO.format(**values))
        output = self.directory / "out"
        for file in output.glob("*"):
            file.unlink()  # of the replication before
        settings = [word for override in overrides for word in ("--set", override)]
        summary = self.succeed("regatta", "run", scenario, "--seed", seed, *settings, "--quiet", "--json", "--out",
                               output).json
        requests = summary["requests"]
        self.assertEqual(requests["finished"] + requests["rejected"], requests["arrived"])
        running = read_series(output, "running")
        for file in output.glob("*.bin"):
            file.unlink()
        return summary, running


class Loss(Exchange):
    """Nobody may wait, or one may."""

    def check_loss(self, offered, places, *overrides):
        lost, numbers = [], []
        for seed in range(1, REPLICATIONS + 1):
            summary, samples = self.replicate_with(
                seed, overrides, duration_s=WARM_UP_S + MEASURED_S[offered], warm_up_s=WARM_UP_S, max_running=SERVERS,
                rate=offered, output=EXPONENTIAL, step_us=STEP_US, series="1s")
            requests = summary["requests"]
            self.assertEqual(requests["rejected"], requests["reasons"]["queue_full"])
            lost.append(requests["rejected"] / requests["arrived"])
            measured = samples[WARM_UP_S:WARM_UP_S + MEASURED_S[offered]]
            numbers.append(sum(measured) / len(measured))
        formula = blocking(SERVERS, offered, places)
        label = f"{SERVERS} servers, {places} places to wait, {offered} offered"
        self.compare(f"{label}, turned away", lost, formula)
        if places == 0:
            # Carried traffic: what is not turned away, for a mean service each (Little).
            self.compare(f"{label}, mean number served", numbers, offered * (1 - formula))

    # Gateways of the island look at the replica itself, and send nobody to it that has its hands full.
    ERLANG_B = ["gateways.admission=[{queue_limit: 4}]", "gateways.reports=instant", "network.gateway_to_node=0s"]

    def test_erlang_b_with_few(self):
        self.check_loss(2.0, 0, *self.ERLANG_B)

    def test_erlang_b_with_many(self):
        self.check_loss(7.0, 0, *self.ERLANG_B)

    def test_one_may_wait_with_few(self):
        self.check_loss(2.0, 1, "fleet.pools[0].max_queue=1")

    def test_one_may_wait_with_as_many_as_servers(self):
        self.check_loss(4.0, 1, "fleet.pools[0].max_queue=1")


class Delay(Exchange):
    """All may wait: Erlang's C. Mean waiting times are compared in queues.py."""

    def setUp(self):
        super().setUp()
        if not has_rows():
            self.skipTest("h5py (python3-h5py) is not installed")

    def check_delay(self, offered):
        waited = []
        for seed in range(1, REPLICATIONS + 1):
            self.replicate_with(seed, [], duration_s=WARM_UP_S + MEASURED_S[offered], warm_up_s=WARM_UP_S,
                                max_running=SERVERS, rate=offered, output=EXPONENTIAL, step_us=STEP_US, series="1s")
            rows = read_columns(self.directory / "out", "requests", "arrival_ns", "received_ns", "scheduled_ns")
            # Who finds a place waits for the end of a step at most.
            waits = [scheduled - received > 1000 * STEP_US for arrival, received, scheduled in
                     zip(*rows.values()) if arrival >= WARM_UP_S * 1e9]
            waited.append(sum(waits) / len(waits))
        self.compare(f"{SERVERS} servers, {offered} offered, has to wait", waited, erlang_c(SERVERS, offered / SERVERS))

    def test_erlang_c_with_few(self):
        self.check_delay(2.0)

    def test_erlang_c_with_more(self):
        self.check_delay(2.8)


class Tools(unittest.TestCase):
    def test_erlang_b_is_that_of_the_tables(self):
        # Traffic engineering tables: 4 servers at 4 erlangs lose 31.07 %; recursion B(c) = a B(c-1) / (c + a B(c-1)).
        self.assertAlmostEqual(blocking(4, 4.0, 0), 0.31068, delta=5e-6)
        loss = 1.0
        for servers in range(1, 8):
            loss = 5.5 * loss / (servers + 5.5 * loss)
            self.assertAlmostEqual(blocking(servers, 5.5, 0), loss)

    def test_many_places_lose_nobody(self):
        self.assertLess(blocking(4, 2.0, 60), 1e-18)


if __name__ == "__main__":
    unittest.main()
