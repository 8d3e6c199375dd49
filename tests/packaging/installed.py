"""The programs as `cmake --install` leaves them, where there is neither source nor build tree: both are covered by empty
directories, in a mount namespace of its own, so that nobody else notices. Where such a namespace is not allowed the
tests run beside the trees, and say so.

python3 installed.py [-v]
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
from programs import SOURCE  # noqa: E402

BUILD = Path(os.environ["REGATTA_BUILD"])
SHORT = "--set duration=5s --set measure.from=1s --quiet"


def covering(*directories):
    """A command that runs what follows it where the directories are empty; nothing where that is not allowed."""
    mounts = " && ".join(f"mount -t tmpfs none '{directory}'" for directory in directories)
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{mounts} && cd / && exec "$@"', "sh"]
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        works = False
    return command if works else []


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Path(tempfile.mkdtemp(prefix="regatta-installed-"))
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.prefix = cls.place / "prefix"
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])
        cls.cover = covering(*(path for path in (BUILD, SOURCE) if not cls.place.is_relative_to(path)))
        if not cls.cover:
            print("no mount namespace: the source tree is in sight", file=sys.stderr)

    def shell(self, script):
        """What the script says, run in bash with the installed programs on the PATH, far from the trees."""
        environment = {"PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.place),
                       "PREFIX": str(self.prefix), "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
                       "OMPI_MCA_mpi_yield_when_idle": "1"}
        done = subprocess.run([*self.cover, "bash", "--norc", "-eu", "-o", "pipefail", "-c",
                               f"cd '{self.place}'\n{script}"], env=environment, capture_output=True, text=True,
                              check=False, timeout=240)
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_the_trees_are_out_of_sight(self):
        if not self.cover:
            self.skipTest("this system allows no mount namespace")
        self.assertEqual(self.shell(f"ls -A '{SOURCE}'"), "")

    def test_both_programs_tell_their_version(self):
        said = self.shell("regatta --version | head -n 1; regatta-post --version | head -n 1").splitlines()
        self.assertRegex(said[0], r"^regatta \d+\.\d+\.\d+ \(")
        self.assertEqual(said[0], said[1])

    def test_a_ready_scenario_runs_and_merges_to_the_same_digest_on_one_and_two_ranks(self):
        said = self.shell(f"""
            for ranks in 1 2; do
                mpirun -n $ranks regatta run $PREFIX/share/regatta/configs/quickstart.yaml {SHORT} --out run-$ranks
                regatta-post merge run-$ranks
            done
            regatta run $PREFIX/share/regatta/configs/quickstart.yaml {SHORT} --out alone
            regatta-post stats run-2/run.h5""")
        digests = re.findall(r"(?m)^Digest (\w+)", said)
        self.assertGreaterEqual(len(digests), 6)
        self.assertEqual(len(set(digests)), 1, said)

    def test_the_catalogue_is_that_of_the_prefix(self):
        self.assertIn("Llama", self.shell("regatta catalog models llama-3.1-8b"))
        self.assertIn("h100-sxm", self.shell("$PREFIX/bin/regatta catalog hardware"))

    def test_manual_pages_are_found_by_man(self):
        pages = sorted(path.name for path in (self.prefix / "share/man/man1").iterdir())
        self.assertEqual(pages, ["regatta-post.1", "regatta.1"])
        if shutil.which("man") is None:
            self.skipTest("man is not installed")
        for program in ("regatta", "regatta-post"):
            # It looks beside each directory of the PATH.
            self.assertEqual(self.shell(f"man --where {program}").strip(),
                             str(self.prefix / f"share/man/man1/{program}.1"))

    def test_completion_is_found_by_name(self):
        said = self.shell("""
            for program in regatta regatta-post; do
                source $PREFIX/share/bash-completion/completions/$program
                complete -p $program
            done""")
        self.assertEqual(said, "complete -F _regatta regatta\ncomplete -F _regatta_post regatta-post\n")
        for name in ("zsh/site-functions/_regatta", "zsh/site-functions/_regatta-post",
                     "fish/vendor_completions.d/regatta.fish", "fish/vendor_completions.d/regatta-post.fish"):
            self.assertTrue((self.prefix / "share" / name).is_file(), name)

    def test_what_editors_ask_for_is_there(self):
        self.assertEqual((self.prefix / "share/regatta/scenario.schema.json").read_bytes(),
                         (SOURCE / "docs/reference/scenario.schema.json").read_bytes())


if __name__ == "__main__":
    unittest.main()
