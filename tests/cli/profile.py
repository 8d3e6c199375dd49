"""What `regatta profile` says of measurements, and what scenarios say of bad ones: python3 profile.py [-v]."""

import gzip
import os
import unittest

from programs import ProgramTest, start

MLP_COLUMNS = ["num_tokens", "n_head", "n_kv_head", "n_embd", "n_expanded_embd", "use_gated_mlp", "vocab_size",
               "num_tensor_parallel_workers"] + [
    f"time_stats.{op}.median" for op in ("attn_pre_proj", "attn_post_proj", "attn_rope", "mlp_up_proj",
                                         "mlp_down_proj", "mlp_act", "add", "input_layernorm")]
ATTENTION_COLUMNS = ["n_embd", "n_q_head", "n_kv_head", "block_size", "num_tensor_parallel_workers", "batch_size",
                     "prefill_chunk_size", "kv_cache_size"] + [
    f"time_stats.{op}.median" for op in ("attn_prefill", "attn_decode", "attn_kv_cache_save")]
TABLES = "op,a,b_first,b_last,ms\n" + "".join(
    f"{op},0,1,4096,0.01\n" for op in ("attn_pre_proj", "attn_post_proj", "attn_rope", "mlp_up_proj", "mlp_down_proj",
                                       "mlp_act")) + "attn_decode,1,0,4096,0.02\nattn_prefill,0,1,4096,0.03\n"

SCENARIO = """\
duration: 5s
fleet:
  pools:
    - name: measured
      model: llama-3.1-8b
      node: {{gpu: h100-sxm, gpus: 2}}
      timing: {{policy: profile, {timing}}}
workload:
  streams:
    - arrivals: {{process: constant, rate: 4/s}}
      lengths: {{prompt: {{fixed: 300}}, output: {{fixed: 20}}}}
"""
MEASURED = "compute: mlp.csv, attention: attention.csv.gz"


def mlp():
    """Llama-3.1-8B's, as if each token took a microsecond more."""
    rows = [[n, 32, 8, 4096, 14336, True, 128256, 1] + [0.01 + 0.001 * n] * 8 for n in (1, 8, 64, 256, 1024, 4096)]
    return "\n".join(",".join(map(str, row)) for row in [MLP_COLUMNS, *rows]) + "\n"


def attention():
    shape = [4096, 32, 8, 16, 1]
    rows = [shape + [batch, 0, kv, 0, 0.01 * batch + 1e-5 * batch * kv, 0.002]
            for batch in (1, 8, 64, 128) for kv in (64, 512, 4032)]
    rows += [shape + [1, chunk, kv, 1e-3 * chunk + 1e-6 * chunk * kv, 0, 0.002]
             for chunk in (64, 512, 2048) for kv in (0, 1024, 2048)]
    return "\n".join(",".join(map(str, row)) for row in [ATTENTION_COLUMNS, *rows]) + "\n"


class Profile(ProgramTest):
    """Two files of measurements beside a scenario."""

    def setUp(self):
        super().setUp()
        self.mlp = self.write("mlp.csv", mlp())
        self.attention = self.directory / "attention.csv.gz"
        self.attention.write_bytes(gzip.compress(attention().encode()))
        self.cache = self.directory / "cache"
        os.environ["REGATTA_CACHE"] = str(self.cache)
        self.addCleanup(os.environ.pop, "REGATTA_CACHE")

    def run_with(self, timing, ranks=None):
        path = self.write("fleet.yaml", SCENARIO.format(timing=timing))
        out = self.directory / f"out-{len(list(self.directory.iterdir()))}"
        return start("regatta", "run", path, "--out", out, ranks=ranks)

    def problem_with(self, timing):
        path = self.write("fleet.yaml", SCENARIO.format(timing=timing))
        outcome = start("regatta", "validate", path)
        self.assertEqual(outcome.code, 2, outcome)
        return outcome.stderr.replace(str(self.directory) + "/", "").splitlines()[:-1]

    def test_tells_the_error_of_every_operator(self):
        outcome = start("regatta", "profile", self.mlp, self.attention, "--model", "llama-3.1-8b", "--folds", 3)
        self.assertEqual(outcome.code, 0, outcome)
        lines = outcome.stdout.splitlines()
        self.assertIn("3 folds", lines[0])
        self.assertRegex(lines[1], "operator +samples +interpolate +forest +polynomial")
        self.assertEqual(len(lines), 2 + 11, outcome)
        self.assertRegex(outcome.stdout, r"attn_decode +12 +\d+\.\d\d % +\d+\.\d\d % ")

    def test_speaks_json(self):
        outcome = start("regatta", "profile", self.mlp, "--model", "llama-3.1-8b", "--json")
        self.assertEqual(outcome.code, 0, outcome)
        operators = {one["operator"]: one for one in outcome.json["operators"]}
        self.assertEqual(operators["mlp_act"]["samples"], 6)
        # A straight line is what a polynomial finds, and a forest does not.
        self.assertLess(operators["mlp_act"]["polynomial"]["mean_error_fraction"], 1e-9)
        self.assertGreater(operators["mlp_act"]["forest"]["mean_error_fraction"], 0.1)

    def test_refuses_what_is_no_profile(self):
        other = self.write("trace.csv", "arrival_s,input_tokens\n0,1\n")
        outcome = start("regatta", "profile", other, self.mlp, "--model", "llama-3.1-70b")
        self.assertEqual(outcome.code, 2, outcome)
        first, second = outcome.stderr.splitlines()
        self.assertIn("trace.csv: none of Vidur's profiling files: it has no column time_stats.attn_pre_proj", first)
        self.assertTrue(second.endswith("mlp.csv: no rows with n_head = 64; found: 32"), second)
        outcome = start("regatta", "profile", self.mlp, "--model", "llama-3.1-8")
        self.assertEqual(outcome.stderr.strip(),
                         'regatta profile: --model: no model "llama-3.1-8"; did you mean "llama-3.1-8b"?')
        outcome = start("regatta", "profile", self.mlp, "--model", "nothing-like-it")
        self.assertEqual(outcome.stderr.strip(),
                         'regatta profile: --model: no model "nothing-like-it"; regatta catalog models lists them')

    def test_trains_once_and_the_same_on_two_ranks(self):
        for predictor in ("forest", "polynomial", "interpolate"):
            with self.subTest(predictor):
                timing = f"predictor: {predictor}, {MEASURED}, estimators: [30]"
                alone = self.run_with(timing)
                self.assertEqual(alone.code, 0, alone)
                again = self.run_with(timing)
                self.assertEqual(again.digest, alone.digest)
                for file in self.cache.iterdir():
                    file.unlink()
                together = self.run_with(timing, ranks=2)
                self.assertEqual(together.digest, alone.digest)

    def test_checks_without_training(self):
        path = self.write("fleet.yaml", SCENARIO.format(timing=f"predictor: forest, {MEASURED}"))
        outcome = start("regatta", "validate", path)
        self.assertEqual(outcome.code, 0, outcome)
        self.assertFalse(self.cache.exists())

    def test_runs_from_tables(self):
        self.write("tables.csv", TABLES)
        outcome = self.run_with("predictor: table, tables: tables.csv")
        self.assertEqual(outcome.code, 0, outcome)
        # The resolved scenario runs from anywhere.
        resolved = start("regatta", "validate", self.directory / "fleet.yaml", "--resolved")
        self.assertIn(f"tables: {self.directory}/tables.csv", resolved.stdout)

    def test_tells_bad_files_at_their_keys(self):
        pool = "fleet.pools[0].timing"
        self.assertEqual(self.problem_with("predictor: table"), [
            f"fleet.yaml:7:15: {pool}.tables: missing; predictor table needs the file of prediction tables"])
        self.assertEqual(self.problem_with("predictor: table, tables: no.csv"), [
            f'fleet.yaml:7:59: {pool}.tables: cannot read "no.csv": no such file'])
        swapped = self.problem_with("predictor: forest, compute: attention.csv.gz, attention: mlp.csv")
        self.assertTrue(swapped[0].startswith(
            f'fleet.yaml:7:61: {pool}.compute: attention.csv.gz: no column "n_head"; there are: n_embd, '), swapped)
        self.write("tables.csv", TABLES + "attn_decode,0,1,1,1\n")
        self.assertEqual(self.problem_with("predictor: table, tables: tables.csv"), [
            f"fleet.yaml:7:59: {pool}.tables: tables.csv:10: expected the rows of an operator in order of a, then b, "
            "without overlaps"])
        self.write("tables.csv", TABLES.replace("attn_decode,1,0,4096,0.02\n", ""))
        self.assertEqual(self.problem_with("predictor: table, tables: tables.csv"), [
            f"fleet.yaml:7:59: {pool}.tables: no times of attn_decode"])
        self.attention.write_bytes(self.attention.read_bytes()[:-20])
        self.assertEqual(self.problem_with(f"predictor: forest, {MEASURED}"), [
            f'fleet.yaml:7:81: {pool}.attention: cannot read "attention.csv.gz": the gzip data are damaged or end early'])
        self.assertEqual(self.problem_with("predictor: interpolate, compute: mlp.csv"), [
            f"fleet.yaml:7:15: {pool}.attention: missing; predictor interpolate needs the file of its measurements"])


if __name__ == "__main__":
    unittest.main()
