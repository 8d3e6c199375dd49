#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "serving/batching.hpp"

namespace regatta::serving {

struct LightLlmOptions {
    std::int64_t max_running = 128;
    std::int64_t max_batch_tokens = 4096;
    std::int64_t max_waiting_iterations = 10;
};

/// LightLLM: memory by the token. Whole prompts make batches of their own, every so many steps of decodes, and only as
/// many as will never run out of memory, given how long all answers will become.
class LightLlm final : public Batching {
public:
    LightLlm(const SchedulerLimits& limits, const LightLlmOptions& options) : Batching(limits), options_(options) {}
    [[nodiscard]] bool accepts(const Request& request) const override;
    [[nodiscard]] bool arrival_may_join(const Request& /*request*/) const override { return waiting_.empty(); }
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    void form() override;
    [[nodiscard]] std::int64_t steps_before_next_look() const override;
    void skipped(std::int64_t steps) override;
    void form_prompts();
    void form_decodes();
    [[nodiscard]] bool will_fit() const;

    /// What a request holds, and how many more tokens it will take after the next.
    struct Growth {
        std::int64_t held = 0;
        std::int64_t left = 0;
    };
    const LightLlmOptions options_;
    std::int64_t iterations_ = 0;  ///< of decodes since who waits was last looked at
    std::vector<Growth> growths_;  ///< scratch: most to come first
};

[[nodiscard]] std::vector<Parameter> lightllm_parameters();
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_lightllm(const SchedulerLimits& limits,
                                                              const Parameters& parameters, Stepping stepping);

}  // namespace regatta::serving
