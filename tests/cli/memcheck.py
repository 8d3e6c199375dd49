"""What valgrind's memcheck says of the programs: no invalid access, nothing that is used before it was set, no leak.

Sanitizers see what is compiled with them; memcheck also sees what HDF5, spdlog and the C++ library do with our memory, and
it alone knows of bytes that nobody has set, which a checkpoint or a digest would take along. On one rank, without mpirun:
so MPI is not even started, and nothing of it is to be overlooked.

python3 memcheck.py [-v] [Memcheck.test_...]   exits with 77 where there is no valgrind
"""

import shutil
import sys
import unittest

from programs import CONFIGS, ProgramTest

FAULTS = 99
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible", "--num-callers=30", f"--error-exitcode={FAULTS}"]
# GPUs, nodes and racks that fail and come back, requests that are lost and served again.
BUSY = ["duration=40s", "measure.from=5s", "workload.streams[0].arrivals.rate=4/s", "fleet.failures.gpu.mtbf=1h",
        "fleet.failures.gpu.mttr=5s", "fleet.failures.node.mtbf=3min", "fleet.failures.node.mttr=10s",
        "fleet.failures.rack.mtbf=40s", "fleet.failures.rack.mttr=8s", "gateways.reports={every: 1s}", "output.series=1s",
        "output.steps={replicas: 2}", "fleet.failures.script=[{at: 10s, for: 8s, pool: chat, node: 0}]"]


class Memcheck(ProgramTest):
    def watched(self, program, *arguments):
        """Said by a program that ended well, and of which memcheck said nothing."""
        outcome = self.succeed(program, *arguments, wrapper=VALGRIND, cwd=self.directory)
        self.assertEqual(outcome.stderr, "")
        return outcome.stdout

    def digest(self, said):
        return next(line.split()[1] for line in said.splitlines() if line.startswith("Digest "))

    def test_a_run_with_checkpoints_and_what_reads_its_results(self):
        said = self.watched("regatta", "run", CONFIGS / "quickstart.yaml", "--set", "duration=20s", "--set",
                            "measure.from=2s", "--checkpoint-every", "5s", "--out", "out", "--quiet")
        self.assertEqual(self.digest(self.watched("regatta-post", "stats", "out")), self.digest(said))
        self.watched("regatta-post", "checkpoint", "out")
        self.watched("regatta-post", "merge", "out")

    def test_a_run_that_goes_another_way_from_a_checkpoint(self):
        settings = [word for value in BUSY for word in ("--set", value)]
        self.watched("regatta", "run", CONFIGS / "failures.yaml", *settings, "--checkpoint-every", "10s",
                     "--keep-checkpoints", "9", "--out", "parent", "--quiet")
        said = self.watched("regatta", "run", "--resume", "parent/checkpoint-001", "--set", "gateways.router=random", "--out",
                            "branch", "--quiet")
        self.assertEqual(self.digest(self.watched("regatta-post", "stats", "branch")), self.digest(said))


if __name__ == "__main__":
    if shutil.which("valgrind") is None:
        print("skipped: there is no valgrind (apt-get install valgrind, or tools/install-deps)")
        sys.exit(77)
    unittest.main()
