"""More load does not make requests faster; more replicas and faster GPUs do not make them slower: 200 random fleets.

python3 monotone.py [-v]          REGATTA_TEST_SEED chooses other fleets
python3 random_fleets.py SEED INDEX DIRECTORY    writes one of them, to look into it

Each comparison has common random numbers. The requests are the same ones, from one trace:
- load: the trace is replayed faster by a random factor (`workload.rate_scale`);
- GPU speed: all rates of the GPU grow by a random factor, memory and the engine's overheads stay;
- replicas: there is one node more, and one gateway that sends each request to the replica with the fewest, told of each
  completion: a choice that uses the new replicas and otherwise stays much the same.

What is compared: the mean end-to-end time, and the time at which everything is done (where a higher load has to win,
for the last request comes sooner). For one queue that serves one request after the other both statements hold in every
single run. Batches and several replicas have exceptions that theory knows, and these are counted:
- Anomalies of list scheduling: with faster or more machines, or shorter jobs, the last job may end later, because jobs
  meet other machines in another order (Graham, "Bounds on multiprocessing timing anomalies", SIAM Journal on Applied
  Mathematics 17(2), 1969). Here: a router that sees other outstanding counts sends a long request somewhere else. It
  shows in the time at which all is done, which hangs on a few long requests, and hardly in the mean.
- Batching: a prompt that comes a moment sooner or later joins another step, and shares it with others.
- Preemption: who loses its blocks, and how often, follows no order in the load, and what was lost is computed again.
So a comparison may go the wrong way by TOLERANCE; a FEW of all by more: one in a hundred of the means, one in ten of
the times at which all is done. None by as much as GROSS, which for the latter is half of what Graham's bound allows to
lists on many machines (twice the time).
"""

import os
import statistics
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from random_fleets import RandomFleet  # noqa: E402

SEED = os.environ.get("REGATTA_TEST_SEED", "1")
FLEETS = 200
AT_A_TIME = 2

TOLERANCE = 0.01
FEW_MEANS, GROSS_MEAN = 2, 0.10
FEW_ENDS, GROSS_END = 20, 0.50

# One gateway that knows of everything: see above.
COUPLED = {"gateways": 1, "router": "least_outstanding", "reports": "on_completion"}


class Monotone(ProgramTest):
    """All comparisons of all fleets, made once."""

    def figures(self, fleet, directory, changes=None, speed=1.0, rate_scale=1.0):
        """Mean end-to-end time and the time at which all is done."""
        directory.mkdir()
        scenario = fleet.write(directory, speed, changes or {})
        run = self.succeed("regatta", "run", scenario, "--set", f"workload.rate_scale={rate_scale}", "--quiet",
                           "--json", "--out", directory / "out").json
        self.assertEqual(run["requests"]["finished"], run["requests"]["arrived"], fleet)
        return run["end_to_end"]["mean_s"], run["end_s"], run["requests"]["preemptions"]

    def compare_fleet(self, index):
        """For each statement, the pair (what must not be larger, what it is compared with)."""
        fleet = RandomFleet(SEED, index)
        directory = self.directory / str(index)
        directory.mkdir()
        plain = self.figures(fleet, directory / "plain")
        loaded = self.figures(fleet, directory / "loaded", rate_scale=fleet.more_load)
        fast = self.figures(fleet, directory / "fast", speed=fleet.more_speed)
        coupled = self.figures(fleet, directory / "coupled", COUPLED)
        large = self.figures(fleet, directory / "large", COUPLED | {"nodes": fleet.nodes + 1})
        return fleet, {"load, mean": (plain[0], loaded[0]), "load, all done": (loaded[1], plain[1]),
                       "replicas, mean": (large[0], coupled[0]), "replicas, all done": (large[1], coupled[1]),
                       "speed, mean": (fast[0], plain[0]), "speed, all done": (fast[1], plain[1]),
                       "preemptions": (plain[2], loaded[2])}

    def test_in_load_in_replicas_and_in_speed(self):
        print(f"seed {SEED}", flush=True)
        with ThreadPoolExecutor(AT_A_TIME) as runs:
            compared = list(runs.map(self.compare_fleet, range(FLEETS)))
        preempting = sum(sum(pairs.pop("preemptions")) > 0 for _, pairs in compared)
        print(f"{preempting} of {FLEETS} fleets preempt")
        self.assertGreater(preempting, FLEETS // 20, "fleets that never run out of blocks say little")
        for statement in compared[0][1]:
            self.check(statement, [(pairs[statement][0] / pairs[statement][1] - 1, fleet) for fleet, pairs in compared])

    def check(self, statement, excesses):
        few, gross = (FEW_MEANS, GROSS_MEAN) if statement.endswith("mean") else (FEW_ENDS, GROSS_END)
        excesses.sort(key=lambda pair: -pair[0])
        wrong = [pair for pair in excesses if pair[0] > 0]
        beyond = [pair for pair in wrong if pair[0] > TOLERANCE]
        median = statistics.median(excess for excess, _ in excesses)
        said = "\n".join([f"{statement}: median {median:+.2%}, {len(wrong)} the wrong way, {len(beyond)} beyond "
                          f"{TOLERANCE:.0%} ({few} allowed), largest {excesses[0][0]:+.2%} ({gross:.0%} allowed)"]
                         + [f"    {excess:+.2%} {fleet}" for excess, fleet in beyond])
        print(said, flush=True)
        with self.subTest(statement):
            self.assertLessEqual(len(beyond), few, said)
            self.assertLess(excesses[0][0], gross, said)
            self.assertLess(median, 0, f"nothing changes: {said}")


if __name__ == "__main__":
    unittest.main()
