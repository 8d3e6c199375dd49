"""Random cases under compat: scratchpad, against the rules told once more in Python (scratchpad_rules.py), tick by tick:
same engine for each request, same iterations and peak blocks of each engine, and times within 20 us. Needs nothing from
outside.

python3 scratchpad_schedules.py [-v]        SCRATCHPAD_SCHEDULES=SEED:CASES for others than usual
"""

import json
import os
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from scratchpad_rules import GB_ON_DISK, GPUS, LLAMA_8B, LLAMA_31_8B, LLAMA_31_70B, LLAMA_70B  # noqa: E402
from scratchpad_rules import run_engines, run_nodes  # noqa: E402

SEED, CASES = (int(part) for part in os.environ.get("SCRATCHPAD_SCHEDULES", "20261122:48").split(":"))
TOLERANCE_S = 20e-6
BITS = ((4, 4, 4), (4, 4, 4), (8, 8, 8), (16, 16, 16), (4, 16, 16), (8.25, 4, 4))


def any_lines(random_, models, count):
    """Of a trace: model, prompt and output of each. Some have nothing to compute."""
    longest = random_.choice((60, 400, 900))
    lines = []
    for _ in range(count):
        output = random_.choice((1, 2, random_.randint(1, 40), random_.randint(1, 90)))
        lines.append((random_.choice(models), random_.randint(1, longest), output))
        if random_.random() < 0.1:
            lines[-1] = random_.choice(((lines[-1][0], 0, 5), (lines[-1][0], 7, 0), (lines[-1][0], -1, 3)))
    if all(prompt <= 0 or output <= 0 for _, prompt, output in lines):
        lines.append((models[0], 5, 5))
    return lines


def text_of(lines):
    return "".join(json.dumps({"id": f"r{i}", "status": "DEFAULT", "model": model, "reported_token_input": prompt,
                               "reported_token_output": output}) + "\n"
                   for i, (model, prompt, output) in enumerate(lines))


class ScratchpadSchedules(ProgramTest):
    def setUp(self):
        super().setUp()
        self.seen = {"requests": 0, "lost": 0, "second": 0, "skipped": 0}

    def run_regatta(self, lines, rate, limit, *options):
        trace = self.write("trace.jsonl", text_of(lines))
        scenario, results, own = (self.directory / name for name in ("scenario.yaml", "results", "own"))
        self.succeed("regatta", "import", "scratchpad", "--input", trace, "--arrival-rate", repr(rate), "--record-steps",
                     "--limit", limit, "-o", scenario, *options)
        for directory in (results, own):
            if directory.exists():
                for file in directory.iterdir():
                    file.unlink()
                directory.rmdir()
        self.succeed("regatta", "run", scenario, "--quiet", "--json", "--out", results)
        self.succeed("regatta-post", "export", "scratchpad", results, "-o", own)
        return json.loads((own / "stats.json").read_text()), json.loads((own / "trace.json").read_text())

    def compare(self, requests, engines, stats, trace):
        expected = {}  # of each engine: iterations, peak
        for engine in engines:
            iterations, peak = expected.get(engine.name, (0, 0))
            expected[engine.name] = (iterations + engine.iterations, max(peak, engine.peak))
        found, engine_of, decoded = {}, {}, {}
        for event in trace["traceEvents"]:
            engine = str(event["pid"])
            if event["cat"] == "memory":
                iterations, peak = found.get(engine, (0, 0))
                found[engine] = (iterations + 1, max(peak, event["args"]["used"]))
            elif event["name"].startswith("prefill-"):
                engine_of[int(event["name"].removeprefix("prefill-"))] = engine
            elif event["name"].startswith("decode-"):
                number = int(event["name"].removeprefix("decode-"))
                decoded[number] = decoded.get(number, 0) + 1
        self.assertEqual(found, {name: value for name, value in expected.items() if value[0]})
        self.assertEqual(engine_of, {one.id: one.engine for one in requests if one.engine})
        rows = {int(row["req_id"]): row for row in stats["summary"]}
        self.assertEqual(sorted(rows), sorted(one.id for one in requests if one.end is not None))
        for one in requests:
            if one.end is None:
                continue
            row = rows[one.id]
            self.assertEqual((row["input_length"], row["output_length"], row["generated_tokens"], row["model"]),
                             (one.prompt, one.output, one.output, one.model))
            self.assertEqual(decoded[one.id], one.output)
            for key, time in (("arrive_at", one.arrival), ("prefill_finished_at", one.prefill_end),
                              ("generation_finished_at", one.end)):
                self.assertAlmostEqual(row[key], time, delta=TOLERANCE_S, msg=f"request {one.id} {key}")
        self.seen["requests"] += len(rows)
        self.seen["lost"] += sum(one.end is None for one in requests)
        self.seen["skipped"] += sum(engine.skipped for engine in engines)
        self.seen["second"] += len(engines) - len(expected)

    def check_engines(self, random_):
        models = random_.choice(([LLAMA_70B], [LLAMA_70B], [LLAMA_8B, LLAMA_70B], [LLAMA_8B, LLAMA_31_8B, LLAMA_70B]))
        groups = [(random_.choice(list(GPUS)), model, random_.choice(BITS), random_.randint(1, 2)) for model in models]
        groups = [(gpu, model, (4, 4, 4) if model == LLAMA_70B else bits, count) for gpu, model, bits, count in groups]
        rate = random_.choice((0, 0, 3, 8.5, 24, 24))
        lines = any_lines(random_, models, random_.randint(3, 45))
        changes = []
        if random_.random() < 0.5:
            at = 0.0
            for _ in range(random_.randint(1, 3)):
                at += round(random_.uniform(0, 1.5), 3)
                changes.append((at, random_.choice(list(GPUS)), random_.choice((1, 2, -1))))
        # An engine whose GPU is too small serves nothing, and keeps the others going until patience ends.
        groups = [("nvidia_H100" if self.is_too_small(gpu, model, bits) else gpu, model, bits, count)
                  for gpu, model, bits, count in groups]
        changes = [(at, "nvidia_H100" if gpu == "nvidia_V100" else gpu, amount) for at, gpu, amount in changes]
        if random_.random() < 0.15:  # nobody serves these
            lines += [(LLAMA_31_70B, 20, 5)] * 2
        limit = random_.choice((0, 0, len(lines) // 2))
        requests, engines = run_engines(lines, rate, limit, groups, changes)
        options = [word for gpu, model, bits, count in groups
                   for word in ("--engines", f"{gpu}:{model}:{count}:{'/'.join(map(str, bits))}")]
        if changes:
            options += ["--environment-change-file", self.write("changes.jsonl", "".join(
                json.dumps({"timestamp": at, "gpu_name": gpu, "amount": amount}) + "\n" for at, gpu, amount in changes))]
        self.compare(requests, engines, *self.run_regatta(lines, rate, limit, *options))

    @staticmethod
    def is_too_small(gpu, model, bits):
        return GPUS[gpu][4] < (39e9 if model == LLAMA_70B else 20e9 if bits[0] > 8.25 else 8e9)

    def check_nodes(self, random_, tight_prompts):
        models = random_.choice(([LLAMA_8B], [LLAMA_8B, LLAMA_31_8B], [LLAMA_8B, LLAMA_31_8B, LLAMA_70B]))
        bits = (4, 4, 4) if LLAMA_70B in models else random_.choice(BITS)
        is_list = random_.random() < 0.25
        is_preloaded, disk, pcie = random_.random() < 0.4, random_.choice((2000, 20000, 500)), random_.choice((32, 64))
        environment = {"infrastructure": {"disk_bandwidth_mbps": disk, "pcie_bandwidth_gbps": pcie,
                                          "network_bandwidth_gbps": 100},
                       "model_loading_config": {"model_cache_path": "/models", "preload_models": is_preloaded}}
        nodes = []
        for id_ in range(1, random_.randint(1, 4) + 1):
            types = random_.sample(list(GPUS), random_.choice((1, 1, 2)))
            counts = [random_.randint(1, 3) for _ in types]
            gpus = [gpu for gpu, count in zip(types, counts) for _ in range(count)]
            model, gb = LLAMA_8B, GB_ON_DISK[LLAMA_8B]
            if is_list:
                gpus, model = gpus[:1], random_.choice(models)
                gb = GB_ON_DISK.get(model, 1)
                environment.setdefault("gpus", []).append(
                    {"name": gpus[0], "amount": 3, "model": model,
                     "precision": {"weight_bits": 4, "activation_bits": 4, "kv_bits": 4}})
            else:
                environment.setdefault("nodes", []).append(
                    {"node_id": id_, "name": f"n{id_}", "gpu_types": types, "gpu_count_per_type": counts,
                     "memory_per_gpu_gb": [80.0 for _ in types], "network_bandwidth_gbps": 100})
            nodes.append((id_, gpus, model, gb))
        rate = random_.choice((0, 1, 5, 20))
        lines = any_lines(random_, models, random_.randint(3, 80))
        # KV blocks run out: for answers grow beyond short prompts, or long prompts meet the watermark. Some cases end with
        # all of them taken.
        if tight_prompts:
            bits, rate = (4, 4, 64), random_.choice((0, 40))
            lines = [(LLAMA_70B, random_.randint(1, tight_prompts), random_.randint(1, 230))
                     for _ in range(random_.randint(45, 70))]
            nodes = [(1, ["nvidia_A100"], LLAMA_70B, 140)]
            environment = {**environment, "nodes": [], "gpus": [
                {"name": "nvidia_A100", "amount": 1, "model": LLAMA_70B,
                 "precision": {"weight_bits": 4, "activation_bits": 4, "kv_bits": 4}}]}
        policy = random_.choice(("random", "least_loaded", "gpu_count", "affinity"))
        limit = random_.choice((0, 0, len(lines) // 2))
        requests, engines = run_nodes(lines, rate, limit, nodes, policy, bits, disk, pcie, is_preloaded)
        options = ("--environment", self.write("env.json", json.dumps(environment)), "--policy", policy, "--precision",
                   "/".join(map(str, bits)))
        self.compare(requests, engines, *self.run_regatta(lines, rate, limit, *options))

    def test_random_cases(self):
        for number in range(CASES):
            random_ = random.Random(SEED * 100_000 + number)
            with self.subTest(f"{SEED}:{number}"):
                if number % 2:
                    self.check_nodes(random_, tight_prompts={3: 30, 7: 30, 11: 30, 15: 600}.get(number % 16))
                else:
                    self.check_engines(random_)
        if CASES >= 40:
            self.assertGreater(self.seen["requests"], 500)
            self.assertGreater(self.seen["lost"], 0, "in no case a request is not served")
            self.assertGreater(self.seen["second"], 5, "hardly any node is re-provisioned")
            self.assertGreater(self.seen["skipped"], 5, "KV blocks hardly ever run out")


if __name__ == "__main__":
    unittest.main()
