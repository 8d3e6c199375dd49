"""`regatta catalog`: what a scenario can name, as text and as JSON.

python3 catalog.py [-v]
"""

import json
import unittest

from programs import ProgramTest, known, start

KINDS = ["hardware", "models", "nodes", "links", "schedulers", "routers", "admission", "autoscalers",
         "reprovisioners", "timing", "arrivals", "lengths"]
MINE = """\
gpus:
  h100-sxm:
    memory: {value: 70GiB, source: "measured here", confidence: high}
"""
CONFIG = {"model_type": "qwen3", "hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40,
          "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 17408, "vocab_size": 151936,
          "max_position_embeddings": 40960}


class Catalog(ProgramTest):
    def lines(self, *arguments):
        outcome = self.succeed("regatta", "catalog", *arguments, cwd=self.directory)
        self.assertEqual(outcome.stderr, "")
        return outcome.stdout.splitlines()

    def document(self, *arguments):
        return self.succeed("regatta", "catalog", *arguments, "--json", cwd=self.directory).json

    def test_everything_is_listed_kind_by_kind(self):
        headings = [line for line in self.lines() if line and not line.startswith(" ")]
        for heading, word in zip(headings, ["GPUs", "Models", "Node types", "Interconnects", "Schedulers", "Routers",
                                            "Admission rules", "Autoscalers", "Re-provisioning policies",
                                            "Step times", "Arrivals", "Lengths"], strict=True):
            self.assertRegex(heading, rf"^{word} \(\d+\)$")
        self.assertEqual(self.lines(), self.lines("all"))

    def test_a_table_begins_with_its_columns(self):
        lines = self.lines("hardware", "--filter", "v100 ")
        self.assertEqual(lines, [
            f"GPUs (2 of {known('gpus')})",
            "  name            memory   memory_bandwidth  bf16  fp16       fp8  int8  int4  link_bandwidth  title",
            "  v100-sxm-32gb   31.7GiB  900GB/s           -     125TFLOPS  -    -     -     150GB/s         "
            "NVIDIA V100 SXM2 32 GB",
            "  v100-pcie-32gb  31.7GiB  900GB/s           -     112TFLOPS  -    -     -     15.75GB/s       "
            "NVIDIA V100 PCIe 32 GB"])
        self.assertEqual(self.lines("models")[1].split(), [
            "name", "parameters", "active", "weights", "(bf16)", "KV", "per", "token", "context", "title"])
        self.assertEqual(self.lines("routers")[1], "  random             a replica at random, all equally likely")

    def test_a_filter_leaves_what_has_the_text(self):
        lines = self.lines("hardware", "--filter", "amd")
        self.assertEqual(lines[0], f"GPUs (4 of {known('gpus')})")
        self.assertEqual([line.split()[0] for line in lines[2:]], ["mi250x-gcd", "mi300x", "mi325x", "mi355x"])
        self.assertEqual(self.lines("links", "--filter", "carrier pigeon"), [f"Interconnects (0 of {known('links')})"])
        self.assertEqual([node["name"] for node in self.document("nodes", "--filter", "h200-sxm")["nodes"]],
                         ["dgx-h200", "hgx-h200"])

    def test_sources_stand_under_each_entry(self):
        lines = self.lines("links", "--filter", "pcie5-x16", "--sources")
        self.assertEqual(lines[2:], [
            "  pcie5-x16  63GB/s     1500ns   PCIe 5.0 x16",
            "      bandwidth  63GB/s  high    PCI Express 5.0: 16 lanes of 32 GT/s, 128b/130b",
            "      latency    1500ns  medium  AIConfigurator all-reduce measurements, see docs/model/roofline.md"])

    def test_a_name_shows_all_facts_with_their_sources(self):
        lines = self.lines("hardware", "h100-sxm")
        self.assertEqual(lines[0], "h100-sxm: NVIDIA H100 SXM 80 GB")
        self.assertEqual(lines[1], "  memory               79.6GiB       medium  total reported by nvidia-smi")
        self.assertEqual(lines, self.lines("all", "h100-sxm"))

    def test_a_model_shows_what_follows_from_its_facts(self):
        lines = self.lines("models", "mixtral-8x7b")
        self.assertEqual(lines[0], "mixtral-8x7b: Mixtral 8x7B")
        follows = [line.split() for line in lines[lines.index("From these follow") + 1:]]
        self.assertEqual(follows[:3], [["parameters", "46.7", "B", "46702792704"],
                                       ["active_parameters", "12.9", "B", "12879925248"],
                                       ["weight_bytes_bf16", "87.0", "GiB", "93405585408"]])
        self.assertEqual(follows[-1], ["kv_bytes_per_token_int4", "32", "KiB", "32768"])

    def test_json_is_one_document(self):
        document = self.document()
        self.assertEqual(list(document), KINDS)
        self.assertGreaterEqual(len(document["hardware"]), 28)
        self.assertGreaterEqual(len(document["models"]), 40)
        for kind in ("hardware", "models", "nodes", "links"):
            for entry in document[kind]:
                for fact in entry["facts"].values():
                    self.assertEqual(list(fact), ["value", "source", "confidence"])
        for kind in KINDS[4:]:
            for policy in document[kind]:
                self.assertEqual(list(policy), ["name", "title", "parameters"])
        self.assertEqual(self.document("models", "llama-3.1-8b")["counts"]["parameters"], 8030261248)

    def test_own_files_lie_over_the_catalogue(self):
        self.write("mine.yaml", MINE)
        lines = self.lines("hardware", "h100-sxm", "--file", "mine.yaml")
        self.assertEqual(lines[1].split(), ["memory", "70GiB", "high", "measured", "here"])
        self.assertIn("989.4TFLOPS", lines[3])

    def test_a_config_of_hugging_face_is_shown_like_a_model(self):
        (self.directory / "mine").mkdir()
        self.write("mine/config.json", json.dumps(CONFIG))
        lines = self.lines("models", "mine/config.json")
        self.assertEqual(lines[0], "mine: mine, from its config.json")
        self.assertIn("  parameters               14.8 B    14768307200", lines)

    def test_it_is_said_once_on_several_ranks(self):
        alone = self.succeed("regatta", "catalog")
        self.assertEqual(self.succeed("regatta", "catalog", ranks=2).stdout, alone.stdout)

    def test_what_is_not_there_is_told(self):
        self.write("mine.yaml", "gpus:\n  h100-sxm:\n    memory: {value: 70, source: x}\n")
        self.write("config.json", '{"model_type": "deepseek_v3"}')
        for arguments, line in [
                (["hardwre"], f'no kind "hardwre"; expected one of: {", ".join(KINDS)}, all; did you mean "hardware"?'),
                (["models", "llama-3.1-9b"], 'no model "llama-3.1-9b"; did you mean "llama-3.1-8b"?'),
                (["nodes", "abacus"], 'no node type "abacus"; without a name everything is listed'),
                (["all", "round_robbin"], 'no entry "round_robbin"; did you mean "round_robin"?')]:
            with self.subTest(arguments=arguments):
                outcome = start("regatta", "catalog", *arguments)
                self.assertEqual((outcome.code, outcome.stdout, outcome.stderr), (2, "", f"regatta catalog: {line}\n"))
        outcome = start("regatta", "catalog", "hardware", "--file", "mine.yaml", cwd=self.directory)
        self.assertEqual((outcome.code, outcome.stderr.split(": expected")[0]),
                         (2, "mine.yaml:3:21: gpus.h100-sxm.memory.value"))
        outcome = start("regatta", "catalog", "models", "config.json", cwd=self.directory)
        self.assertEqual(outcome.code, 2)
        self.assertTrue(outcome.stderr.startswith("config.json:1:16: model_type: deepseek_v3 has multi-head latent "
                                                  "attention (MLA), which is not modelled yet"), outcome)
        outcome = start("regatta", "catalog", "models", "none.json", cwd=self.directory)
        self.assertEqual((outcome.code, outcome.stderr), (2, "none.json: cannot be read: no such file\n"))


if __name__ == "__main__":
    unittest.main()
