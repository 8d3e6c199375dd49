"""What `regatta roofline` says of steps and matrices, and what `regatta-post roofline` draws: python3 roofline.py [-v]."""

import csv
import io
import json
import struct
import subprocess
import unittest
import xml.etree.ElementTree as ET

from programs import BIN, ProgramTest, start

LLAMA = ("--hardware", "h100-sxm", "--model", "llama-3.1-8b")
FLEET = """
fleet: {{pools: [{{model: llama-3.1-70b, node: {{gpu: h100-sxm, gpus: 4}}, parallel: {{tp: 4}}, timing: {timing}}}]}}
workload: {{streams: [{{arrivals: {{process: constant, rate: 0.01/s}}, limit: 1,
                       lengths: {{prompt: {{fixed: 1000}}, output: {{fixed: 2}}}}}}]}}
"""


class Roofline(ProgramTest):
    """Tables."""

    def rows(self, *arguments):
        answer = self.succeed("regatta", "roofline", "--format", "csv", *arguments)
        return list(csv.DictReader(io.StringIO(answer.stdout)))

    def problems(self, *arguments):
        outcome = start("regatta", "roofline", *arguments)
        self.assertEqual(outcome.code, 2, outcome)
        self.assertEqual(outcome.stdout, "")
        prefix = "regatta roofline: "
        for line in outcome.stderr.splitlines():
            self.assertTrue(line.startswith(prefix), outcome)
        return [line[len(prefix):] for line in outcome.stderr.splitlines()]

    def test_operators_add_up_to_the_total(self):
        rows = self.rows(*LLAMA, "--batch", "4", "--tp", "2")
        for stage in ("prefill", "decode"):
            parts = [row for row in rows if row["stage"] == stage]
            total = parts.pop()
            self.assertEqual(total["operator"], "total")
            for column in ("flops", "bytes", "link_bytes", "time_s"):
                self.assertAlmostEqual(sum(float(row[column]) for row in parts) / float(total[column]), 1, 12)
            names = [row["operator"] for row in parts]
            self.assertIn(f"attention_{stage}", names)
            self.assertEqual(names[-3:], ["all_reduce", "all_gather", "overhead"])

    def test_counts_are_the_known_ones(self):
        # 2 operations for each weight of the layers and token: 6.98 G of the 8.03 G parameters.
        total = self.rows(*LLAMA, "--stage", "decode", "--length", "1", "--totals")[0]
        self.assertAlmostEqual(float(total["flops"]) / (2 * 7.50e9), 1, 2)
        self.assertEqual(total["bound"], "memory")
        self.assertAlmostEqual(float(total["memory_weight_bytes"]) / 2**30, 15.0, 1)

    def test_a_batch_reads_weights_once(self):
        one, many = (self.rows(*LLAMA, "--stage", "decode", "--batch", batch)[0] for batch in ("1", "32"))
        self.assertEqual(one["operator"], "qkv_proj")
        self.assertEqual(many["load_weight_bytes"], one["load_weight_bytes"])
        self.assertEqual(float(many["flops"]), 32 * float(one["flops"]))

    def test_steps_take_what_they_take_in_a_simulation(self):
        for out, timing, arguments in (
                ("out", "roofline", ()),
                ("changed", "{policy: roofline, memory_efficiency: 0.5, step_overhead: 0s}",
                 ("--set", "memory_efficiency=0.5", "--set", "step_overhead=0s"))):
            with self.subTest(timing):
                path = self.write("fleet.yaml", FLEET.format(timing=timing))
                run = self.succeed("regatta", "run", path, "--quiet", "--json", "--out", self.directory / out).json
                rows = self.rows("--hardware", "h100-sxm", "--model", "llama-3.1-70b", "--tp", "4", "--totals",
                                 "--length", "1000,1001", *arguments)
                expected = [float(row["time_s"]) for row in rows
                            if (row["stage"], row["length"]) in (("prefill", "1000"), ("decode", "1001"))]
                self.assertAlmostEqual(run["stages"]["prefill"]["mean_s"], expected[0], 8)
                self.assertAlmostEqual(run["stages"]["decode"]["mean_s"], expected[1], 8)

    def test_lists_are_taken_each_with_each(self):
        rows = self.rows("--hardware", "h100-sxm,nvidia_A100", "--model", "llama-3.1-8b,meta-llama/Llama-2-7b-hf",
                         "--precision", "bf16,int4/bf16/bf16", "--batch", "1,2", "--length", "8,16,32", "--totals")
        self.assertEqual(len(rows), 2 * 2 * 2 * 2 * 3 * 2)
        self.assertEqual({row["model"] for row in rows}, {"llama-3.1-8b", "llama-2-7b"})

    def test_forms_say_the_same(self):
        row = self.rows(*LLAMA, "--stage", "decode")[-1]
        document = self.succeed("regatta", "roofline", *LLAMA, "--stage", "decode", "--format", "json").json
        step, = document["steps"]
        self.assertEqual(step["total"]["time_s"], float(row["time_s"]))
        self.assertEqual(step["memory"]["kv_bytes"], float(row["memory_kv_bytes"]))
        self.assertEqual(len(step["operators"]), 13)
        text = self.succeed("regatta", "roofline", *LLAMA, "--stage", "decode").stdout
        self.assertIn("decode of 1 at context 1024", text)
        self.assertRegex(text, r"\n  total +memory +15\.5 G +15\.2 G +1\.03 +2\.45 T +6\.34 ms +100\.0 %\n")
        self.assertRegex(text, r"weights 15\.0 GiB \+ KV cache 0\.1 GiB .* of 71\.6 GiB: fits")

    def test_says_what_does_not_fit(self):
        text = self.succeed("regatta", "roofline", "--hardware", "l40s", "--model", "llama-3.1-70b", "--totals").stdout
        self.assertEqual([line.split()[-1] for line in text.splitlines()], ["fits", "no", "no"])

    def test_peaks_are_reached_when_ideal(self):
        row = self.rows(*LLAMA, "--ideal", "--stage", "prefill", "--batch", "16")[0]
        self.assertAlmostEqual(float(row["attained_flops_per_s"]) / float(row["peak_flops_per_s"]), 1, 12)

    def test_writes_a_file(self):
        path = self.directory / "steps.csv"
        said = self.succeed("regatta", "roofline", *LLAMA, "--format", "csv", "--out", path)
        self.assertEqual(said.stdout, "")
        self.assertEqual(path.read_text(), self.succeed("regatta", "roofline", *LLAMA, "--format", "csv").stdout)
        outcome = start("regatta", "roofline", *LLAMA, "--out", "/nowhere/steps.csv")
        self.assertEqual(outcome.code, 1, outcome)
        self.assertIn("/nowhere/steps.csv: cannot be written", outcome.stderr)

    def test_matrices_stand_under_the_bare_roof(self):
        rows = self.rows("--hardware", "a100-sxm-40gb", "--matrix", "64,1x64,8x16x32", "--input-sizes", "1,10")
        self.assertEqual([(row["matrix"], row["m"], row["k"], row["n"], row["input_size"]) for row in rows[::2]],
                         [("64", "64", "64", "64", "1"), ("1x64", "1", "64", "64", "1"), ("8x16x32", "8", "16", "32", "1")])
        last = rows[-1]
        self.assertEqual(float(last["flops"]), 2 * 8 * 16 * 32 * 10)
        self.assertEqual(float(last["bytes"]), 2 * (16 * 32 + 10 * 8 * (16 + 32)))
        self.assertEqual(float(last["time_s"]), max(float(last["flops"]) / 312e12, float(last["bytes"]) / 1555e9))
        as_seed, = self.rows("--compat", "scratchpad", "--hardware", "nvidia_A100", "--matrix", "8x16x32",
                             "--input-sizes", "10")
        self.assertEqual(float(as_seed["bytes"]), 2 * 10 * (8 * 16 + 16 * 32 + 8 * 32))

    def test_scratchpads_own_is_another(self):
        total = self.rows("--compat", "scratchpad", "--hardware", "nvidia_A100", "--model",
                          "meta-llama/Meta-Llama-3-70B-Instruct", "--precision", "4/4/4", "--batch", "2", "--length",
                          "8192", "--stage", "decode", "--totals")[0]
        # A row of ../shared/reference/scratchpad/roofline.csv.
        self.assertAlmostEqual(float(total["time_s"]), 0.023278325710610927, 14)
        self.assertEqual(total["planned_kv_blocks"], "3603")

    def test_mistakes_are_told_together_with_what_is_allowed(self):
        self.assertEqual(
            self.problems("--hardware", "h10-sxm,zzz", "--model", "llama-3.1-8", "--batch", "0", "--length", "x",
                          "--stage", "prefil", "--attention", "separate", "--format", "cvs", "--set", "step_overhed=1s",
                          "--set", "step_overhead=1", "--compat", "non"),
            ['--compat: expected one of: none, scratchpad; found "non"; did you mean "none"?',
             '--format: expected one of: text, csv, json; found "cvs"; did you mean "csv"?',
             '--hardware: no GPU "h10-sxm"; did you mean "h100-sxm"?',
             '--hardware: no GPU "zzz"; regatta catalog hardware lists them',
             '--model: no model "llama-3.1-8"; did you mean "llama-3.1-8b"?',
             '--batch: expected whole numbers from 1 to 1000000, found "0"',
             '--length: expected whole numbers from 1 to 1000000000, found "x"',
             '--stage: expected one of: prefill, decode, both; found "prefil"; did you mean "prefill"?',
             "--ideal and --set change our own roofline; --compat scratchpad has neither efficiencies nor overheads",
             '--set: expected KEY=VALUE with one of: compute_efficiency, quantized_efficiency, attention_efficiency, '
             'memory_efficiency, network_efficiency, collective_overhead, layer_overhead, step_overhead, '
             'sequence_overhead, cuda_graphs; found "step_overhed=1s"; did you mean "step_overhead"?',
             '--set: step_overhead: expected a duration with a unit (ns, us, ms, s, min, h, d), found "1"'])
        self.assertEqual(self.problems("--hardware", "v100-sxm-32gb", "--model", "llama-3.1-8b", "--precision", "bf15,bf16"),
                         ['--precision: no type "bf15"; allowed: bf16, fp16, fp8, int8, int4; did you mean "bf16"?',
                          "--precision: v100-sxm-32gb does not compute in bf16; allowed: fp16"])
        self.assertEqual(self.problems(*LLAMA, "--tp", "3"),
                         ["--tp: 3 GPUs cannot share the 32 query and 8 KV heads of llama-3.1-8b evenly"])
        self.assertEqual(self.problems(*LLAMA, "--precision", "int4/bf16"),
                         ["--precision: expected the type of the weights, or those of weights/activations/KV cache, "
                          'found "int4/bf16"'])
        many = ",".join(str(i) for i in range(1, 3201))
        self.assertEqual(self.problems(*LLAMA, "--batch", many, "--length", many),
                         ["more than 10000000 steps were asked for; expected fewer"])
        self.assertEqual(self.problems(*LLAMA, "--attention", "separate"),
                         ["--attention: separate is known to --compat scratchpad alone; here scores never reach memory"])
        self.assertEqual(self.problems(*LLAMA, "--batch", "1000000", "--length", "2000"),
                         ["--batch, --length: expected at most 1000000000 tokens together, found 1000000 x 2000"])

    def test_mistakes_with_matrices_and_scratchpad(self):
        self.assertEqual(self.problems("--hardware", "h100-sxm"), ["--model is missing; name a model, or give --matrix"])
        self.assertEqual(self.problems(*LLAMA, "--matrix", "64"),
                         ["--model: a matrix is of no model; leave out --model or --matrix"])
        self.assertEqual(self.problems("--hardware", "h100-sxm", "--matrix", "64", "--batch", "2", "--totals", "--ideal"),
                         ["--batch: a matrix is of no model; leave out --batch or --matrix",
                          "--totals: a matrix is of no model; leave out --totals or --matrix",
                          "--ideal and --set: matrices stand under the bare roof, without efficiencies"])
        self.assertEqual(self.problems(*LLAMA, "--input-sizes", "2"),
                         ["--input-sizes: only a --matrix has inputs; for models give --batch"])
        self.assertEqual(self.problems("--hardware", "h100-sxm", "--matrix", "64,1x2x3x4,ax2"),
                         [f'--matrix: expected N, MxN or MxKxN with whole numbers from 1 to 1000000000, found "{found}"'
                          for found in ("1x2x3x4", "ax2")])
        scratchpad = ("--compat", "scratchpad", "--hardware", "h100-sxm")
        self.assertEqual(self.problems(*scratchpad, "--model", "mixtral-8x7b"),
                         ["--model: Scratchpad's roofline has no models with experts, as mixtral-8x7b; without --compat "
                          "there are"])
        self.assertEqual(self.problems(*scratchpad, "--model", "llama-3.1-8b", "--precision", "99"),
                         ['--precision: expected bits from 0.1 to 64, or one of: bf16, fp16, fp8, int8, int4; found "99"'])
        self.assertEqual(self.problems(*scratchpad, "--model", "llama-3.1-8b", "--tp", "16"),
                         ["--tp: 16 GPUs cannot share hidden size 4096, 32 query heads, 8 key-value heads and MLP size "
                          "14336 of llama-3.1-8b; expected a divisor of all"])
        self.assertEqual(self.problems(*scratchpad, "--matrix", "64", "--precision", "8"),
                         ["--precision: Scratchpad's plot tool knows 16 bits alone; leave it out"])
        self.assertEqual(start("regatta", "roofline").stderr.strip(),
                         "regatta roofline: --hardware is missing; see regatta roofline --help")

    def test_it_is_said_once_on_several_ranks(self):
        alone = self.succeed("regatta", "roofline", *LLAMA)
        self.assertEqual(self.succeed("regatta", "roofline", *LLAMA, ranks=2).stdout, alone.stdout)


class Plot(ProgramTest):
    """Pictures."""

    def setUp(self):
        super().setUp()
        self.table = self.directory / "steps.csv"
        self.succeed("regatta", "roofline", *LLAMA, "--batch", "1,64", "--format", "csv", "--out", self.table)

    def test_draws_svg(self):
        for axes in ("log", "linear"):
            path = self.directory / f"{axes}.svg"
            said = self.succeed("regatta-post", "roofline", self.table, "-o", path, "--axes", axes).stderr
            self.assertEqual(said, f"Wrote {path}: 24 points under 1 roof\n")
            self.assertTrue(ET.parse(path).getroot().tag.endswith("svg"))

    def test_draws_png_in_twice_the_size(self):
        path = self.directory / "steps.png"
        self.succeed("regatta-post", "roofline", self.table, "-o", path, "--title", "A title")
        head = path.read_bytes()[:24]
        self.assertEqual(head[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", head[16:24]), (2400, 1520))

    def test_reads_what_is_piped_into_it(self):
        document = self.succeed("regatta", "roofline", "--hardware", "h100-sxm,l40s", "--matrix", "64,1024", "--format",
                                "json").stdout
        self.assertEqual(list(json.loads(document)), ["matrices"])
        path = self.directory / "piped.svg"
        said = subprocess.run([BIN / "regatta-post", "roofline", "-o", path], input=document, capture_output=True,
                              text=True, check=True).stderr
        self.assertEqual(said, f"Wrote {path}: 4 points under 2 roofs\n")

    def problem(self, *arguments, code=2):
        outcome = start("regatta-post", "roofline", *arguments)
        self.assertEqual(outcome.code, code, outcome)
        return outcome.stderr.replace(str(self.directory) + "/", "").strip()

    def test_mistakes_are_told_and_leave_nothing(self):
        other = self.write("other.csv", "a,b\n1,2\n")
        plot = self.directory / "plot.png"
        self.assertEqual(self.problem(other, "-o", plot),
                         "other.csv: no table of regatta roofline: it has neither a column operator nor matrix")
        self.assertEqual(self.problem(self.table, "-o", self.directory / "plot.pdf"),
                         "plot.pdf: expected a name that ends in .svg or .png")
        self.assertEqual(self.problem(self.table, "-o", plot, "--axes", "lin"),
                         'regatta-post roofline: --axes: expected log or linear, found "lin"; did you mean "linear"?')
        self.assertEqual(self.problem("nowhere.csv", "-o", plot), "nowhere.csv: no such file or directory")
        self.assertEqual(self.problem("/dev/zero", "-o", plot),
                         "/dev/zero: more than 256 MiB; draw fewer steps, or only --totals")
        self.assertEqual(self.problem(self.table),
                         "regatta-post roofline: --output is missing; see regatta-post roofline --help")
        self.assertEqual(self.problem("/", "-o", plot, code=1), "/: cannot be read: Is a directory")
        self.assertIn("/nowhere/plot.png: cannot be written",
                      self.problem(self.table, "-o", "/nowhere/plot.png", code=1))
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), ["other.csv", "steps.csv"])


if __name__ == "__main__":
    unittest.main()
