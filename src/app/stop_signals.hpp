#pragma once

#include <csignal>

#include "regatta/engine/simulation.hpp"

namespace regatta::app {

/// While there is one: SIGUSR1 asks for a checkpoint, SIGUSR2 and a first SIGTERM or SIGINT for a stop after one. A
/// second SIGTERM or SIGINT does what it does elsewhere. (Launchers forward SIGUSR2 to all ranks, and make an end of
/// them after the others.) Signals that are ignored stay so. One at a time.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    /// What this process was asked for and has not been told done.
    [[nodiscard]] engine::Wish wish() const;
    /// A checkpoint has been made.
    void forget_checkpoint();

private:
    struct sigaction before_[4] = {};
};

}  // namespace regatta::app
