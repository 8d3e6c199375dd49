"""tools/bench as people meet it: its suites at tiny sizes, its files, comparisons and mistakes. No speed is tested.

python3 bench.py [-v]     (REGATTA_BUILD: build directory, REGATTA_SOURCE_DIR)
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["REGATTA_BUILD"])
TOOL = Path(os.environ["REGATTA_SOURCE_DIR"]) / "tools/bench"
REFERENCE = Path(os.environ["REGATTA_SOURCE_DIR"]).parent / "shared/reference/vidur"
TIME_LIMIT_S = 120
KEYS = ["name", "value", "unit", "ratio_to_reference", "reference", "runs", "spread", "target", "met", "suite", "command",
        "call", "machine"]

ROWS = ["phold.1x2048.la0.1.remote0.1", "phold.2x1024.la0.1.remote0.1", "phold.2x16384.la0.1.remote0.1",
        "phold.2x16384.la0.1.remote1", "phold.2x262144.la0.1.remote0.1", "phold.2x1024.la0.001.remote0.1"]
HOLDS = ["phold.hold.2048", "phold.hold.32768", "phold.hold.524288"]


def bench(*arguments, build=BUILD):
    words = [sys.executable, "-B", str(TOOL), *map(str, arguments), "--build", str(build)]
    return subprocess.run(words, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)


def made_up(name, runs, **more):
    value = sorted(runs)[len(runs) // 2]
    return {"name": name, "value": value, "unit": "events/s", "ratio_to_reference": None, "reference": None,
            "runs": runs, "spread": (max(runs) - min(runs)) / value, "target": None, "met": None, "suite": "phold",
            "command": "phold", "call": ["phold"], "machine": "one"} | more


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="regatta-bench-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def succeed(self, *arguments):
        outcome = bench(*arguments)
        self.assertEqual(outcome.returncode, 0, f"{arguments}\n{outcome.stdout}\n{outcome.stderr}")
        return outcome

    def figures(self, *arguments):
        return {figure["name"]: figure for figure in json.loads(self.succeed(*arguments, "--json", "-").stdout)}

    def refuse(self, arguments, text, code=2, **options):
        outcome = bench(*arguments, **options)
        self.assertEqual((outcome.returncode, outcome.stdout, outcome.stderr), (code, "", f"tools/bench: {text}\n"))

    def program(self, name, text):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def json_file(self, name, content):
        path = self.directory / name
        path.write_text(json.dumps(content))
        return path


class Suites(BenchTest):
    def test_phold_has_its_rows_each_against_the_plain_loop_with_as_many_pending_events(self):
        path = self.directory / "phold.json"
        outcome = self.succeed("phold", "--quick", "--runs", 2, "--json", path)
        figures = json.loads(path.read_text())
        self.assertEqual([figure["name"] for figure in figures], HOLDS + ROWS)
        for figure in figures:
            self.assertEqual(list(figure), KEYS)
            self.assertEqual(len(figure["runs"]), 2)
            self.assertGreater(figure["value"], 0)
            self.assertEqual(figure["call"], ["phold", "--runs", "2", "--quick"])
        by_name = {figure["name"]: figure for figure in figures}
        row = by_name["phold.2x262144.la0.1.remote0.1"]
        self.assertEqual(row["reference"], "phold.hold.524288")
        ratios = [own / other for own, other in zip(row["runs"], by_name[row["reference"]]["runs"])]
        self.assertAlmostEqual(row["ratio_to_reference"], sum(ratios) / 2)
        self.assertEqual(row["met"], row["value"] >= 8e6 or row["ratio_to_reference"] >= 2)
        self.assertRegex(row["command"], r"^mpirun -n 2 .*/bin/phold --lps 524288 --population 1 --remote 0\.1 "
                                         r"--lookahead 0\.1 --end 1 --json$")
        self.assert_is_table(outcome.stdout, figures)

    def assert_is_table(self, text, figures):
        lines = text.splitlines()
        self.assertEqual(lines[0].split(), ["name", "value", "unit", "ratio", "to", "spread", "target"])
        self.assertEqual([line.split()[0] for line in lines[1:]], [figure["name"] for figure in figures])
        for line, figure in zip(lines[1:], figures):
            ends = {None: " %", True: "  met", False: "  not met"}
            self.assertTrue(line.endswith(ends[figure["met"]]), line)
        self.assertEqual(len({line.find(">=") for line in lines if ">=" in line}), 1)

    def test_runs_take_turns_and_every_other_round_goes_backwards(self):
        outcome = self.succeed("phold", "--quick", "--runs", 2, "--only", "phold.hold.*")
        told = re.findall(r"^  (./2)  (\S+): \S+ \S+ holds/s$", outcome.stderr, re.MULTILINE)
        self.assertEqual(told, [("1/2", name) for name in HOLDS] + [("2/2", name) for name in reversed(HOLDS)])

    def test_the_sweep_tells_what_a_request_costs(self):
        figures = self.figures("fleet", "--sweep", "--quick")
        self.assertEqual(list(figures), [
            "sweep.1.requests_per_cpu_s", "sweep.1.cpu", "sweep.1.in_flight", "sweep.1.peak_memory",
            "sweep.64.requests_per_cpu_s", "sweep.64.cpu", "sweep.64.in_flight", "sweep.64.peak_memory",
            "sweep.64.memory_per_request"])
        # 4 requests per second, each of which takes some seconds.
        self.assertTrue(4 < figures["sweep.1.in_flight"]["value"] < 200, figures["sweep.1.in_flight"])
        self.assertGreater(figures["sweep.64.in_flight"]["value"], 30 * figures["sweep.1.in_flight"]["value"])
        self.assertEqual(figures["sweep.64.memory_per_request"]["target"], "<= 2000 B")
        self.assertEqual(figures["sweep.64.requests_per_cpu_s"]["call"], ["fleet", "--sweep", "--runs", "1", "--quick"])

    def test_a_small_fleet_runs_on_one_rank_and_two(self):
        figures = self.figures("fleet", "--quick", "--only", "*.every.*")
        one, two = (figures[f"fleet.small.every.{ranks}r.wall"]["value"] for ranks in (1, 2))
        self.assertAlmostEqual(figures["fleet.small.every.slowdown"]["value"], two / one)
        self.assertEqual(figures["fleet.small.every.slowdown"]["target"], "<= 1.20 x")
        self.assertEqual(figures["fleet.small.every.2r.windows"]["reference"], "fleet.small.every.1r.windows")
        self.assertAlmostEqual(figures["fleet.small.every.1r.speed"]["value"], 5 / one)
        # Each rank holds the program at least, and tells its own memory.
        self.assertGreater(figures["fleet.small.every.2r.peak_memory"]["value"],
                           1.5 * figures["fleet.small.every.1r.peak_memory"]["value"])

    def test_the_cost_model_tells_what_follows_for_many_ranks(self):
        figures = self.figures("scaling", "--fit", "--quick")
        self.assertEqual(figures["model.exchange.2r"]["call"], ["scaling", "--fit", "--runs", "1", "--quick"])
        for reports in ("every", "on_completion"):
            for ranks in (1024, 4096, 16384):
                exchange = {way: figures[f"model.small.{reports}.{ranks}r.exchange_{way}"]["value"]
                            for way in ("pairs", "collective")}
                self.assertLess(exchange["collective"], exchange["pairs"])
        self.assertLess(figures["model.small.every.1024r.speed_pairs"]["value"],
                        figures["model.small.every.1024r.speed_collective"]["value"])

    def test_checkpoint_compares_runs_with_the_same_digest(self):
        figures = self.figures("checkpoint", "--quick")
        self.assertEqual(list(figures), [f"checkpoint.{name}" for ranks in ("1r", "2r") for name in
                                         (f"none.{ranks}.wall", f"every.{ranks}.wall", f"{ranks}.slowdown",
                                          f"{ranks}.bytes")])
        self.assertGreater(figures["checkpoint.2r.bytes"]["value"], 1000)

    def test_soak_watches_memory_checkpoints_and_files(self):
        process = self.succeed("soak", "--quick", "--json", "-")
        figures = {figure["name"]: figure for figure in json.loads(process.stdout)}
        digests = re.findall(r"checkpoint-(\d+): ([\d.]+) s, .*, digest ([0-9a-f]{32})$", process.stderr, re.MULTILINE)
        self.assertGreater(len(digests), 1, process.stderr)
        self.assertEqual([float(at) for _, at, _ in digests[:2]],
                         [10 * (int(number) + 1) for number, _, _ in digests[:2]], process.stderr)
        # The last is made where the run is stopped, which may be the instant of the one before: then, and only then, the
        # same results.
        instants = {at: digest for _, at, digest in digests}
        self.assertEqual({(at, digest) for _, at, digest in digests}, set(instants.items()), process.stderr)
        self.assertEqual(len(set(instants.values())), len(instants), process.stderr)
        found = {name.split(".")[2]: figure["value"] for name, figure in figures.items()}
        self.assertGreater(found["memory"], 1e7)
        self.assertGreaterEqual(found["memory_drift"], 1)
        self.assertEqual(found["checkpoints"], len(digests))
        self.assertGreater(found["checkpoint_bytes"], 1000)
        # At least the ids and times of each request.
        self.assertGreater(found["segment_bytes"], 50 * found["requests"])
        self.assertGreater(found["simulated"], float(digests[-1][1]) - 1)

    def test_merge_counts_the_rows_of_a_run(self):
        figures = self.figures("merge", "--quick")
        self.assertEqual(list(figures), ["merge.copy.rows_per_s"] + [
            f"merge.{form}.{figure}" for form in ("plain", "deflated")
            for figure in ("rows_per_s", "rows_per_cpu_s", "peak_memory", "bytes_per_row")] + [
                "merge.virtual.wall", "merge.virtual.peak_memory"])
        deflated = figures["merge.deflated.bytes_per_row"]["value"]
        self.assertTrue(10 < deflated < figures["merge.plain.bytes_per_row"]["value"] < 200, deflated)

    @unittest.skipUnless(REFERENCE.is_dir(), f"the recorded cases of Vidur, {REFERENCE}, are not there")
    def test_vidur_runs_its_cases_beside_a_checkout(self):
        checkout = self.directory / "checkout"
        for module, text in (("config", "class SimulationConfig:\n    seed = 1\n    @classmethod\n"
                                        "    def create_from_cli_args(cls):\n        return cls()\n"),
                             ("entities", "class Batch:\n    @staticmethod\n    def generate_id():\n"
                                          "        return 1001\n"),
                             ("simulator", "import time\nclass Simulator:\n    def __init__(self, config):\n"
                                           "        pass\n    def run(self):\n        time.sleep(0.01)\n"),
                             ("utils/random", "def set_seeds(seed):\n    pass\n")):
            path = checkout / "vidur" / f"{module}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        figures = self.figures("vidur", "--quick", "--vidur", checkout)
        self.assertEqual(set(figures), {f"vidur.{case}.{figure}" for case in ("s01", "s02", "s03")
                                        for figure in ("batches_per_s", "wall", "theirs.batches_per_s")} |
                         {f"vidur.growth.{ranks}r.{figure}" for ranks in (1, 2, 4)
                          for figure in ("wall", "batches_per_s")})
        theirs = figures["vidur.s02.theirs.batches_per_s"]["value"]
        self.assertTrue(0 < theirs < 1000 / 0.01, theirs)
        self.assertEqual(figures["vidur.s02.batches_per_s"]["reference"], "vidur.s02.theirs.batches_per_s")

    def test_scaling_tells_what_runs_tell_on_up_to_eight_ranks(self):
        figures = self.figures("scaling", "--quick")
        for problem in ("phold", "fleet"):
            for ranks in (1, 2, 4, 8):
                for key in ("wall", "windows", "events", "messages", "bytes", "waiting_fraction", "exchanging_fraction"):
                    self.assertIn(f"scaling.{problem}.{ranks}r.{key}", figures)
        one, eight = (figures[f"scaling.phold.{ranks}r.events"]["value"] for ranks in (1, 8))
        self.assertEqual(one, eight)
        # Before each window, and once more at the end, each rank tells each other: in messages or by reductions.
        for ranks in (1, 2, 4, 8):
            windows, messages, reductions = (figures[f"scaling.phold.{ranks}r.{key}"]["value"]
                                             for key in ("windows", "messages", "reductions"))
            if reductions > 0:
                self.assertEqual(reductions, 2 * (windows + 1))
            else:
                self.assertEqual(messages, ranks * (ranks - 1) * (windows + 1))

    @unittest.skipUnless((BUILD / "bin/regatta_bench_micro").exists(), "Google Benchmark is not installed")
    def test_micro_sets_the_queue_against_the_heap(self):
        figures = self.figures("micro", "--quick", "--only", "micro.[qrs]*")
        self.assertEqual(figures["micro.queue.bucket/100"]["reference"], "micro.queue.heap/100")
        for name in ("micro.queue.heap/1000000", "micro.random.philox", "micro.sketch.fill",
                     "micro.step_loop.requests.steps", "micro.step_loop.requests.wake_ups"):
            self.assertGreater(figures[name]["value"], 0)

    def test_figures_of_runs_whose_results_differ_are_not_printed(self):
        build = self.directory / "release"
        (build / "bin").mkdir(parents=True)
        shutil.copy(BUILD / "bin/hold", build / "bin/hold")
        self.program("release/bin/phold", f'cd {self.directory} && echo x >>count\n'
                                          'printf \'{"events_per_s": 1, "digest": "%032x"}\' $(wc -l <count)')
        outcome = bench("phold", "--quick", "--runs", 2, "--only", "phold.1x*", build=build)
        self.assertEqual((outcome.returncode, outcome.stdout), (1, ""))
        self.assertEqual(outcome.stderr.splitlines()[-1],
                         "tools/bench: phold.1x2048.la0.1.remote0.1: results differ between runs: digests "
                         f"{1:032x}, {2:032x}")

    def test_nothing_is_left_behind(self):
        self.succeed("merge", "--quick", "--scratch", self.directory)
        self.assertEqual(list(self.directory.iterdir()), [])


class OtherEngines(BenchTest):
    def test_ross_and_sst_run_beside_each_row_with_the_same_problem(self):
        said = self.directory / "said"
        ross = self.program("ross", f'echo "$0 $*" >>{said}\n'
                                    'printf "\\t%-50s %11.1f\\n" "Event Rate (events/sec)" 1234567.8')
        sst = self.program("sst", f'echo "$0 $*" >>{said}\n'
                                  '[ "${OMPI_COMM_WORLD_RANK:-0}" = 0 ] && echo \'{"events_per_s": 2e6}\'; true')
        figures = self.figures("phold", "--quick", "--only", "phold.[12]x*.la0.1.remote0.1*", "--ross", ross, "--sst", sst)
        self.assertEqual(figures["phold.1x2048.la0.1.remote0.1.ross"]["value"], 1234567.8)
        self.assertEqual(figures["phold.2x1024.la0.1.remote0.1.sst"]["value"], 2e6)
        self.assertEqual(figures["phold.2x1024.la0.1.remote0.1.sst"]["reference"], "phold.2x1024.la0.1.remote0.1")
        commands = said.read_text().splitlines()
        self.assertIn(f"{ross} --synch=1 --nlp=2048 --start-events=1 --mean=1 --lookahead=0.1 --remote=0.1 --end=24",
                      commands)
        conservative = f"{ross} --synch=2 --gvt-interval=1 --batch=4096 --nlp=1024 --start-events=1 --mean=1 " \
                       "--lookahead=0.1 --remote=0.1 --end=24"
        self.assertEqual(commands.count(conservative), 2)  # two ranks
        self.assertIn(f"{sst} --lps 2048 --population 1 --remote 0.1 --lookahead 0.1 --end 24 --json", commands)

    def test_an_engine_that_tells_no_rate_ends_the_call(self):
        ross = self.program("ross", "echo hello")
        outcome = bench("phold", "--quick", "--only", "phold.1x*", "--ross", ross)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn(f'tools/bench: no "Event Rate (events/sec)" came from\n  {ross} --synch=1', outcome.stderr)

    def test_an_engine_that_fails_is_quoted(self):
        sst = self.program("sst", "echo no licence >&2\nexit 3")
        outcome = bench("phold", "--quick", "--only", "phold.1x*", "--sst", sst)
        self.assertEqual(outcome.returncode, 1)
        self.assertRegex(outcome.stderr, rf"tools/bench: exit code 3 of\n  {sst} --lps 2048 .*\n  no licence\n$")


class Compare(BenchTest):
    def test_two_files_are_set_side_by_side(self):
        old = self.json_file("old.json", [made_up("phold.a", [10e6, 10.1e6, 10.2e6], ratio_to_reference=0.8),
                                          made_up("phold.b", [9e6, 10e6, 12e6]), made_up("phold.c", [1e3])])
        new = self.json_file("new.json", [made_up("phold.a", [20e6, 20.2e6, 20.4e6], ratio_to_reference=1.6),
                                          made_up("phold.b", [9e6, 11e6, 12e6]), made_up("phold.d", [1], machine="two")])
        self.assertEqual(self.succeed("compare", old, new).stdout, """\
name        old     new  unit      new/old  ratio old  ratio new  noise
phold.a  10.1 M  20.2 M  events/s     2.00       0.80       1.60    2 %  more
phold.b  10.0 M  11.0 M  events/s     1.10                         30 %

only in the old: phold.c

only in the new: phold.d

not the same machine: one; two (compare the ratios)
""")

    def test_with_one_file_its_figures_are_measured_again(self):
        old = self.directory / "old.json"
        self.succeed("phold", "--quick", "--only", "phold.hold.2048", "--json", old)
        new = self.directory / "new.json"
        outcome = self.succeed("compare", old, "--runs", 2, "--json", new)
        self.assertRegex(outcome.stdout, r"(?m)^phold\.hold\.2048 +\S+ \S+ ")
        figures = json.loads(new.read_text())
        self.assertEqual([(figure["name"], len(figure["runs"])) for figure in figures], [("phold.hold.2048", 2)])


class Mistakes(BenchTest):
    def test_a_suite_that_does_not_exist(self):
        self.refuse(["folds"], 'no suite "folds"; suites: phold, fleet, merge, checkpoint, scaling, vidur, micro, soak')

    def test_an_option_that_does_not_exist(self):
        self.refuse(["phold", "--run", "2"], 'unknown option "--run"; see tools/bench --help')

    def test_a_number_of_runs_that_is_none(self):
        for text in ("0", "-1", "many"):
            with self.subTest(text):
                self.refuse(["phold", f"--runs={text}"], "argument --runs: expected a whole number of at least 1, found "
                                                         f'"{text}"; see tools/bench --help')

    def test_a_duration_without_a_unit(self):
        self.refuse(["fleet", "--duration", "10"],
                    'argument --duration: expected seconds above 0 such as 10s, found "10"; see tools/bench --help')

    def test_a_folder_without_cases(self):
        self.refuse(["vidur", "--reference", self.directory / "none"],
                    f"--reference: {self.directory}/none is no directory")
        outcome = bench("vidur", "--reference", self.directory)
        self.assertEqual(outcome.returncode, 2)
        self.assertIn(f"{self.directory} has no folder s01_*", outcome.stderr)

    def test_a_fit_without_its_suite(self):
        self.refuse(["phold", "--fit"], "--fit belongs to the suite scaling: tools/bench scaling --fit")

    def test_full_and_shorter_at_once(self):
        self.refuse(["fleet", "--full", "--duration", "10s"], "--full and --duration exclude each other")

    def test_a_sweep_without_its_suite(self):
        self.refuse(["phold", "--sweep"], "--sweep belongs to the suite fleet: tools/bench fleet --sweep")

    def test_a_program_that_is_not_built(self):
        build = self.directory / "release"
        self.refuse(["fleet", "phold"], f"{build}/bin/regatta is missing; build it: cmake --preset release && cmake "
                                        f"--build {build} --target regatta", build=build)
        (build / "bin").mkdir(parents=True)
        shutil.copy(BUILD / "bin/phold", build / "bin/phold")
        self.refuse(["phold"], f"{build}/bin/hold is missing; build it: cmake --preset release && cmake --build {build} "
                               "--target hold", build=build)

    def test_micro_without_google_benchmark(self):
        build = self.directory / "release"
        self.refuse(["micro"], f"{build}/bin/regatta_bench_micro is missing; build it: tools/install-deps (Google "
                               f"Benchmark), then cmake --preset release && cmake --build {build} --target "
                               "regatta_bench_micro", build=build)

    def test_another_engine_that_is_no_program(self):
        self.refuse(["phold", "--ross", "/dev/null/phold"], "--ross: /dev/null/phold is not a program")
        self.refuse(["phold", "--sst", self.json_file("sst", [])], f"--sst: {self.directory}/sst is not a program")

    def test_a_file_that_could_not_be_written_is_known_before_anything_runs(self):
        path = self.directory / "none/figures.json"
        self.refuse(["phold", "--json", path], f"--json: there is no directory {path.parent}")

    def test_a_name_that_no_figure_has(self):
        outcome = bench("phold", "--quick", "--only", "fold*")
        self.assertEqual((outcome.returncode, outcome.stdout), (2, ""))
        self.assertEqual(outcome.stderr.splitlines()[-1], 'tools/bench: --only: nothing is called "fold*"')

    def test_files_that_cannot_be_compared(self):
        there = self.json_file("there.json", [made_up("phold.a", [1])])
        self.refuse(["compare"], "compare wants one file or two: tools/bench compare OLD.json [NEW.json]")
        self.refuse(["compare", there, self.directory / "none.json"],
                    f"{self.directory}/none.json: cannot be read: No such file or directory")
        text = self.directory / "text.json"
        text.write_text("text")
        self.refuse(["compare", there, text], f"{text}: is no JSON")
        for content in ([], {}, [1], [{"name": "phold.a"}]):
            other = self.json_file("other.json", content)
            self.refuse(["compare", other, there],
                        f"{other}: is not a list of figures, as tools/bench --json writes it")

    def test_help_names_suites_and_options(self):
        said = self.succeed("--help").stdout
        for word in ("phold", "fleet", "merge", "checkpoint", "scaling", "vidur", "micro", "soak", "compare", "--runs N", "--json FILE", "--build DIR",
                     "--ross PATH", "--sst PATH", "--reference DIR", "--vidur DIR", "--vidur-python PATH", "--sweep", "--fit", "--full", "--duration SECONDS", "--rows N", "--only GLOB",
                     "memory_per_request"):
            self.assertIn(word, said)
        self.assertNotIn("--quick", said)


if __name__ == "__main__":
    unittest.main()
