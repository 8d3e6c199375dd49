"""The Scratchpad simulator's rules told once more, step by step and tick by tick, from their description: an oracle for
`compat: scratchpad` that shares nothing with it. Legacy engines as they are; nodes with what is wrong there put right.
"""

import math
import random
from dataclasses import dataclass, field

LLAMA_8B, LLAMA_31_8B = "meta-llama/Meta-Llama-3-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B-Instruct"
LLAMA_70B, LLAMA_31_70B = "meta-llama/Meta-Llama-3-70B-Instruct", "meta-llama/Meta-Llama-3.1-70B-Instruct"
SMALL, LARGE = (4096, 32, 32, 8, 14336, 128256), (8192, 80, 64, 8, 28672, 128256)
SHAPES = {LLAMA_8B: SMALL, LLAMA_31_8B: SMALL, LLAMA_70B: LARGE, LLAMA_31_70B: LARGE}
GB_ON_DISK = {LLAMA_70B: 140, LLAMA_8B: 16, LLAMA_31_8B: 16}
# bandwidth [B/s], fp16 and int8 [op/s], on-chip buffer and memory [B]
GPUS = {
    "nvidia_V100": (900e9, 112e12, 62e12, 20480e3, 32e9),
    "nvidia_A100": (1555e9, 312e12, 624e12, 27648e3, 40e9),
    "nvidia_A100_80G_SXM": (2039e9, 312e12, 624e12, 27648e3, 80e9),
    "nvidia_A40S": (696e9, 149.7e12, 299.3e12, 21504e3, 48e9),
    "nvidia_H100": (3072e9, 989.5e12, 1979e12, 33792e3, 80e9),
    "nvidia_L40S": (864e9, 181e12, 362e12, 36352e3, 48e9),
}
TICK, PATIENCE = 1e-4, 300.0


class Roofline:
    """Step times and KV blocks of a model on a GPU, operator by operator."""

    def __init__(self, model, gpu, bits):
        self.hidden, self.layers, self.heads, self.kv_heads, self.inner, self.vocabulary = SHAPES[model]
        self.bandwidth, fp16, int8, self.chip, self.memory = GPUS[gpu]
        self.w, self.a, self.k = (bit / 8 for bit in bits)
        self.peak = int8 if max(bits) <= 8 else fp16
        self.cache = {}

    def time(self, ops, moved):
        intensity = ops / moved
        return ops / (intensity * self.bandwidth if intensity < self.peak / self.bandwidth else self.peak)

    def seconds(self, length, batch, queries):
        key = (length, batch, queries)
        if key not in self.cache:
            self.cache[key] = self.compute(length, batch, queries)
        return self.cache[key]

    def compute(self, s, b, q):
        h, n, g, d = self.hidden, self.heads, self.kv_heads, self.hidden // self.heads
        total = 0.0
        linears = [(h, h, False), (h, h * g // n, True), (h, h * g // n, True), (h, h, False), (h, self.inner, False),
                   (h, self.inner, False), (self.inner, h, False)]
        for rows, columns, is_kv in linears:
            stored = columns * b * q * (self.k if is_kv else self.a)
            total += self.layers * self.time(2 * rows * columns * b * q,
                                             rows * columns * self.w + rows * b * q * self.a + stored)
        blocks = math.ceil(q / min(math.ceil(self.chip / (self.k * d)), d))
        total += self.layers * self.time(2 * (2 * q * s * d * n * b) + 5 * b * n * q * s,
                                         q * d * b * n * self.a + 2 * (q * s * b * n * self.a) +
                                         2 * blocks * s * d * b * g * self.k)
        e = b * h * q
        for factor, loads in ((7, 1), (7, 1), (1, 1), (1, 1), (2, 2)):
            total += self.layers * self.time(factor * e, loads * e * self.a + e * self.a)
        return total + self.time(b * h * self.vocabulary,
                                 h * self.vocabulary * self.w + h * self.a + self.vocabulary * self.a)

    def prefill(self, tokens):
        return self.seconds(tokens, 1, tokens)

    def decode(self, context, batch):
        return self.seconds(context, batch, 1)

    def blocks(self):
        h, n, g, d = self.hidden, self.heads, self.kv_heads, self.hidden // self.heads
        weights = (3 * h * self.inner + h * n * d + 2 * (h * d * g) + h * n * d) * self.w * self.layers
        weights += 2 * h * self.vocabulary * self.w
        return 0 if weights >= self.memory else int((self.memory - weights) // (2 * 16 * g * d * self.k * self.layers))


@dataclass
class Request:
    id: int
    arrival: float
    model: str
    prompt: int
    output: int
    generated: int = 0
    engine: str = ""
    prefill_end: float = None
    end: float = None


@dataclass
class Engine:
    name: str
    model: str
    times: Roofline
    waiting: list = field(default_factory=list)
    running: list = field(default_factory=list)
    held: dict = field(default_factory=dict)  # blocks, by request
    used: int = 0
    clock: float = 0.0  # legacy: when it steps next; nodes: end of its iteration
    iterations: int = 0
    peak: int = 0
    skipped: int = 0  # for want of blocks, summed over iterations
    in_service: bool = True

    def __post_init__(self):
        self.most = self.times.blocks()

    def has_room(self, one):
        if one.id in self.held:
            return self.most - self.used >= 1
        return 0.95 * self.most - self.used >= math.ceil(one.prompt / 16)

    def allocate(self, one):
        if one.id not in self.held:
            self.held[one.id] = math.ceil(one.prompt / 16)
            self.used += self.held[one.id]
        elif one.generated > self.held[one.id] * 16:
            self.held[one.id] += 1
            self.used += 1

    def free(self, one):
        self.used -= self.held.pop(one.id)

    def count(self):
        self.iterations += 1
        self.peak = max(self.peak, self.used)

    def step(self, now):
        """(end of what is done, requests that are complete), or None when there is nothing that can be done."""
        if self.waiting:
            one = next((one for one in self.waiting if self.has_room(one)), None)
            if one is None:
                return None
            self.waiting.remove(one)
            self.running.append(one)
            self.allocate(one)
            self.count()
            one.engine = self.name
            one.prefill_end = max(now, one.arrival) + self.times.prefill(one.prompt)
            if one.output == 1:
                self.free(one)
            return one.prefill_end, []
        batch = len(self.running)
        taking_part = []
        for one in self.running:
            if self.has_room(one):
                self.allocate(one)
                taking_part.append(one)
        if not taking_part:
            return None
        self.skipped += batch - len(taking_part)
        self.count()
        start = max([now] + [one.arrival for one in taking_part])
        end = max(self.times.decode(one.prompt + one.generated, batch) for one in taking_part) + start
        done = []
        for one in taking_part:
            one.generated += 1
            if one.generated == one.output:
                one.end = end
                self.free(one)
                self.running.remove(one)
                done.append(one)
        return end, done


class Numpy:
    """numpy's legacy generator with seed 0, on Python's own of the same kind."""

    def __init__(self):
        words = [0]
        for i in range(1, 624):
            words.append((1812433253 * (words[-1] ^ (words[-1] >> 30)) + i) & 0xffffffff)
        self.words = random.Random()
        self.words.setstate((3, (*words, 624), None))

    def uniform(self):
        high, low = self.words.getrandbits(32) >> 5, self.words.getrandbits(32) >> 6
        return (high * 67108864.0 + low) / 9007199254740992.0

    def below(self, count):
        if count == 1:
            return 0
        mask = (1 << (count - 1).bit_length()) - 1
        value = self.words.getrandbits(32) & mask
        while value >= count:
            value = self.words.getrandbits(32) & mask
        return value

    def arrivals(self, lines, rate):
        if rate <= 0:
            return [0.0] * lines
        duration = (lines / rate) * 2
        count = max(int(rate * duration * 1.2), 1)
        gaps, times = [], []
        position = 0

        def take():
            nonlocal gaps, position
            if position == len(gaps):
                gaps, position = [(1 / rate) * -math.log(1.0 - self.uniform()) for _ in range(count)], 0
            position += 1
            return gaps[position - 1]

        at = take()
        while at < duration:
            times.append(at)
            at += take()
        return times


def requests_of(lines, rate, limit, draws):
    """`lines`: (model, prompt, output) of each line of the trace."""
    arrivals = draws.arrivals(len(lines), rate)
    valid = [Request(i, arrivals[i], model, prompt, output) for i, (model, prompt, output) in enumerate(lines)
             if prompt > 0 and output > 0]
    return valid[:limit] if limit else valid


def run_engines(lines, rate, limit, groups, changes):
    """`groups`: (gpu, model, bits, count); `changes`: (seconds, gpu, amount). Gives requests and engines."""
    draws, choices = Numpy(), random.Random(0)
    pending = requests_of(lines, rate, limit, draws)
    every, engines, changes = list(pending), [], list(changes)

    def add(gpu, model, bits, count):
        for _ in range(count):
            engines.append(Engine(str(len(engines) + 1), model, Roofline(model, gpu, bits)))

    for group in groups:
        add(*group)
    now, progress, instants = 0.0, 0.0, set()
    while True:
        has_finished = False
        for engine in engines:
            if engine.clock <= now:
                done = engine.step(engine.clock) if engine.waiting or engine.running else None
                engine.clock = done[0] if done else engine.clock + TICK
                has_finished = has_finished or bool(done and done[1])
                instants.add(engine.clock)
        now = min(instants)
        instants.remove(now)
        while changes and changes[0][0] <= now:
            _, gpu, amount = changes.pop(0)
            add(gpu, LLAMA_70B, (4, 4, 4), max(amount, 0))
        while pending and pending[0].arrival <= now:
            one = pending.pop(0)
            able = [engine for engine in engines if engine.model == one.model and engine.in_service]
            if able:
                able[draws.below(len(able))].waiting.append(one)
                continue
            idle = [engine for engine in engines if engine.in_service and not engine.waiting and not engine.running]
            if idle:
                choices.choice(idle).in_service = False
        if has_finished:
            progress = now
        if now - progress > PATIENCE or not (pending or any(one.waiting or one.running for one in engines)):
            return every, engines


@dataclass
class Node:
    id: int
    gpus: list
    model: str
    load_end: float
    engines: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    running: list = field(default_factory=list)
    is_loaded: bool = False
    target: tuple = None  # (end, model) while it is re-provisioned

    def is_candidate(self, model):
        return self.model == model and self.target is None

    def free(self):
        return [engine for engine in self.engines if not engine.running] if self.is_loaded else []


def run_nodes(lines, rate, limit, nodes, policy, bits, disk, pcie, is_preloaded):
    """`nodes`: (id, [gpu, ...], model, GB on disk). Gives requests and engines, those of models that went included."""
    draws, choices = Numpy(), random.Random(0)
    pending = requests_of(lines, rate, limit, draws)
    every, engines, last = list(pending), [], {}
    loading = lambda gb: gb / (disk / 1000) + gb / pcie  # noqa: E731

    def equip(node):
        node.engines = [Engine(f"{node.id}-{i}", node.model, Roofline(node.model, gpu, bits), clock=-1.0)
                        for i, gpu in enumerate(node.gpus)]
        engines.extend(node.engines)

    fleet = [Node(id_, gpus, model, 0.0 if is_preloaded else loading(gb)) for id_, gpus, model, gb in nodes]
    for node in fleet:
        equip(node)

    def least(candidates):
        fewest = min(len(node.running) for node in candidates)
        among = [node for node in candidates if len(node.running) == fewest]
        return among[draws.below(len(among))]

    def choose(model, candidates):
        if policy == "random":
            return candidates[draws.below(len(candidates))]
        if policy == "least_loaded":
            return least(candidates)
        if policy == "gpu_count":
            most = max(len(node.free()) for node in candidates)
            among = [node for node in candidates if len(node.free()) == most]
            return among[draws.below(len(among))]
        if not (last.get(model) in candidates and last[model].free()):
            last[model] = least(candidates)
        return last[model]

    now = 0.0
    while True:
        for node in fleet:
            if node.target and node.target[0] <= now:
                node.model, node.target, node.is_loaded, node.running = node.target[1], None, True, []
                equip(node)
        for one in [one for one in pending if one.arrival <= now]:
            candidates = [node for node in fleet if node.is_candidate(one.model)]
            if candidates:
                choose(one.model, candidates).waiting.append(one)
                pending.remove(one)
            elif not any(node.target and node.target[1] == one.model for node in fleet):
                idle = [node for node in fleet if not node.target and node.is_loaded and not node.running]
                if idle:
                    choices.choice(idle).target = (now + loading(GB_ON_DISK.get(one.model, 140)), one.model)
        for node in fleet:
            if not node.is_loaded and node.load_end <= now:
                node.is_loaded = True
            for one in list(node.waiting):
                if one.model == node.model and node.free():
                    node.free()[0].waiting.append(one)
                    node.waiting.remove(one)
                    node.running.append(one)
            for engine in node.engines:
                if now >= engine.clock and (engine.waiting or engine.running):
                    done = engine.step(now)
                    if done:
                        engine.clock = done[0]
                        node.running = [one for one in node.running if one not in done[1]]
        if not pending and not any(node.target or node.waiting or node.running for node in fleet):
            return every, engines
        later = [one.arrival for one in pending] + [node.target[0] for node in fleet if node.target]
        later += [node.load_end for node in fleet] + [engine.clock for node in fleet for engine in node.engines]
        later = [instant for instant in later if instant > now]
        if not later:
            return every, engines
        now = min(later)
