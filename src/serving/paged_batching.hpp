#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "serving/batching.hpp"

namespace regatta::serving {

struct PagedOptions {
    std::int64_t max_running = 128;        ///< sequences that hold blocks
    double watermark = 0.01;               ///< part of the blocks that admission leaves free
    std::int64_t max_batch_tokens = 4096;  ///< of vllm
    std::int64_t chunk_tokens = 512;       ///< of sarathi
};

/// Schedulers whose requests take blocks as they grow, the whole prompt's when they are let in, and give way when
/// blocks run out: the one that is last in line first.
class PagedBatching : public Batching {
protected:
    PagedBatching(const SchedulerLimits& limits, const PagedOptions& options);

    [[nodiscard]] std::int64_t blocks_to_serve(const Request& request) const override {
        return Batching::blocks_to_serve(request) + watermark_;
    }
    [[nodiscard]] bool has_room_for_prompt(std::int64_t tokens) const {
        return free_blocks() - blocks_for(tokens) >= watermark_;
    }
    /// Takes a block for the next token of the decode, if it needs one. Everybody behind it in `line`, the last first,
    /// gives way until one is free; then it does itself: false.
    [[nodiscard]] bool grow_or_give_way(std::uint32_t index, std::vector<std::uint32_t>& line, std::size_t behind);

    const PagedOptions options_;
    std::int64_t watermark_;  ///< blocks
    std::int64_t batch_cap_;  ///< sequences of one batch
};

/// The rules of vLLM's first scheduler as Vidur has them: a batch holds whole prompts or decodes, prompts first. Their
/// number times the longest of them must not exceed `max_batch_tokens`, for prompts were padded to equal length.
class VllmV0 final : public PagedBatching {
public:
    VllmV0(const SchedulerLimits& limits, const PagedOptions& options) : PagedBatching(limits, options) {}
    [[nodiscard]] bool accepts(const Request& request) const override;
    [[nodiscard]] bool arrival_may_join(const Request& request) const override;

private:
    void form() override;
    void form_prompts();
    void form_decodes();
};

/// Sarathi-Serve: a batch holds decodes, and fills up with pieces of prompts to `chunk_tokens`.
class Sarathi final : public PagedBatching {
public:
    Sarathi(const SchedulerLimits& limits, const PagedOptions& options) : PagedBatching(limits, options) {}
    [[nodiscard]] bool arrival_may_join(const Request& request) const override;

private:
    void form() override;
    void add_decodes();
    void continue_prompts();
    void admit();
    [[nodiscard]] std::int64_t next_chunk(std::uint32_t index) const;

    std::int64_t batch_tokens_ = 0;                  ///< of the batch being formed, or formed last
    std::vector<std::uint32_t> unfinished_prompts_;  ///< scratch
    std::vector<std::uint32_t> left_out_;            ///< scratch
};

[[nodiscard]] std::vector<Parameter> vllm_v0_parameters();
[[nodiscard]] std::vector<Parameter> sarathi_parameters();
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_vllm_v0(const SchedulerLimits& limits,
                                                             const Parameters& parameters, Stepping stepping);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_sarathi(const SchedulerLimits& limits,
                                                             const Parameters& parameters, Stepping stepping);

}  // namespace regatta::serving
