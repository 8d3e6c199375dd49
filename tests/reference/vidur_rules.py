"""Vidur's main line once more: its event loop, its replica schedulers and its step time, written from the description of
what it does and sharing nothing with the program. Slow and plain, one event after the other.

microsoft/vidur 7d47513; names of events and states are its own where it has them.
"""

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Optional

GRANULARITY = 64  # of KV lengths [tokens]


@dataclass
class Setting:
    """What a run is made with; the names are those of scenarios."""
    policy: str
    max_running: int
    block_tokens: int
    kv_blocks: int
    max_context_tokens: int
    replicas: int = 1
    router: str = "round_robin"  # or lor
    pp: int = 1
    tp: int = 1
    layers: int = 32
    has_grouped_queries: bool = False
    watermark: float = 0.01
    max_batch_tokens: int = 4096
    chunk_tokens: int = 512
    max_waiting_iterations: int = 10

    @property
    def reserved_blocks(self):
        return self.max_context_tokens // self.block_tokens


@dataclass(eq=False)
class Request:
    arrived: float
    prompt: int
    output: int
    processed: int = 0
    is_scheduled: bool = False
    is_prefilled: bool = False
    is_complete: bool = False
    restarts: int = 0
    replica: Optional[int] = None
    scheduled_at: Optional[float] = None
    prefilled_at: Optional[float] = None
    completed_at: Optional[float] = None

    @property
    def next_tokens(self):
        return 1 if self.is_prefilled else self.prompt

    def restart(self):
        everything = self.prompt + self.output
        self.prompt, self.output = self.processed, everything - self.processed
        self.processed = 0
        self.is_scheduled = self.is_prefilled = False
        self.restarts += 1


@dataclass(eq=False)
class Batch:
    pieces: list  # (request, tokens)
    looked_up: Optional[tuple] = None  # of attention, as of its first stage


@dataclass(eq=False)
class Replica:
    setting: Setting
    waiting: list = field(default_factory=list)
    resumable: list = field(default_factory=list)
    blocks: dict = field(default_factory=dict)  # by request: who holds some
    in_flight: int = 0
    stage_queues: list = field(default_factory=list)
    is_stage_busy: list = field(default_factory=list)
    iterations: int = 0
    paused: list = field(default_factory=list)
    batches: int = 0

    def __post_init__(self):
        self.stage_queues = [[] for _ in range(self.setting.pp)]
        self.is_stage_busy = [False] * self.setting.pp

    def free(self):
        return self.setting.kv_blocks - sum(self.blocks.values())

    def prompt_blocks(self, request):
        return math.ceil(request.prompt / self.setting.block_tokens)

    def can_admit(self, request):
        reserve = int(self.setting.watermark * self.setting.kv_blocks)
        return self.free() - self.prompt_blocks(request) >= reserve

    def micro_batch(self):
        return self.setting.max_running // self.setting.pp

    def give_up(self, request):
        request.restart()
        del self.blocks[request]
        self.waiting.insert(0, request)

    def make_decode_fit(self, request):
        while self.free() < 1:
            if not self.resumable:
                self.give_up(request)
                return False
            self.give_up(self.resumable.pop())
        if request.processed > self.blocks[request] * self.setting.block_tokens:
            self.blocks[request] += 1
        return True

    def form(self):
        return getattr(self, f"form_{self.setting.policy}")()

    def form_vllm(self):
        pieces, longest = [], 0
        while self.waiting:
            request = self.waiting[0]
            widest = max(longest, request.next_tokens)
            if not self.can_admit(request) or (len(pieces) + 1) * widest > self.setting.max_batch_tokens:
                break
            if len(self.blocks) == self.setting.max_running or len(pieces) == self.micro_batch():
                break
            longest = widest
            self.blocks[self.waiting.pop(0)] = self.prompt_blocks(request)
            pieces.append((request, request.prompt))
        if pieces:
            return pieces
        self.resumable.sort(key=lambda request: request.arrived)
        while self.resumable and len(pieces) < self.micro_batch():
            request = self.resumable.pop(0)
            if self.make_decode_fit(request):
                pieces.append((request, 1))
        return pieces

    def form_sarathi(self):
        pieces, prompts, left_out, tokens = [], [], [], 0
        while self.resumable and len(pieces) < self.micro_batch():
            request = self.resumable.pop(0)
            if not request.is_prefilled:
                prompts.append(request)
            elif self.make_decode_fit(request):
                tokens += 1
                pieces.append((request, 1))

        def chunk(request):
            return max(0, min(request.prompt - request.processed, self.setting.chunk_tokens - tokens))

        for request in prompts:
            if chunk(request) == 0:
                left_out.append(request)
                continue
            pieces.append((request, chunk(request)))
            tokens += pieces[-1][1]
        self.resumable = sorted(left_out + self.resumable, key=lambda request: request.arrived)
        while self.waiting and len(self.blocks) < self.setting.max_running and len(pieces) < self.micro_batch():
            request = self.waiting[0]
            if not self.can_admit(request) or chunk(request) == 0:
                break
            self.blocks[self.waiting.pop(0)] = self.prompt_blocks(request)
            pieces.append((request, chunk(request)))
            tokens += pieces[-1][1]
        return pieces

    def admit_reserving(self, pieces):
        while (self.waiting and len(pieces) < self.setting.max_running
               and self.free() >= self.setting.reserved_blocks):
            request = self.waiting.pop(0)
            self.blocks[request] = self.setting.reserved_blocks
            pieces.append((request, request.prompt))
        return pieces

    def form_orca(self):
        pieces = []
        while self.resumable and len(pieces) < self.setting.max_running:
            request = self.resumable.pop(0)
            pieces.append((request, request.next_tokens))
        return self.admit_reserving(pieces)

    def form_faster_transformer(self):
        if self.paused:
            return [(request, request.next_tokens) for request, _ in self.paused.pop(0).pieces
                    if not request.is_complete]
        return self.admit_reserving([])

    def form_lightllm(self):
        if not self.resumable:
            pieces = self.lightllm_prompts()
            self.iterations = 0 if pieces else self.iterations
            return pieces
        if self.iterations >= self.setting.max_waiting_iterations:
            self.iterations = 0
            pieces = self.lightllm_prompts()
            if pieces:
                return pieces
        self.iterations += 1
        pieces = [(request, 1) for request in self.resumable]
        for request in self.resumable:
            self.blocks[request] += 1
        self.resumable = []
        return pieces

    def lightllm_prompts(self):
        pieces, tokens = [], 0
        held_and_left = [(request.processed, max(0, request.output - max(request.processed - request.prompt, 0) - 1))
                         for request in self.resumable]
        while self.waiting:
            request = self.waiting[0]
            if tokens + request.prompt > self.setting.max_batch_tokens or len(self.blocks) == self.setting.max_running:
                break
            held_and_left.append((request.prompt + 1, max(0, request.output - 2)))
            held_and_left.sort(key=lambda pair: -pair[1])
            held, peak = 0, 0
            for number, (one, left) in enumerate(held_and_left, 1):
                held += one
                peak = max(peak, left * number + held)
            if peak >= self.setting.kv_blocks:
                break
            self.blocks[self.waiting.pop(0)] = request.prompt
            tokens += request.prompt
            pieces.append((request, request.prompt))
        return pieces

    def batch_ended(self, batch):
        self.in_flight -= 1
        requests = [request for request, _ in batch.pieces]
        if self.setting.policy == "faster_transformer":
            if all(request.is_complete for request in requests):
                for request in requests:
                    del self.blocks[request]
            else:
                self.paused.append(batch)
            return
        for request in requests:
            if request.is_complete:
                del self.blocks[request]
            else:
                self.resumable.append(request)


def rounded_up(count, unit):
    return -(-count // unit) * unit


def stage_time(setting, table, batch, stage):
    """In seconds. `table(op, a, b)` gives milliseconds."""
    tokens = sum(piece[1] for piece in batch.pieces)
    rounded = rounded_up(tokens, 8)
    if batch.looked_up is None:
        decodes = [request.processed for request, _ in batch.pieces if request.is_prefilled]
        chunks = [(count, rounded_up(request.processed, GRANULARITY))
                  for request, count in batch.pieces if not request.is_prefilled]
        kv = rounded_up(int(sum(decodes) / len(decodes)), GRANULARITY) if decodes else 0
        batch.looked_up = (len(decodes), kv, sum(kv for _, kv in chunks),
                           round(math.sqrt(sum(count * count for count, _ in chunks))), len(chunks))
    decodes, decode_kv, prefill_kv, chunk, chunks = batch.looked_up
    overhead = 0.1 if setting.has_grouped_queries else 0
    decode = table("attn_decode", decodes, decode_kv) * (1 + (overhead if decodes > 1 else 0)) if decodes else 0
    prefill = table("attn_prefill", prefill_kv, chunk) * (1 + (overhead if chunks > 1 else 0)) if chunks else 0
    reduce = table("all_reduce", 0, rounded) + 0.02 if setting.tp > 1 else 0
    send = table("send_recv", 0, rounded) if stage < setting.pp - 1 else 0

    def at(*ops):
        return sum(table(op, 0, rounded) for op in ops)

    attention = (at("attn_pre_proj", "attn_post_proj", "attn_rope") + table("attn_kv_cache_save", 0, tokens) + decode
                 + prefill + reduce + at("input_layernorm"))
    mlp = at("mlp_up_proj", "mlp_down_proj", "mlp_act") + reduce + at("post_attention_layernorm")
    return ((attention + mlp + at("add")) * (setting.layers // setting.pp) + send) * 1e-3


def simulate(setting, requests, table):
    """Fills in what became of the requests; gives the number of batches."""
    replicas = [Replica(setting) for _ in range(setting.replicas)]
    heap, created, queue, routed = [], [0], [], [0]

    def push(time, event, *what):
        created[0] += 1  # ties go by creation
        heapq.heappush(heap, (time, created[0], event, what))

    def route():
        chosen, added = [], Counter()
        for request in sorted(queue, key=lambda request: request.arrived):
            place = routed[0] % len(replicas)
            if setting.router == "lor":
                place = min(range(len(replicas)), key=lambda i: (len(replicas[i].waiting) + added[i], i))
            routed[0] += 1
            added[place] += 1
            chosen.append((place, request))
        queue.clear()
        for place, request in chosen:
            request.replica = place
            replicas[place].waiting.append(request)
        return sorted(added)

    def end_batch(batch, now):
        for request, tokens in batch.pieces:
            request.processed += tokens
            if request.processed == request.prompt:
                request.is_prefilled = True
                request.processed += 1
                request.prefilled_at = now if request.prefilled_at is None else request.prefilled_at
            if request.processed == request.prompt + request.output:
                request.is_complete = True
                request.completed_at = now

    def schedule(place, now):
        replica, formed = replicas[place], []
        while replica.in_flight < setting.pp:
            pieces = replica.form()
            if not pieces:
                break
            replica.in_flight += 1
            replica.batches += 1
            formed.append(Batch(pieces))
        for batch in formed:
            for request, _ in batch.pieces:
                if not request.is_scheduled and request.restarts == 0:
                    request.scheduled_at = now
                request.is_scheduled = True
            push(now, "stage arrival", place, 0, batch)

    for request in requests:
        push(request.arrived, "arrival", request)
    while heap:
        now, _, event, what = heapq.heappop(heap)
        if event == "arrival":
            queue.append(what[0])
            push(now, "global schedule")
        elif event == "global schedule":
            for place in route():
                push(now, "replica schedule", place)
        elif event == "replica schedule":
            schedule(what[0], now)
        elif event == "stage arrival":
            replicas[what[0]].stage_queues[what[1]].append(what[2])
            push(now, "stage schedule", what[0], what[1])
        elif event == "stage schedule":
            replica, stage = replicas[what[0]], what[1]
            if replica.is_stage_busy[stage] or not replica.stage_queues[stage]:
                continue
            replica.is_stage_busy[stage] = True
            batch = replica.stage_queues[stage].pop(0)
            push(now + stage_time(setting, table, batch, stage), "stage end", what[0], stage, batch)
        elif event == "stage end":
            place, stage, batch = what
            replicas[place].is_stage_busy[stage] = False
            push(now, "stage schedule", place, stage)
            if stage == setting.pp - 1:
                push(now, "batch end", place, batch)
            else:
                push(now, "stage arrival", place, stage + 1, batch)
        elif event == "batch end":
            end_batch(what[1], now)
            replicas[what[0]].batch_ended(what[1])
            push(now, "replica schedule", what[0])
    return sum(replica.batches for replica in replicas)
