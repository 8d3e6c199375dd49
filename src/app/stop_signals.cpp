#include "app/stop_signals.hpp"

#include <array>
#include <atomic>
#include <cstddef>

namespace regatta::app {
namespace {

// A handler may do no more than to set one. It runs in any thread of the process, such as those that MPI starts, which
// is more than std::sig_atomic_t is made for.
std::atomic<bool> wants_checkpoint = false;
std::atomic<bool> wants_stop = false;
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr std::array kSignals = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};

extern "C" void note_checkpoint(int /*signal*/) {
    wants_checkpoint.store(true, std::memory_order_relaxed);
}
extern "C" void note_stop(int /*signal*/) {
    wants_stop.store(true, std::memory_order_relaxed);
}

}  // namespace

StopSignals::StopSignals() {
    wants_checkpoint.store(false, std::memory_order_relaxed);
    wants_stop.store(false, std::memory_order_relaxed);
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
    if (wants_stop.load(std::memory_order_relaxed)) return engine::Wish::Stop;
    return wants_checkpoint.load(std::memory_order_relaxed) ? engine::Wish::Pause : engine::Wish::None;
}

void StopSignals::forget_checkpoint() {
    wants_checkpoint.store(false, std::memory_order_relaxed);
}

}  // namespace regatta::app
