#pragma once

#include <cstdint>
#include <vector>

#include "regatta/timing/step_time_model.hpp"
#include "timing/profile_table.hpp"

namespace regatta::timing {

/// What the composition of a step takes from the scenario.
struct ProfileTarget {
    std::int64_t stages = 1;
    std::int64_t layers_per_stage = 0;
    std::int64_t tensor_parallel = 1;
    bool has_grouped_queries = false;  ///< fewer KV heads than query heads
    std::int64_t kv_granularity = 64;  ///< KV lengths are rounded up to multiples of it [tokens]
    double decode_batching_overhead = 0;
    double prefill_batching_overhead = 0;
    double nccl_launch_ms = 0;
    double nccl_skew_ms = 0;  ///< times GPUs^1.25
    bool models_cpu_overhead = false;
};

/// The operators that Vidur's times are made of.
struct ProfileOps {
    /// At so many tokens, rounded up to a multiple of 8, in the order in which they are added.
    static const std::vector<const char*> kAttention;
    static const std::vector<const char*> kMlp;
    static const std::vector<const char*> kCpu;  ///< by sequences of the batch
    /// Whether a model may lack it; it takes no time then.
    [[nodiscard]] static bool may_be_missing(std::string_view op);
    /// All that a step of such a target takes.
    [[nodiscard]] static std::vector<std::string> of(const ProfileTarget& target);
};

/// Step times composed of tables, as Vidur composes them: docs/model/profile.md.
class ProfileTimes {
public:
    /// Throws InputError when an operator is missing.
    ProfileTimes(const ProfileTarget& target, OpTables tables);

    /// Of one stage.
    [[nodiscard]] StepLine line(const BatchShape& shape, bool is_last) const;
    /// Of all stages together.
    [[nodiscard]] StepParts parts(const BatchShape& shape) const;
    /// Not above any line of any stage.
    [[nodiscard]] std::int64_t least_fine() const;

private:
    /// Time of a batch's decodes in one layer [ms], and up to which sum of their contexts it holds.
    struct DecodeTime {
        double ms = 0;
        std::int64_t valid_below = INT64_MAX;
    };
    [[nodiscard]] DecodeTime decode_time(std::int64_t decodes, std::int64_t context_tokens) const;
    [[nodiscard]] DecodeTime decode_time_beyond(std::int64_t decodes, std::int64_t kv) const;
    [[nodiscard]] double prefill_ms(const BatchShape& shape) const;
    /// What every layer does to so many tokens, rounded already, besides attention proper.
    [[nodiscard]] double token_ms(std::int64_t rounded_tokens) const;
    [[nodiscard]] double all_reduce_ms(std::int64_t rounded_tokens) const;
    [[nodiscard]] double cpu_ms(std::int64_t sequences) const;
    [[nodiscard]] double op_ms(const char* op, std::int64_t n) const;
    [[nodiscard]] std::int64_t fine_of(double layer_ms, double send_ms, double cpu_ms) const;
    void fill_decodes();

    ProfileTarget target_;
    OpTables tables_;
    const OpTable* attn_decode_ = nullptr;
    const OpTable* attn_prefill_ = nullptr;
    const OpTable* kv_save_ = nullptr;
    const OpTable* send_recv_ = nullptr;
    double layers_ = 0;
    double decode_factor_ = 1;   ///< of more than one decode
    double prefill_factor_ = 1;  ///< of more than one chunk

    // Sums and look-ups of every step, laid out flat: a step of decodes takes three loads.
    std::vector<double> token_ms_;    ///< element i: 8 i tokens
    std::vector<double> kv_save_ms_;  ///< by tokens
    std::vector<double> send_ms_;     ///< element i: 8 i tokens
    std::vector<double> cpu_ms_;      ///< by sequences
    std::int64_t decode_batches_ = 0;
    std::int64_t decode_kvs_ = 0;  ///< KV lengths in the grid, 0 included
    struct DecodeCell {
        double ms = 0;           ///< overhead of batching included
        std::int64_t until = 0;  ///< first KV length, in units of the granularity, that takes another time
    };
    std::vector<DecodeCell> decode_cells_;  ///< by batch, then KV length
};

}  // namespace regatta::timing
