#include "app/stall_watch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace regatta::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Of the time that is given: so much passes before a rank says that it waits, and so much until one draws conclusions.
constexpr double kUntilSaid = 0.8;
constexpr double kUntilReported = 0.1;
constexpr double kMostUntilReported_s = 3;

}  // namespace

StallWatch::StallWatch(const WatchedTransport& transport, Options options)
    : transport_(transport), options_(std::move(options)) {
    if (transport_.ranks() > 1) thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void StallWatch::watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::uint64_t calls = transport_.calls();
        const bool is_waiting = calls % 2 == 1;
        if (!waits_on(calls, kUntilSaid * options_.timeout_s, stop) || !is_waiting) continue;
        const std::ofstream said(file_of(transport_.rank()));
        const double until_reported_s = std::min(kUntilReported * options_.timeout_s, kMostUntilReported_s);
        if (waits_on(calls, until_reported_s, stop)) report();
        // Another rank reports, or what had to come has come.
        std::error_code error;
        while (waits_on(calls, options_.timeout_s, stop)) {
        }
        fs::remove(file_of(transport_.rank()), error);
    }
}

/// Whether the transport is still in the same call after so long.
bool StallWatch::waits_on(std::uint64_t calls, double seconds, const std::stop_token& stop) const {
    constexpr double kLook_s = 0.05;
    const Clock::time_point until =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    // Nothing but the end of the run wakes it, and that does not wait for the next look.
    std::mutex mutex;
    std::condition_variable_any end;
    std::unique_lock lock(mutex);
    while (Clock::now() < until) {
        if (stop.stop_requested() || transport_.calls() != calls) return false;
        end.wait_for(lock, stop, std::chrono::duration<double>(std::min(kLook_s, seconds)), [] { return false; });
    }
    return !stop.stop_requested() && transport_.calls() == calls;
}

void StallWatch::report() const {
    std::vector<std::uint32_t> missing;
    std::uint32_t first_waiting = transport_.ranks();
    std::error_code error;
    for (std::uint32_t rank = 0; rank < transport_.ranks(); ++rank) {
        if (!fs::exists(file_of(rank), error))
            missing.push_back(rank);
        else
            first_waiting = std::min(first_waiting, rank);
    }
    if (first_waiting != transport_.rank()) return;
    for (std::uint32_t rank = 0; rank < transport_.ranks(); ++rank)
        fs::remove(file_of(rank), error);
    // Where all say that they wait, messages are lost on the way.
    const std::string who =
        missing.empty() ? std::string("a message")
                        : fmt::format("{} {}", missing.size() == 1 ? "rank" : "ranks", fmt::join(missing, ", "));
    options_.give_up(fmt::format("{} {} not answered for {:g} s (--stall-timeout); the run ends here", who,
                                 missing.size() > 1 ? "have" : "has", kUntilSaid * options_.timeout_s));
}

std::string StallWatch::file_of(std::uint32_t rank) const {
    return (fs::path(options_.directory) / fmt::format(".waiting-{:05}", rank)).string();
}

}  // namespace regatta::app
