#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/engine/model.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// Where a run stands, as one rank sees it.
struct Progress {
    SimTime settled;          ///< everything before this instant has happened on this rank
    std::int64_t events = 0;  ///< since this simulation was made
    std::int64_t windows = 0;
    std::int64_t messages_sent = 0;  ///< to other ranks
    std::int64_t bytes_sent = 0;     ///< in these messages
    std::int64_t reductions = 0;     ///< over all ranks
    double loop_s = 0;               ///< wall time in the loop
    double waiting_s = 0;            ///< of that, while messages travelled and until the other ranks' had come
    double exchanging_s = 0;         ///< of that, preparing and reading messages, agreeing on what is safe: an estimate
};

/// Called between windows, and every few thousand events inside long ones.
using ProgressObserver = std::function<void(const Progress&)>;

/// What a rank wants of all ranks between two windows; the strongest wish counts.
enum class Wish : std::uint8_t { None, Pause, Stop };

struct RunOptions {
    /// Nothing at or after this instant happens; never: until no event is left.
    SimTime until = SimTime::never();
    ProgressObserver observer = {};
    /// The run pauses at this instant, before anything at or after it, unless it is over before; never: does not.
    SimTime pause = SimTime::never();
    /// Asked once in a while, on each rank; on Pause or Stop all ranks pause at one instant soon after. None: never.
    std::function<Wish()> wish = {};
};

/// How far ahead a rank may trust the others. Results are the same; only speed differs.
enum class Bound {
    Plain,     ///< anything pending may lead to a send at once
    Promises,  ///< by the model's reactions, and boards by their fixed instants
};

/// How ranks tell each other between windows. Results are the same; only speed differs.
enum class ExchangeWay {
    Auto,        ///< whichever is cheaper on so many ranks, measured where that is not plain
    Pairs,       ///< one message from each rank to each other
    Collective,  ///< messages only where there is something to tell, and reductions over all ranks
};

/// How often one channel ended windows of a rank: it let the tier that got least far go no farther.
struct ChannelUse {
    std::string name;  ///< "gateway -> node"
    SimTime latency;
    std::int64_t windows_bounded = 0;
};

struct RunReport {
    SimTime end;  ///< `until`, or the time of the last event on any rank; of a pause, its instant
    /// None: the run is over. Pause or Stop: it can be saved, and goes on with the next call of `run`.
    Wish paused_for = Wish::None;
    Progress progress;
    std::vector<ChannelUse> channels;        ///< of this rank
    SimTime least_slack = SimTime::never();  ///< smallest time between a receipt and how far the receiver had gone
    SimTime mean_window;                     ///< simulated time per window
};

/// One rank's part of a run: makes its logical processes, drives them through conservative windows, and exchanges
/// messages with the other ranks. Results do not depend on the number of ranks or on the partition.
class Simulation {
public:
    /// All ranks pass the same model and partition. The transport must outlive the simulation.
    Simulation(const Model& model, Partition partition, Transport& transport, Bound bound = Bound::Promises,
               ExchangeWay way = ExchangeWay::Auto);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /// Runs from where it stands to `options.until` (or until nothing is left). Throws BugError on a causality error,
    /// naming both logical processes and times.
    RunReport run(const RunOptions& options);
    /// Ends the run: takes the samples up to and including `end` that are still due; then every logical process gets
    /// `finish` with the messages that never reached it.
    void finish(SimTime end);

    /// The process with this id, if it lives on this rank; else nullptr.
    [[nodiscard]] LogicalProcess* local(LpId id);

    /// State of this rank between two calls of `run` to the same instant on all ranks: processes, events, wake-ups,
    /// boards. `room`: what an earlier call gave, if it is not needed any more; its memory is used again.
    [[nodiscard]] Buffer save(Buffer room = {}) const;
    /// Goes on where a run of the same model stood, on any number of ranks and by any partition: `parts` are what all
    /// its ranks saved, and need to be there only during the call. Before the first `run`. Throws IoError when they are
    /// not those of such a run.
    void load(std::span<const std::span<const char>> parts);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::engine
