#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "serving/batching.hpp"
#include "serving/vllm_v1.hpp"

namespace regatta::serving {

/// The rules of VllmV1, first come first served, where a step is not one token for each decode: with proposed tokens to
/// check, and in pipelines. A decode that what is left of the token budget does not cover waits for a later batch.
/// In one point this is not vLLM: a prompt of which a piece is in flight goes on when that has come back, while vLLM
/// sends the next piece after it at once.
class VllmV1Batches final : public Batching {
public:
    VllmV1Batches(const SchedulerLimits& limits, const VllmV1Options& options) : Batching(limits), options_(options) {}
    [[nodiscard]] bool arrival_may_join(const Request& /*request*/) const override { return waiting_.empty(); }

private:
    void form() override;
    void add_running();
    void admit();

    const VllmV1Options options_;
    std::int64_t budget_ = 0;          ///< tokens left in the batch being formed
    bool is_short_of_blocks_ = false;  ///< somebody in it had to give way, or to wait
};

}  // namespace regatta::serving
