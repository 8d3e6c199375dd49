#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "regatta/base/time.hpp"
#include "regatta/engine/simulation.hpp"

namespace regatta::app {

/// Tells people on stderr how a run is getting on: a redrawn line on a terminal, else a plain line every few seconds.
/// Under mpirun terminal detection is wrong, so that it is always plain there.
class ProgressLine {
public:
    struct Options {
        bool is_shown = true;
        bool is_parallel = false;
        std::optional<SimTime> expected_end;  ///< of arrivals, as far as known: gives share done and time left
    };
    explicit ProgressLine(const Options& options);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const engine::Progress& progress);
    void finish();

private:
    using Clock = std::chrono::steady_clock;
    [[nodiscard]] std::string text(const engine::Progress& progress) const;

    Options options_;
    bool redraws_ = false;
    bool has_drawn_ = false;
    Clock::time_point started_;
    double next_s_ = 0;  ///< of the event loop
    double interval_s_ = 0;
};

}  // namespace regatta::app
