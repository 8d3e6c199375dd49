#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "control/scratchpad_fleet.hpp"
#include "control/scratchpad_recorder.hpp"
#include "regatta/engine/context.hpp"
#include "regatta/engine/logical_process.hpp"
#include "workload/scratchpad_draws.hpp"

namespace regatta::control {

/// The Scratchpad simulator's whole fleet with its arrivals, as one process: nothing there takes time on the way, so
/// that no two parts of it could be on different ranks. Nothing from outside reaches it either, and its clocks may go
/// back; so all of it is computed at the first instant, and recorded with its own times.
class ScratchpadLp final : public engine::LogicalProcess {
public:
    struct Setup {
        const ScratchpadFleet& fleet;                      ///< outlives it
        std::vector<serving::ScratchpadRequest> requests;  ///< in order of arrival
        workload::ScratchpadDraws draws;                   ///< after those of the arrivals
        ScratchpadRecording recording;
    };
    /// `sink` and `arrived`, to which the requests that arrive are added, must outlive it.
    ScratchpadLp(Setup setup, serving::RecordSink& sink, std::int64_t& arrived);

    void start(engine::Context& context) override;
    void handle(const engine::Event& event, engine::Context& context) override;
    void wake(std::uint32_t slot, engine::Context& context) override;
    void sample(SimTime at) override;
    void finish(SimTime end, std::span<const engine::Event> undelivered) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    Setup setup_;
    ScratchpadRecorder recorder_;
    std::int64_t* arrived_;
};

}  // namespace regatta::control
