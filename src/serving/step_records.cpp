#include "serving/step_records.hpp"

namespace regatta::serving {

ReplicaRecord blank_record(const ReplicaFacts& facts) {
    return {.replica = facts.id.value(),
            .node = facts.node.value(),
            .pool = facts.pool.value(),
            .gpus = facts.gpus,
            .kv_blocks = facts.kv_blocks};
}

StepRecord describe_step(const ReplicaFacts& facts, const timing::BatchShape& shape, const timing::StepParts& parts) {
    const auto ns = [](double seconds) { return SimTime::from_seconds(seconds).ns(); };
    StepRecord record{.replica = facts.id.value(),
                      .pool = facts.pool.value(),
                      .decodes = static_cast<std::uint32_t>(shape.decodes),
                      .prefills = static_cast<std::uint32_t>(shape.prefills.size()),
                      .samples = static_cast<std::uint32_t>(shape.samples),
                      .decode_context_tokens = shape.decode_context_tokens,
                      .projections_ns = ns(parts.projections),
                      .mlp_ns = ns(parts.mlp),
                      .experts_ns = ns(parts.experts),
                      .attention_prefill_ns = ns(parts.attention_prefill),
                      .attention_decode_ns = ns(parts.attention_decode),
                      .head_ns = ns(parts.head),
                      .collectives_ns = ns(parts.collectives),
                      .other_ns = ns(parts.other),
                      .overhead_ns = ns(parts.overhead)};
    for (const timing::PrefillChunk& chunk : shape.prefills)
        record.prefill_tokens += static_cast<std::uint32_t>(chunk.tokens);
    return record;
}

}  // namespace regatta::serving
