#include "app/stop_signals.hpp"

#include <array>
#include <cstddef>

namespace regatta::app {
namespace {

// A handler may do no more than this.
volatile std::sig_atomic_t wants_checkpoint = 0;
volatile std::sig_atomic_t wants_stop = 0;

constexpr std::array kSignals = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};

extern "C" void note_checkpoint(int /*signal*/) {
    wants_checkpoint = 1;
}
extern "C" void note_stop(int /*signal*/) {
    wants_stop = 1;
}

}  // namespace

StopSignals::StopSignals() {
    wants_checkpoint = 0;
    wants_stop = 0;
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        ::sigaction(kSignals[i], nullptr, &before_[i]);
        if (before_[i].sa_handler == SIG_IGN) continue;
        struct sigaction action = {};
        const bool is_for_us = kSignals[i] == SIGUSR1 || kSignals[i] == SIGUSR2;
        action.sa_handler = kSignals[i] == SIGUSR1 ? note_checkpoint : note_stop;
        // System calls of a write that is under way go on; of those that stop, the second is the default's.
        action.sa_flags = SA_RESTART | (is_for_us ? 0 : static_cast<int>(SA_RESETHAND));
        ::sigaction(kSignals[i], &action, nullptr);
    }
}

StopSignals::~StopSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        ::sigaction(kSignals[i], &before_[i], nullptr);
}

engine::Wish StopSignals::wish() const {
    if (wants_stop != 0) return engine::Wish::Stop;
    return wants_checkpoint != 0 ? engine::Wish::Pause : engine::Wish::None;
}

void StopSignals::forget_checkpoint() {
    wants_checkpoint = 0;
}

}  // namespace regatta::app
