"""Installs Regatta into a directory of its own, builds mpi_examples/own_policy against it outside the tree, and runs it:
policies of one's own are read, checked, listed and give the same answer on any number of ranks, lazily and stepwise.

python3 own_policy.py [-v]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
import programs  # noqa: E402
from programs import CONFIGS, SOURCE, ProgramTest, start  # noqa: E402

BUILD = Path(os.environ["REGATTA_BUILD"])
OWN = ["gateways.router={policy: home, slack: 3}",
       "fleet.pools[0].scheduler={policy: static_batching, batch: 8}", "duration=20s", "measure.from=2s"]


def build(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


class OwnPolicy(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="regatta-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        build("cmake", "--install", BUILD, "--prefix", cls.place / "prefix")
        # The example as a user would have it: away from the source tree.
        shutil.copytree(SOURCE / "mpi_examples/own_policy", cls.place / "own_policy")
        build("cmake", "-S", cls.place / "own_policy", "-B", cls.place / "build", "-G", "Ninja",
              f"-DCMAKE_PREFIX_PATH={cls.place / 'prefix'}", "-DCMAKE_BUILD_TYPE=Release",
              "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        build("cmake", "--build", cls.place / "build")
        programs.BIN = cls.place / "build"
        cls.addClassCleanup(setattr, programs, "BIN", BUILD / "bin")

    def run_own(self, label, *overrides, ranks=None):
        settings = [word for override in [*OWN, *overrides] for word in ("--set", override)]
        return self.succeed("own_policy", "run", CONFIGS / "quickstart.yaml", *settings, "--quiet", "--out",
                            self.directory / label, ranks=ranks)

    def test_it_gives_the_same_answer_on_any_number_of_ranks_lazily_and_stepwise(self):
        digest = self.run_own("one").digest
        for ranks in (2, 3):
            self.assertEqual(self.run_own(f"ranks-{ranks}", ranks=ranks).digest, digest, f"{ranks} ranks")
        self.assertEqual(self.run_own("stepwise", "engine.stepping=stepwise").digest, digest, "stepwise")
        self.assertEqual(self.run_own("plain", "engine.bound=plain", ranks=2).digest, digest, "plain bound")
        self.assertNotEqual(self.run_own("slack", "gateways.router={policy: home, slack: 30}").digest, digest)

    def test_static_batching_makes_requests_wait(self):
        def p50_waiting_s(*overrides):
            settings = [word for override in overrides for word in ("--set", override)]
            return self.succeed("own_policy", "run", CONFIGS / "quickstart.yaml", "--set", "duration=20s", *settings,
                                "--set", "measure.from=2s", "--json", "--quiet", "--out",
                                self.directory / str(len(overrides))).json["stages"]["waiting"]["p50_s"]
        self.assertGreater(p50_waiting_s("fleet.pools[0].scheduler=static_batching"), 10 * p50_waiting_s())

    def test_it_is_listed_documented_and_checked(self):
        self.assertRegex(self.succeed("own_policy", "catalog", "routers").stdout, r"(?m)^ +home +")
        self.assertIn("**`static_batching`**", self.succeed("own_policy", "reference").stdout)
        wrong = start("own_policy", "validate", CONFIGS / "quickstart.yaml", "--set", "gateways.router=hom")
        self.assertEqual(wrong.code, 2)
        self.assertIn('did you mean "home"?', wrong.stderr)
        wrong = start("own_policy", "validate", CONFIGS / "quickstart.yaml", "--set",
                      "fleet.pools[0].scheduler={policy: static_batching, batch: 0}")
        self.assertEqual(wrong.code, 2)
        self.assertIn("batch: expected a whole number from 1 to 65536", wrong.stderr)

    def test_what_the_guide_shows_works_as_written(self):
        (self.directory / "build").mkdir()
        (self.directory / "build/own_policy").symlink_to(self.place / "build")
        (self.directory / "configs").symlink_to(CONFIGS)
        shutil.copy(CONFIGS / "two-pools.yaml", self.directory / "mine.yaml")
        page = (SOURCE / "docs/guide/writing-a-policy.md").read_text(encoding="utf-8")
        commands = re.findall(r"(?m)^\$ (.*)$", page)
        self.assertGreater(len(commands), 5)
        environment = dict(os.environ, PATH=f"{self.place / 'build'}{os.pathsep}{os.environ['PATH']}",
                           OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_mpi_yield_when_idle="1")
        if os.geteuid() == 0:
            environment["OMPI_ALLOW_RUN_AS_ROOT"] = environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        digests = set()
        for command in commands:
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=self.directory, env=environment,
                                  capture_output=True, text=True, check=False, timeout=120)
            self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
            if command.endswith("grep Digest"):
                digests.add(done.stdout)
        self.assertEqual(len(digests), 1, "the same answer in all ways that the page shows")

    def test_its_catalogue_is_that_of_the_package(self):
        catalogue = self.place / "prefix/share/regatta/catalogue"
        catalogue.rename(catalogue.with_name("elsewhere"))
        try:
            shown = start("own_policy", "catalog", "models")
        finally:
            catalogue.with_name("elsewhere").rename(catalogue)
        self.assertEqual(shown.code, 2)
        self.assertIn(str(catalogue), shown.stderr)

    def test_the_installed_programs_need_no_source_tree(self):
        prefix = self.place / "prefix"
        environment = {key: value for key, value in os.environ.items() if key != "REGATTA_CATALOGUE"}
        shown = subprocess.run([prefix / "bin/regatta", "catalog", "models", "llama-3.1-8b"], env=environment,
                               capture_output=True, text=True, check=False)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        files = [str(path) for path in (prefix / "share/regatta").rglob("*.yaml")]
        self.assertTrue(any(path.endswith("catalogue/models.yaml") for path in files), files)
        self.assertTrue(any(path.endswith("configs/quickstart.yaml") for path in files), files)
        for header in (prefix / "include/regatta").rglob("*.hpp"):
            for line in header.read_text(encoding="utf-8").splitlines():
                if line.startswith('#include "'):
                    included = line.split('"')[1]
                    self.assertTrue((prefix / "include" / included).exists(), f"{header.name} includes {included}")


if __name__ == "__main__":
    unittest.main()
