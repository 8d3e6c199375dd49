"""`regatta import vidur` and `tools/reference`, as people meet them."""

import json
import subprocess
import unittest

from programs import SOURCE, ProgramTest, start


class ImportVidur(ProgramTest):
    def imported(self, text, *options):
        return start("regatta", "import", "vidur", self.write("config", text), *options)

    def refused(self, text):
        done = self.imported(text)
        self.assertEqual(done.code, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        return [line.replace(str(self.directory) + "/", "") for line in done.stderr.splitlines()]

    def test_defaults_of_vidur_become_a_scenario(self):
        done = self.imported("{}")
        self.assertEqual(done.code, 0, done.stderr)
        self.assertIn("compat: vidur\n", done.stdout)
        self.assertIn("model: llama-2-7b  # meta-llama/Llama-2-7b-hf\n", done.stdout)
        self.assertIn("{policy: sarathi, max_running: 128, watermark: 0.01, chunk_tokens: 512}", done.stdout)
        self.assertIn("{process: truncated_poisson, longest_gap: 3, rate: 0.5/s}", done.stdout)
        self.assertIn("lengths: {prompt: {fixed: 2048}, output: {fixed: 512}}", done.stdout)
        self.assertIn("router: round_robin", done.stdout)

    def test_flags_say_the_same_as_the_configuration_that_they_make(self):
        flags = self.imported(
            "python -m vidur.main --replica_config_model_name 'microsoft/phi-2' --cluster_config_num_replicas 6\\\n"
            " --replica_scheduler_config_type vllm --vllm_scheduler_config_max_tokens_in_batch=2048"
            " --orca_scheduler_config_batch_size_cap 7 --no-metrics_config_store_plots"
            " --length_generator_config_type uniform --interval_generator_config_type static"
            " --random_forrest_execution_time_predictor_config_num_estimators 10 20"
        )
        config = {
            "cluster_config": {
                "num_replicas": 6,
                "replica_config": {"model_name": "microsoft/phi-2", "world_size": 1},
                "replica_scheduler_config": {"name": "vllm", "max_tokens_in_batch": 2048, "num_blocks_resolved": 9.0},
            },
            "request_generator_config": {
                "length_generator_config": {"name": "uniform"},
                "interval_generator_config": {"name": "static"},
            },
            "execution_time_predictor_config": {"num_estimators": [10, 20]},
        }
        self.assertEqual(flags.code, 0, flags.stderr)
        self.assertEqual(flags.stdout, self.imported(json.dumps(config)).stdout)
        self.assertIn("nodes: 2\n      node: {gpu: a100-sxm-80gb, gpus: 3}", flags.stdout)
        self.assertIn("arrivals: {process: all_at_once}", flags.stdout)
        self.assertIn("least: 1024, most: 4095}, prompt_to_output: 20, rounding: up}", flags.stdout)
        self.assertIn("estimators: [10, 20], max_depth: [8, 16, 32]", flags.stdout)

    def test_what_lies_beside_the_configuration_is_found_from_anywhere(self):
        self.write("lengths.csv", "num_prefill_tokens,num_decode_tokens\n7,9\n")
        generator = {"length_generator_config": {"name": "trace", "trace_file": "lengths.csv"}}
        done = self.imported(json.dumps({"request_generator_config": generator}))
        self.assertIn(f"file: {self.directory.resolve()}/lengths.csv", done.stdout.replace('"', ""))

    def test_an_imported_scenario_runs(self):
        tables = ["op,a,b_first,b_last,ms"]
        for operator in ("attn_pre_proj", "attn_post_proj", "attn_rope", "mlp_up_proj", "mlp_down_proj", "mlp_act",
                         "input_layernorm", "post_attention_layernorm", "add", "attn_kv_cache_save"):
            tables.append(f"{operator},0,1,4096,0.01")
        tables += [f"attn_decode,{batch},0,4096,0.01" for batch in range(1, 129)]
        tables += [f"attn_prefill,{kv},1,4096,0.01" for kv in range(0, 4097, 64)]
        self.write("tables.csv", "\n".join(tables) + "\n")
        self.write("workload.csv", "request_id,arrived_at,num_prefill_tokens,num_decode_tokens\n0,0.5,100,3\n1,0.5,90,2\n")
        self.write("routes.csv", "request_id,replica_id\n0,1\n1,1\n")
        config = {"cluster_config": {"num_replicas": 2, "global_scheduler_config": {"name": "random"}}}
        scenario = self.directory / "scenario.yaml"
        done = self.imported(
            json.dumps(config), "--workload", self.directory / "workload.csv", "--tables",
            self.directory / "tables.csv", "--replay", self.directory / "routes.csv", "-o", scenario,
        )
        self.assertEqual((done.code, done.stdout), (0, ""), done.stderr)
        run = start("regatta", "run", scenario, "--out", self.directory / "run", "--json", "--quiet")
        self.assertEqual(run.code, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["requests"]["finished"], 2)
        self.write("routes.csv", "request_id,replica_id\n0,1\n")
        run = start("regatta", "run", scenario, "--out", self.directory / "again", "--quiet")
        self.assertEqual(run.code, 2)
        self.assertIn("routes.csv has no row for request 1", run.stderr)

    def test_a_configuration_is_needed(self):
        self.assertEqual(start("regatta", "import", "vidur").stderr,
                         "regatta import: CONFIG is missing; see regatta import --help\n")
        for path, why in [(self.directory, "Is a directory"), (self.directory / "none", "No such file or directory")]:
            outcome = start("regatta", "import", "vidur", path)
            self.assertEqual((outcome.code, outcome.stderr), (2, f"{path}: cannot be read: {why}\n"))

    def test_what_cannot_be_translated_names_its_key(self):
        self.assertEqual(self.refused(""), ["config: the file is empty; expected Vidur's config.json or a command line"])
        self.assertEqual(self.refused("{"), ["config: byte 2: this is no JSON"])
        self.assertEqual(
            self.refused("--cluster_config_num_replica 4"),
            ['config: --cluster_config_num_replica: Vidur has no such flag; did you mean '
             '"--cluster_config_num_replicas"?'],
        )
        self.assertEqual(
            self.refused('{"cluster_config": {"num_replica": 4}}'),
            ['config: cluster_config.num_replica: Vidur has no such key; did you mean "num_replicas"?'],
        )
        self.assertEqual(
            self.refused("--replica_scheduler_config_type sarati"),
            ['config: cluster_config.replica_scheduler_config.name: expected one of: faster_transformer, lightllm, '
             'orca, sarathi, vllm, found "sarati"; did you mean "sarathi"?'],
        )
        self.assertEqual(
            self.refused("--length_generator_config_type zipf --zipf_request_length_generator_config_scramble"),
            ["config: request_generator_config.length_generator_config.scramble: Python's salted hash differs from run "
             "to run; expected false"],
        )
        self.assertEqual(
            self.refused("--replica_config_device v100"),
            ['config: cluster_config.replica_config.device: expected one of: a40, a100, h100, found "v100"; did you '
             'mean "a100"?'],
        )


class Reference(unittest.TestCase):
    def reference(self, *arguments):
        command = ["python3", "-B", SOURCE / "tools" / "reference", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_a_missing_folder_is_told_and_skipped_only_when_asked(self):
        done = self.reference("vidur", "/nowhere")
        self.assertEqual((done.returncode, done.stderr), (2, "/nowhere: no such folder\n"))
        self.assertEqual(self.reference("vidur", "/nowhere", "--skip-missing").returncode, 77)


if __name__ == "__main__":
    unittest.main()
