"""Memory follows what is in flight, not how long a run is: five times the requests take the same memory.

python3 memory.py [-v]
"""

import unittest

from programs import CONFIGS, ProgramTest


class Memory(ProgramTest):
    def peak_bytes(self, requests):
        # The quickstart at twice its rate, which it serves without a queue that grows.
        outcome = self.succeed("regatta", "run", CONFIGS / "quickstart.yaml", "--set", "duration=none", "--set",
                               "workload.streams[0].arrivals.rate=80/s", "--limit", requests, "--json", "--quiet",
                               "--out", self.directory / str(requests))
        self.assertEqual(outcome.json["requests"]["finished"], requests)
        return outcome.json["run"]["peak_memory_bytes"]

    def test_a_million_requests_take_the_memory_of_two_hundred_thousand(self):
        few, many = self.peak_bytes(200_000), self.peak_bytes(1_000_000)
        self.assertLess(many, 1.1 * few)
        self.assertLess(many, 300e6)


if __name__ == "__main__":
    unittest.main()
