"""Random workloads under compat: vidur, against Vidur's rules told once more in Python (vidur_rules.py): same replica,
same restarts, same number of batches, and times within 20 us. Made-up prediction tables; needs nothing from outside.

python3 vidur_schedules.py [-v]        VIDUR_SCHEDULES=SEED:CASES for others than usual
"""

import csv
import json
import os
import random
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import ProgramTest  # noqa: E402

from vidur_rules import Request, Setting, simulate  # noqa: E402

SEED, CASES = (int(part) for part in os.environ.get("VIDUR_SCHEDULES", "20261122:60").split(":"))
TOLERANCE_S = 20e-6
TOKEN_OPS = ("attn_pre_proj", "attn_post_proj", "attn_rope", "input_layernorm", "mlp_up_proj", "mlp_down_proj", "mlp_act",
             "post_attention_layernorm", "add", "attn_kv_cache_save", "all_reduce", "send_recv")
MOST_TOKENS = 8192
SCENARIO = """
name: schedules
compat: vidur
fleet:
  pools:
    - name: pool
      model: {model}
      nodes: {setting.replicas}
      node: {{gpu: a100-sxm-80gb, gpus: {gpus}}}
      parallel: {{tp: {setting.tp}, pp: {setting.pp}}}
      block_tokens: {setting.block_tokens}
      kv_blocks: {setting.kv_blocks}
      max_context_tokens: {setting.max_context_tokens}
      scheduler: {scheduler}
      timing: {{policy: profile, predictor: table, tables: {tables}}}
network: {{gateway_to_node: 0s}}
gateways: {{count: 1, router: {setting.router}, reports: instant}}
workload: {{trace: {trace}}}
"""


def milliseconds(op, a, b):
    """What the made-up tables hold: steps, so that neighbours differ and times are not round."""
    if op == "attn_decode":
        return 0.0113 + 0.00107 * a + 0.0000213 * (b // 64) * a
    if op == "attn_prefill":
        return 0.0217 + 0.00053 * (b // 8) + 0.00311 * (a // 64)
    place = TOKEN_OPS.index(op) + 1
    return 0.0031 * place + 0.00071 * place * (b // 32)


def write_tables(path):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("op", "a", "b_first", "b_last", "ms"))
        for op in TOKEN_OPS:
            for b in range(0, MOST_TOKENS, 32):
                rows.writerow((op, 0, max(b, 1), b + 31, repr(milliseconds(op, 0, b))))
        for a in range(1, 129):
            for b in range(0, 4097, 64):
                rows.writerow(("attn_decode", a, b, b, repr(milliseconds("attn_decode", a, b))))
        for a in range(0, 8193, 64):
            for b in range(0, 4096, 8):
                rows.writerow(("attn_prefill", a, max(b, 1), b + 7, repr(milliseconds("attn_prefill", a, b))))


def any_setting(random_):
    policy = random_.choice(("vllm", "sarathi", "orca", "faster_transformer", "lightllm"))
    pp = 1 if policy == "lightllm" else random_.choice((1, 2, 2, 4))
    block = 1 if policy == "lightllm" else 16
    longest = random_.choice((512, 1024))
    whole = longest // block
    is_large = random_.random() < 0.5
    return Setting(policy=policy, pp=pp, tp=2 if is_large else 1, layers=80 if is_large else 32,
                   has_grouped_queries=is_large, block_tokens=block, max_context_tokens=longest,
                   max_running=max(pp, random_.choice((pp * random_.randint(1, 6), 16, 128))),
                   kv_blocks=random_.choice((whole, whole + random_.randint(0, whole), 4 * whole * pp)),
                   replicas=random_.choice((1, 1, 2, 3)), router=random_.choice(("round_robin", "lor")),
                   watermark=random_.choice((0.0, 0.01, 0.1)), chunk_tokens=random_.choice((64, 128, 512)),
                   max_batch_tokens=random_.choice((512, 4096, 4096)), max_waiting_iterations=random_.choice((0, 3, 10)))


def any_requests(random_, setting):
    requests, now = [], 0.0
    room = setting.kv_blocks * setting.block_tokens * 0.85 if setting.watermark > 0 else setting.max_context_tokens
    is_even = random_.random() < 0.3  # answers of one length
    for number in range(random_.randint(5, 60)):
        now += random_.choice((0, random_.expovariate(random_.choice((1, 10, 40))))) if number > 0 else 0
        tokens = random_.randint(20, int(min(setting.max_context_tokens * 0.9, room)))
        prompt = random_.randint(1, tokens - 1)
        output = 20 if is_even else min(tokens - prompt, 150) if random_.random() < 0.8 else 1
        requests.append(Request(arrived=round(now, 9), prompt=prompt, output=output))
    return requests


def scheduler_of(setting):
    keys = {"vllm": ("watermark", "max_batch_tokens"), "sarathi": ("watermark", "chunk_tokens"),
            "lightllm": ("max_batch_tokens", "max_waiting_iterations")}.get(setting.policy, ())
    return json.dumps({key: getattr(setting, key) for key in ("policy", "max_running", *keys)})


class VidurSchedules(ProgramTest):
    def test_random_workloads(self):
        tables = self.directory / "tables.csv"
        write_tables(tables)
        seen = {"restarts": 0, "unfinished": 0}
        for number in range(CASES):
            random_ = random.Random(SEED * 100_000 + number)
            setting = any_setting(random_)
            requests = any_requests(random_, setting)
            with self.subTest(f"{SEED}:{number}", setting=setting):
                self.check(number, tables, setting, requests)
            seen["restarts"] += sum(request.restarts for request in requests)
            seen["unfinished"] += sum(not request.is_complete for request in requests)
        if CASES >= 50:
            self.assertGreater(seen["restarts"], 100, "the cases do not press hard enough on the KV cache")
            self.assertGreater(seen["unfinished"], 0, "no case starves as Vidur's do")

    def check(self, number, tables, setting, requests):
        trace = self.write(f"trace-{number}.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n" + "".join(
            f"{request.arrived:.9f},{request.prompt},{request.output}\n" for request in requests))
        scenario = self.write(f"scenario-{number}.yaml", SCENARIO.format(
            setting=setting, tables=tables, trace=trace, gpus=setting.tp * setting.pp, scheduler=scheduler_of(setting),
            model="llama-2-70b" if setting.layers == 80 else "llama-2-7b"))
        batches = simulate(setting, requests, milliseconds)
        out = self.directory / f"out-{number}"
        summary = self.succeed("regatta", "run", scenario, "--quiet", "--json", "--out", out).json
        self.assertEqual(summary["fleet"]["steps"], batches)
        rows = {int(row["request_id"]): row
                for row in csv.DictReader(self.succeed("regatta-post", "requests", out).stdout.splitlines())}
        for place, request in enumerate(requests):
            row = rows[place]
            self.assertEqual(row["state"] == "finished", request.is_complete, place)
            self.assertEqual(int(row["replica"]), request.replica, place)
            if request.is_complete:
                self.assertEqual(int(row["preemptions"]), request.restarts, place)
            for column, expected in (("scheduled_s", request.scheduled_at), ("first_token_s", request.prefilled_at),
                                     ("end_s", request.completed_at)):
                if expected is not None:
                    self.assertAlmostEqual(float(row[column]), expected, delta=TOLERANCE_S, msg=f"{place} {column}")


if __name__ == "__main__":
    unittest.main()
