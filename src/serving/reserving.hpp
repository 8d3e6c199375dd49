#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "serving/batching.hpp"

namespace regatta::serving {

struct ReservingOptions {
    std::int64_t max_running = 128;  ///< sequences of one batch, if memory has room for them
};

/// Schedulers that reserve the blocks of the longest sequence for each request as long as it runs.
class Reserving : public Batching {
protected:
    Reserving(const SchedulerLimits& limits, const ReservingOptions& options);
    [[nodiscard]] std::int64_t blocks_to_serve(const Request& /*request*/) const override { return reserve_; }
    /// Lets in who waits, as long as there is room, with whole prompts.
    void admit();

    std::int64_t reserve_;    ///< blocks of each request
    std::int64_t batch_cap_;  ///< sequences of one batch
};

/// Orca: whoever runs is in every batch, and whole prompts join between two steps. No limit on tokens.
class Orca final : public Reserving {
public:
    Orca(const SchedulerLimits& limits, const ReservingOptions& options) : Reserving(limits, options) {}
    [[nodiscard]] bool arrival_may_join(const Request& request) const override;

private:
    void form() override;
};

/// FasterTransformer: a batch stays together until the last of it is done; only then is its memory free and does
/// another begin. Vidur never frees the memory of those that finish before the last; compat: vidur does as it does.
class FasterTransformer final : public Reserving {
public:
    FasterTransformer(const SchedulerLimits& limits, const ReservingOptions& options) : Reserving(limits, options) {}
    [[nodiscard]] bool arrival_may_join(const Request& request) const override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    void form() override;
    void put_back(Batch& batch) override;
    void take_again() override;
    [[nodiscard]] bool is_whole() const override { return paused_.empty(); }
    [[nodiscard]] std::int64_t least_to_come_outside() const override;
    void release(Batch& batch, std::int64_t blocks) override { batch.kept_blocks += blocks; }
    void forget(std::uint32_t index) override;

    std::deque<Batch> paused_;  ///< between two of their steps
};

[[nodiscard]] std::vector<Parameter> reserving_parameters();
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_orca(const SchedulerLimits& limits, const Parameters& parameters,
                                                          Stepping stepping);
[[nodiscard]] std::unique_ptr<ReplicaScheduler> make_faster_transformer(const SchedulerLimits& limits,
                                                                        const Parameters& parameters,
                                                                        Stepping stepping);

/// What the longest sequence takes, and how many of them a batch may have.
struct Reserve {
    std::int64_t blocks = 0;
    std::int64_t batch_cap = 0;
};
[[nodiscard]] Reserve reserve_of(const SchedulerLimits& limits, const ReservingOptions& options);

}  // namespace regatta::serving
