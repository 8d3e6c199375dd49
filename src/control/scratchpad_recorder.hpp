#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "control/scratchpad_fleet.hpp"
#include "control/scratchpad_samples.hpp"
#include "regatta/serving/records.hpp"
#include "regatta/timing/step_time_model.hpp"
#include "serving/step_sample.hpp"

namespace regatta::control {

/// Where the time of an iteration goes, of a kind of engine: of one prompt, or of a batch priced by its longest
/// context.
using ScratchpadParts =
    std::function<timing::StepParts(std::uint16_t kind, bool is_prefill, std::int64_t tokens, std::int64_t sequences)>;

struct ScratchpadRecording {
    SimTime until = SimTime::never();     ///< the end of the run, where it does not go on until all is done
    std::optional<SimTime> series_every;  ///< none: no samples
    bool has_node_series = false;         ///< samples are kept node by node
    std::uint32_t steps_of = 0;           ///< of the first so many engines of each kind steps are recorded
    SimTime steps_from;
    SimTime steps_to = SimTime::never();
    serving::StepSample steps_sample = {};
    ScratchpadParts parts = {};
};

/// Turns what engines do, in seconds, into records, in whole nanoseconds: each time is rounded once. Iterations that do
/// not end before the run does are left out.
class ScratchpadRecorder final : public ScratchpadWatcher {
public:
    /// `sink` must outlive it.
    ScratchpadRecorder(ScratchpadRecording recording, std::vector<std::int64_t> kv_blocks_of_kind,
                       serving::RecordSink& sink);

    void made(const ScratchpadPlace& place, double at_s) override;
    void gone(const ScratchpadPlace& place, double at_s) override;
    void iterated(const ScratchpadPlace& place, const serving::ScratchpadIteration& iteration) override;
    void changed(const ScratchpadEvent& event) override;

    /// Requests in their final state: records of those that ended before the run does.
    void tell_ended(std::span<const serving::ScratchpadRequest> requests);
    void sample(SimTime at);
    /// Records of the others that arrived by `end`, and of the engines. Gives how many arrived.
    std::int64_t finish(std::span<const serving::ScratchpadRequest> requests, SimTime end);

private:
    struct Engine {
        serving::ReplicaRecord sums;
        std::int64_t since_ns = -1;       ///< it is there; -1: it is not
        std::int64_t blocks_from_ns = 0;  ///< `blocks` of its cache have been held
        std::int64_t blocks = 0;
        std::int64_t tokens = 0;
        bool is_recorded = false;
    };
    [[nodiscard]] ScratchpadSamples::Group group_of(const Engine& engine) const;
    void hold(Engine& engine, std::int64_t from_ns, std::int64_t blocks, std::int64_t tokens);
    void count(Engine& engine, const serving::ScratchpadIteration& iteration, std::int64_t context_tokens);
    void tell_gaps(const Engine& engine, const serving::ScratchpadIteration& iteration);
    void tell_step(const Engine& engine, const serving::ScratchpadIteration& iteration, std::int64_t context_tokens);
    void tell_samples(const serving::ScratchpadRequest& request);
    void tell(const serving::ScratchpadRequest& request, serving::EndState state, SimTime end);
    [[nodiscard]] bool has_ended(const serving::ScratchpadRequest& request) const;

    ScratchpadRecording recording_;
    std::vector<std::int64_t> kv_blocks_;
    serving::RecordSink* sink_;
    std::map<std::uint32_t, Engine> engines_;  ///< by replica
    std::vector<std::uint32_t> engines_of_kind_;
    std::optional<ScratchpadSamples> samples_;
};

}  // namespace regatta::control
