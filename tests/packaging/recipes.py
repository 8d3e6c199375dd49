"""The recipes in packaging/ agree with the build: dependencies and versions of the Spack package with what CMake looks for,
files and commands of the Apptainer definition with what is there. Neither Spack nor Apptainer is started.

python3 recipes.py [-v]
"""

import ast
import os
import re
import subprocess
import unittest
from pathlib import Path

SOURCE = Path(os.environ["REGATTA_SOURCE_DIR"])
SPACK = SOURCE / "packaging/spack/packages"
DEFINITION = SOURCE / "packaging/regatta.def"

# What CMake looks for: a package, or a header of one that has no CMake configuration; and Spack's name for it.
NAMES = {"MPI": "mpi", "HDF5": "hdf5", "Boost": "boost", "yaml-cpp": "yaml-cpp", "fmt": "fmt", "Eigen3": "eigen",
         "spdlog": "spdlog", "CLI11": "cli11", "nlohmann_json": "nlohmann-json", "benchmark": "benchmark",
         "Random123/philox.h": "random123", "xxhash.h": "xxhash", "csv.h": "libcsv", "libdeflate.h": "libdeflate",
         "protozero/pbf_writer.hpp": "protozero", "cairo-svg.h": "cairo", "tl/expected.hpp": "tl-expected"}


def wanted_by_cmake():
    """Spack's name of each, with the least version."""
    text = (SOURCE / "cmake/regatta_dependencies.cmake").read_text(encoding="utf-8")
    found = re.findall(r"(?m)^find_package\((\S+?)(?: ([\d.]+))?[ )]", text)
    found += [(header, "") for header in re.findall(r"(?m)^find_path\(\w+ (\S+)", text)]
    return {NAMES[name]: version for name, version in found}


def calls(package, function):
    """The texts that are the first argument of each call in the recipe."""
    tree = ast.parse((SPACK / package / "package.py").read_text(encoding="utf-8"))
    return [(node.args[0].value, {word.arg: word.value for word in node.keywords}) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function]


def wanted_by_spack():
    found = {}
    for spec, words in calls("regatta", "depends_on"):
        name, version = re.match(r"([\w-]+)(?:@([\d.]+):)?", spec).groups()
        if "type" not in words:
            found[name] = version or ""
    return found


def sections():
    """Of the definition, by name, without the %."""
    parts = re.split(r"(?m)^%(\w+)\n", DEFINITION.read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2]))


class Spack(unittest.TestCase):
    def test_recipes_compile(self):
        for path in SPACK.glob("*/package.py"):
            compile(path.read_text(encoding="utf-8"), str(path), "exec")

    def test_dependencies_are_those_that_cmake_looks_for_in_the_same_versions(self):
        self.assertEqual(wanted_by_spack(), wanted_by_cmake())

    def test_tools_are_those_that_cmake_asks_for(self):
        least = re.search(r"cmake_minimum_required\(VERSION ([\d.]+)\)", (SOURCE / "CMakeLists.txt").read_text())[1]
        self.assertIn(f"cmake@{least}:", [spec for spec, _ in calls("regatta", "depends_on")])

    def test_the_version_is_that_of_the_project(self):
        version = re.search(r"project\(regatta VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text())[1]
        self.assertEqual([name for name, _ in calls("regatta", "version")], [version])

    def test_every_option_that_it_sets_is_one_of_the_build(self):
        recipe = (SPACK / "regatta/package.py").read_text(encoding="utf-8")
        known = "".join(path.read_text() for path in [SOURCE / "CMakeLists.txt", *(SOURCE / "cmake").glob("*.cmake")])
        options = re.findall(r'"(REGATTA_\w+)"', recipe)
        self.assertGreater(len(options), 3)
        for option in options:
            self.assertIn(f"option({option} ", known)

    def test_recipes_of_others_have_sums(self):
        for package in ("protozero", "libcsv"):
            for _, words in calls(package, "version"):
                self.assertRegex(ast.literal_eval(words["sha256"]), "^[0-9a-f]{64}$")
                self.assertRegex(ast.literal_eval(words["url"]), "^https://")


class Apptainer(unittest.TestCase):
    def test_it_copies_what_there_is_and_all_that_the_build_reads(self):
        copied = [line.split()[0] for line in sections()["files"].strip().splitlines()]
        for name in copied:
            self.assertTrue((SOURCE / name).exists(), name)
        texts = [SOURCE / "CMakeLists.txt", *(SOURCE / "cmake").glob("*.cmake"), *SOURCE.glob("src/**/CMakeLists.txt")]
        for path in texts:
            for name in re.findall(r"(?:PROJECT_SOURCE_DIR\}/|DIRECTORY )([a-z_]+)(?=/)", path.read_text()):
                if name != "tests":
                    self.assertIn(name, copied, path)

    def test_its_scripts_are_shell(self):
        for name in ("post", "test", "runscript", "environment"):
            done = subprocess.run(["sh", "-n"], input=sections()[name], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)

    def test_it_calls_what_there_is_with_presets_and_options_that_exist(self):
        post = sections()["post"]
        self.assertIn("tools/install-deps --run-only\n", post)
        self.assertIn("--run-only", (SOURCE / "tools/install-deps").read_text())
        self.assertIn('"name": "release"', (SOURCE / "CMakePresets.json").read_text())
        known = "".join(path.read_text() for path in [SOURCE / "CMakeLists.txt", *(SOURCE / "cmake").glob("*.cmake")])
        for option in re.findall(r"-D(\w+)=", post):
            self.assertIn(f"option({option} ", known)

    def test_it_says_how_it_is_used(self):
        self.assertIn("apptainer run regatta.sif run ", sections()["help"])
        for name in ("environment", "labels"):
            self.assertIn(name, sections())


if __name__ == "__main__":
    unittest.main()
