"""What the programs say when all is well: help, version, progress, summary, JSON; and what they write.

python3 speaking.py [-v]
"""

import collections
import csv
import io
import json
import os
import re
import unittest
import unittest.mock

from programs import CONFIGS, TIME_FACTOR, ProgramTest, start

QUICKSTART = CONFIGS / "quickstart.yaml"
SHORT = ["run", QUICKSTART, "--set", "duration=5s", "--set", "measure.from=1s"]


class Help(ProgramTest):
    def test_help_and_version_exit_with_0_and_say_nothing_on_stderr(self):
        for program, arguments in [("regatta", ["--help"]), ("regatta", ["--version"]), ("regatta", ["run", "--help"]),
                                   ("regatta", ["validate", "--help"]), ("regatta", ["catalog", "--help"]),
                                   ("regatta", ["reference", "--help"]),
                                   ("regatta-post", ["--help"]), ("regatta-post", ["--version"]),
                                   ("regatta-post", ["merge", "--help"]), ("regatta-post", ["stats", "--help"]),
                                   ("regatta-post", ["requests", "--help"]), ("regatta-post", ["trace", "--help"]),
                                   ("phold", ["--help"])]:
            with self.subTest(command=" ".join([program, *arguments])):
                outcome = self.succeed(program, *arguments)
                self.assertEqual(outcome.stderr, "")
                self.assertIn("regatta" if program.startswith("regatta") else program, outcome.stdout)

    def test_version_tells_what_the_program_was_built_with(self):
        for program, mpi in [("regatta", r"\S.* \(MPI [34]\.\d\)"), ("regatta-post", "none: this program needs no MPI")]:
            with self.subTest(program=program):
                self.assertRegex(
                    self.succeed(program, "--version").stdout,
                    r"\Aregatta \d+\.\d+\.\d+ \(\S+, (?P<build>\w+)\)\n"
                    r"compiler    (GNU|Clang) \d+\.\d+\.\d+\n"
                    rf"MPI         {mpi}\n"
                    r"HDF5        1\.\d+\.\d+ \(headers\), 1\.\d+\.\d+ \(library\)\n"
                    r"Boost       1\.\d+\.\d\n"
                    r"build type  (?P=build)\n"
                    r"assertions  (none|standard library|step loop|standard library, step loop)\n"
                    r"sanitizers  (none|address, undefined|thread)\n"
                    r"hardening   (none|(_FORTIFY_SOURCE=[123]|stack protector|PIE)(, (stack protector|PIE))*)\n\Z")

    def test_version_is_said_once_on_several_ranks(self):
        alone = self.succeed("regatta", "--version")
        self.assertEqual(self.succeed("regatta", "--version", ranks=2).stdout, alone.stdout)

    def test_help_names_every_option_of_run(self):
        said = self.succeed("regatta", "run", "--help").stdout
        self.assertIn("Usage: regatta run [OPTIONS] [SCENARIO]\n", said)
        for option in ("--set PATH=VALUE", "--out DIR", "--limit N", "--seed N", "--checkpoint-every TIME",
                       "--checkpoint-every-wall TIME", "--keep-checkpoints N", "--stall-timeout TIME", "--resume DIR", "--quiet", "--json"):
            self.assertIn(option, said)

    def test_help_is_said_once_on_several_ranks(self):
        alone = self.succeed("regatta", "--help")
        self.assertEqual(self.succeed("regatta", "--help", ranks=2).stdout, alone.stdout)


class Run(ProgramTest):
    def test_the_first_line_comes_within_a_second(self):
        outcome = self.succeed("regatta", *SHORT, "--out", "out", cwd=self.directory)
        self.assertLess(outcome.first_stderr_s, TIME_FACTOR)
        self.assertRegex(outcome.stderr.splitlines()[0], r"^regatta \S+ \(.*\)    1 rank    .*/quickstart.yaml$")

    def test_stderr_says_what_runs_what_was_written_and_what_to_do_next(self):
        outcome = self.succeed("regatta", *SHORT, "--out", "out", cwd=self.directory)
        self.assertEqual(outcome.stderr.splitlines()[1:],
                         ["  pool      chat: 2 nodes of 8 x h100-sxm, llama-3.1-8b at tp 1, 16 replicas with 28429 KV "
                          "blocks of 16 tokens",
                          "  traffic   chat: poisson, 40 requests/s",
                          "  engine    1 rank, load 1.00 x the mean on the fullest",
                          "  writing   out/",
                          "",
                          "Written    out/",
                          "Next       regatta-post merge out -o out/run.h5"])

    def test_stdout_is_the_summary(self):
        outcome = self.succeed("regatta", *SHORT, "--quiet", "--out", "out", cwd=self.directory)
        self.assertEqual(outcome.stderr, "")
        words = [line.split()[0] for line in outcome.stdout.splitlines() if line and not line.startswith(" ")]
        self.assertEqual(words, ["Requests", "Measured", "Throughput", "Goodput", "Fleet", "Steps", "Energy", "Cost",
                                 "Emissions", "Run", "Windows", "Time", "Digest"])
        self.assertRegex(outcome.stdout, r"Digest [0-9a-f]{32}\n$")
        self.assertRegex(outcome.stdout, r"M? ?steps/s in the event loop")

    def test_the_summary_is_said_once_on_several_ranks(self):
        alone = self.succeed("regatta", *SHORT, "--quiet", "--out", "one", cwd=self.directory)
        two = self.succeed("regatta", *SHORT, "--quiet", "--out", "two", cwd=self.directory, ranks=2)
        self.assertEqual(two.stderr, "")

        def without_run(text):
            return [line for line in text.splitlines() if not line.startswith(("Run ", "Windows ", "Time "))]

        self.assertEqual(without_run(two.stdout), without_run(alone.stdout))

    def test_json_is_one_document_and_nothing_else(self):
        for ranks in (None, 2):
            with self.subTest(ranks=ranks):
                outcome = self.succeed("regatta", *SHORT, "--json", "--out", f"out-{ranks}", cwd=self.directory,
                                       ranks=ranks)
                summary = json.loads(outcome.stdout)
                self.assertEqual(summary["name"], "quickstart")
                self.assertRegex(summary["digest"], "^[0-9a-f]{32}$")
                self.assertEqual(summary["run"]["ranks"], ranks or 1)

    def test_results_go_to_the_next_free_directory_by_default(self):
        for number in ("001", "002"):
            self.succeed("regatta", *SHORT, "--quiet", cwd=self.directory)
            self.assertTrue((self.directory / f"runs/quickstart-{number}/rank-00000-000.h5").exists())

    def test_a_directory_with_other_files_may_be_written_into(self):
        self.write("notes.txt", "mine")
        self.succeed("regatta", *SHORT, "--quiet", "--out", self.directory)
        self.assertEqual((self.directory / "notes.txt").read_text(), "mine")

    def test_limit_and_seed_are_those_of_the_scenario(self):
        settings = ["--set", "workload.limit=50", "--set", "seed=9"]
        by_options = self.succeed("regatta", *SHORT, "--quiet", "--out", self.directory / "a", "--limit", 50, "--seed", 9)
        by_keys = self.succeed("regatta", *SHORT, "--quiet", "--out", self.directory / "b", *settings)
        other = self.succeed("regatta", *SHORT, "--quiet", "--out", self.directory / "c", "--limit", 50)
        self.assertEqual(by_options.digest, by_keys.digest)
        self.assertNotEqual(by_options.digest, other.digest)
        self.assertTrue(by_options.stdout.startswith("Requests   50 arrived"))

    def test_a_long_run_tells_how_far_it_is(self):
        # Far too long to end; it is stopped after its first line, due after five seconds.
        outcome = start("regatta", "run", QUICKSTART, "--set", "duration=30d", "--set", "engine.stepping=stepwise",
                        "--out", "out", cwd=self.directory, wrapper=["timeout", "8"])
        self.assertRegex(outcome.stderr, r"\n  \[ +\d+ s\] \d+ s of 2592000 s simulated, \d+ %, .* x real time, "
                                         r".* M events/s, \d+ s left\n")
        self.assertNotIn("\r", outcome.stderr)


class Validate(ProgramTest):
    def test_the_log_is_what_the_environment_says(self):
        with unittest.mock.patch.dict(os.environ, {"REGATTA_LOG": "ofl"}):
            outcome = start("regatta", "run", QUICKSTART)
        self.assertEqual((outcome.code, outcome.stderr),
                         (2, '$REGATTA_LOG: expected debug, info or off, found "ofl"; did you mean "off"?\n'))

    def test_a_right_scenario_is_said_to_be(self):
        outcome = self.succeed("regatta", "validate", "quickstart.yaml", cwd=CONFIGS)
        self.assertEqual(outcome.stdout,
                         "quickstart.yaml is valid: 16 GPUs, 16 replicas in 1 pool, 2 gateways, 1 stream\n")
        self.assertEqual(outcome.stderr, "")

    def test_the_resolved_scenario_runs_to_the_same_results(self):
        for overrides in ([], ["--set", "gateways.router=round_robin", "--set", "gateways.reports={every: 20ms}",
                               "--set", "fleet.pools[0].kv_blocks=300"]):
            with self.subTest(overrides=overrides):
                settings = ["--set", "duration=5s", "--set", "measure.from=1s", *overrides]
                resolved = self.succeed("regatta", "validate", QUICKSTART, *settings, "--resolved").stdout
                scenario = self.write("resolved.yaml", resolved)
                again = self.succeed("regatta", "validate", scenario, "--resolved").stdout
                self.assertEqual(again, resolved)
                name = f"out-{len(overrides)}"
                one = self.succeed("regatta", "run", QUICKSTART, *settings, "--out", f"{name}-a", cwd=self.directory)
                other = self.succeed("regatta", "run", scenario, "--out", f"{name}-b", cwd=self.directory)
                self.assertEqual(one.digest, other.digest)


class Post(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_digest = self.succeed("regatta", *SHORT, "--quiet", "--out", "out", cwd=self.directory, ranks=2).digest

    def test_merge_says_what_it_wrote_and_what_to_do_next(self):
        outcome = self.succeed("regatta-post", "merge", "out", "-o", "run.h5", cwd=self.directory)
        first, digest, following = outcome.stdout.splitlines()
        self.assertTrue(re.fullmatch(r"run\.h5: \d+ requests of 2 ranks, \S+ MB, merged in .*s", first), first)
        self.assertEqual(digest, f"Digest {self.run_digest}")
        self.assertEqual(following, "Next   regatta-post stats run.h5")
        self.assertEqual(outcome.stderr, "")

    def test_merge_writes_into_the_directory_by_default_and_may_be_repeated(self):
        for _ in range(2):
            self.succeed("regatta-post", "merge", "out", cwd=self.directory)
        self.assertEqual(sorted(path.name for path in (self.directory / "out").iterdir()),
                         ["rank-00000-000.h5", "rank-00001-000.h5", "run.h5"])

    def test_stats_are_those_of_the_run(self):
        self.succeed("regatta-post", "merge", "out", cwd=self.directory)
        of_merged = self.succeed("regatta-post", "stats", "out/run.h5", cwd=self.directory)
        self.assertEqual(of_merged.digest, self.run_digest)
        self.assertEqual(of_merged.stderr, "")
        document = self.succeed("regatta-post", "stats", "out/run.h5", "--json", cwd=self.directory).json
        self.assertEqual(document["digest"], self.run_digest)

    def test_requests_are_the_rows_of_the_run_in_seconds(self):
        stats = self.succeed("regatta-post", "stats", "out", "--json", cwd=self.directory).json
        text = self.succeed("regatta-post", "requests", "out", cwd=self.directory).stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(rows), stats["requests"]["arrived"])
        finished = [row for row in rows if row["state"] == "finished" and float(row["arrival_s"]) >= 1]
        for column, name in (("ttft_s", "ttft"), ("e2e_s", "end_to_end"), ("queueing_s", "queueing")):
            values = [float(row[column]) for row in finished]
            self.assertAlmostEqual(sum(values) / len(values), stats[name]["mean_s"], delta=1e-6, msg=column)
        for row in rows:
            self.assertRegex(row["arrival_s"], r"^\d+\.\d{9}$")
            self.assertAlmostEqual(float(row["first_token_s"]) - float(row["arrival_s"]), float(row["ttft_s"]), places=8)

    def test_who_was_not_served_is_told_with_the_reason(self):
        settings = ["fleet.pools[0].scheduler={max_running: 4, chunk_tokens: 64, max_waiting: 50ms}",
                    "fleet.pools[0].max_context_tokens=4000", "workload.streams[0].timeout=900ms"]
        run = self.succeed("regatta", *SHORT, "--quiet", "--out", "pressed",
                           *(word for setting in settings for word in ("--set", setting)), cwd=self.directory)
        counts = self.succeed("regatta-post", "stats", "pressed", "--json", cwd=self.directory).json["requests"]
        self.assertGreater(counts["rejected"], 0)
        self.assertGreater(counts["timed_out"], 10)
        told = counts["reasons"]
        self.assertEqual(told["too_long"], counts["rejected"])
        self.assertGreater(told["waited_too_long"], 5)
        self.assertEqual(told["waited_too_long"] + told["client_gone"], counts["timed_out"])
        self.assertIn(f" + {counts['timed_out']} timed out + 0 unfinished\nNot served {counts['rejected']} too long, "
                      f"{told['waited_too_long']} waited too long, {told['client_gone']} client gone\n", run.stdout)
        text = self.succeed("regatta-post", "requests", "pressed", cwd=self.directory).stdout
        reasons = collections.Counter((row["state"], row["reason"]) for row in csv.DictReader(io.StringIO(text)))
        self.assertEqual(reasons, {("finished", ""): counts["finished"], ("rejected", "too_long"): counts["rejected"],
                                   ("timed_out", "waited_too_long"): told["waited_too_long"],
                                   ("timed_out", "client_gone"): told["client_gone"]})

    def test_requests_are_chosen_by_time_and_by_chance(self):
        def chosen(*options):
            text = self.succeed("regatta-post", "requests", "out", *options, cwd=self.directory).stdout
            return {row["request_id"]: float(row["arrival_s"]) for row in csv.DictReader(io.StringIO(text))}
        everything = chosen()
        self.assertEqual(chosen("--from", "2", "--to", "3.5"),
                         {request: at for request, at in everything.items() if 2 <= at < 3.5})
        some, more = chosen("--sample", "0.2"), chosen("--sample", "0.6")
        self.assertTrue(0 < len(some) < len(more) < len(everything))
        self.assertTrue(some.keys() < more.keys())

    def test_trace_has_each_request_with_its_stages_one_after_the_other(self):
        outcome = self.succeed("regatta-post", "trace", "out", "-o", "trace.json", cwd=self.directory)
        stats = self.succeed("regatta-post", "stats", "out", "--json", cwd=self.directory).json
        self.assertEqual(outcome.stderr, f"{stats['requests']['arrived']} requests, 0 steps\n")
        events = json.loads((self.directory / "trace.json").read_text(encoding="utf-8"))["traceEvents"]
        begun = [event for event in events if event["ph"] == "b" and event["name"] == "request"]
        self.assertEqual(len(begun), stats["requests"]["arrived"])
        open_spans = {}
        for event in events:
            if event["ph"] == "b":
                open_spans.setdefault((event["cat"], event["id"]), {})[event["name"]] = event["ts"]
            elif event["ph"] == "e":
                self.assertLessEqual(open_spans[event["cat"], event["id"]].pop(event["name"]), event["ts"])
        self.assertFalse(any(open_spans.values()))
        self.assertTrue({"queue", "running", "KV blocks"} <= {e["name"] for e in events if e["ph"] == "C"})

    def test_trace_has_the_steps_that_were_recorded(self):
        self.succeed("regatta", "run", QUICKSTART, "--set", "duration=2s", "--set", "measure.from=0s", "--set",
                     "output.steps={replicas: 2, to: 1s}", "--out", "recorded", cwd=self.directory)
        outcome = self.succeed("regatta-post", "trace", "recorded", "-o", "steps.json", "--replica", "1",
                               cwd=self.directory)
        events = json.loads((self.directory / "steps.json").read_text(encoding="utf-8"))["traceEvents"]
        steps = [event for event in events if event["ph"] == "X"]
        self.assertIn(f" requests, {len(steps)} steps\n", outcome.stderr)
        self.assertGreater(len(steps), 20)
        threads = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
        self.assertEqual({threads[step["tid"]] for step in steps}, {"replica 1"})
        self.assertLessEqual({step["name"] for step in steps}, {"decode step", "prefill step", "mixed step"})
        for before, after in zip(steps, steps[1:]):
            self.assertLessEqual(before["ts"] + before["dur"], after["ts"] + 1e-6)
        for step in steps:
            self.assertAlmostEqual(sum(value for name, value in step["args"].items() if name.endswith("_us")), step["dur"], delta=0.02)

    def test_a_trace_that_would_be_too_large_says_what_it_leaves_out(self):
        outcome = self.succeed("regatta-post", "trace", "out", "-o", "trace.json", "--most", "5", cwd=self.directory)
        self.assertRegex(outcome.stderr, r"^5 requests, 0 steps; [\d,]+ more left out: choose with --from, --to, --sample, or take "
                                         r"more with --most\n$")

    def test_what_cannot_be_said_is_an_error(self):
        outcome = start("regatta-post", "stats", "out", cwd=self.directory,
                        wrapper=["sh", "-c", 'exec "$0" "$@" >/dev/full'])
        self.assertEqual((outcome.code, outcome.stderr), (1, "stdout: cannot be written: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
