"""Small random fleets with random traffic: what they are follows from a seed and an index alone.

python3 random_fleets.py SEED INDEX DIRECTORY    writes one of them
"""

import random
import sys
from pathlib import Path

# Every rate that the step time depends on follows `speed`; memory does not. Values as of an H100 SXM at speed 1.
CATALOGUE = """
gpus:
  plain-gpu:
    memory: {{value: 79.6GiB, source: "any"}}
    memory_bandwidth: {{value: {memory_bandwidth}GB/s, source: "any"}}
    bf16: {{value: {bf16}TFLOPS, source: "any"}}
    fp16: {{value: {bf16}TFLOPS, source: "any"}}
    link_bandwidth: {{value: {link_bandwidth}GB/s, source: "any"}}
    link_latency: {{value: {link_latency}ns, source: "any"}}
    gpus_per_node: {{value: 8, source: "any"}}
"""

FLEET = """
name: random
catalogue: [{{file: plain.yaml}}]
fleet:
  pools:
    - name: chat
      model: {model}
      nodes: {nodes}
      node: {{gpu: plain-gpu, gpus: {gpus}}}
      parallel: {{tp: {tp}}}
      scheduler: {{policy: vllm_v1, chunk_tokens: {chunk_tokens}, max_running: {max_running}}}
      kv_blocks: {kv_blocks}
      block_tokens: {block_tokens}
gateways: {{count: {gateways}, router: {router}, reports: {reports}}}
network: {{gateway_to_node: {latency_us}us}}
workload: {{trace: requests.csv}}
output: {{series: none}}
"""

# Layouts that leave room for a KV cache; a mixture of experts among them.
LAYOUTS = [("llama-3.1-8b", 1), ("llama-3.1-8b", 2), ("qwen3-32b", 2), ("llama-3.1-70b", 4), ("mixtral-8x7b", 4)]
MOST_PROMPT_TOKENS = 4000
MOST_OUTPUT_TOKENS = 500


def _catalogue(speed):
    return CATALOGUE.format(memory_bandwidth=round(3350 * speed, 3), bf16=round(989.4 * speed, 3),
                            link_bandwidth=round(450 * speed, 3), link_latency=round(50 / speed))


class RandomFleet:
    """The choices of one scenario, and those of what it is compared with."""

    def __init__(self, seed, index):
        self.index = index
        numbers = random.Random(f"{seed} {index}")
        self.model, self.tp = numbers.choice(LAYOUTS)
        self.gpus = self.tp * numbers.choice([1, 2])
        self.nodes = numbers.randint(1, 4)
        self.chunk_tokens = numbers.choice([256, 512, 2048, 8192])
        self.max_running = numbers.choice([4, 16, 64, 256])
        self.block_tokens = numbers.choice([16, 32])
        # A third are so short of blocks that requests lose theirs to others. The longest fits at any rate.
        longest = (MOST_PROMPT_TOKENS + MOST_OUTPUT_TOKENS) // self.block_tokens + 1
        self.kv_blocks = numbers.randint(longest, 2 * longest) if numbers.random() < 1 / 3 else "none"
        self.gateways = numbers.choice([1, 3])
        self.router = numbers.choice(["least_outstanding", "round_robin", "random", "power_of_two"])
        self.reports = numbers.choice(["on_completion", "{every: 50ms}"])
        self.latency_us = numbers.choice([10, 100, 2000])
        self.replicas = self.nodes * self.gpus // self.tp
        self.more_load = numbers.uniform(1.05, 3)
        self.more_speed = numbers.uniform(1.05, 3)
        self.requests = self._requests(numbers)

    def _requests(self, numbers):
        """From idle to overloaded, single or in bursts."""
        rate_per_s = self.replicas * 10 ** numbers.uniform(-0.5, 1.5)
        burst_fraction = numbers.choice([0, 0, 0.5])
        prompt_mu, output_mu = numbers.uniform(4, 7), numbers.uniform(3, 5.5)
        rows, at_s = ["arrival_s,input_tokens,output_tokens"], 0.0
        for _ in range(numbers.randint(100, 300)):
            if numbers.random() >= burst_fraction:
                at_s += numbers.expovariate(rate_per_s * (1 - burst_fraction))
            prompt = min(int(numbers.lognormvariate(prompt_mu, 1)) + 1, MOST_PROMPT_TOKENS)
            output = min(int(numbers.lognormvariate(output_mu, 0.8)) + 1, MOST_OUTPUT_TOKENS)
            rows.append(f"{at_s:.6f},{prompt},{output}")
        return "\n".join(rows) + "\n"

    def write(self, directory, speed, changes):
        """Puts everything into an existing directory. Returns the scenario's path. `changes` replace choices."""
        (directory / "plain.yaml").write_text(_catalogue(speed))
        (directory / "requests.csv").write_text(self.requests)
        scenario = directory / "scenario.yaml"
        scenario.write_text(FLEET.format(**(vars(self) | changes)))
        return scenario

    def __str__(self):
        return ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
                         for name, value in vars(self).items() if name != "requests")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: random_fleets.py SEED INDEX DIRECTORY")
    Path(sys.argv[3]).mkdir(parents=True, exist_ok=True)
    print(RandomFleet(sys.argv[1], int(sys.argv[2])).write(Path(sys.argv[3]), 1.0, {}))
