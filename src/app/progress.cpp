#include "app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace regatta::app {

namespace {

constexpr double kSecondsBetweenRedraws = 0.2;
constexpr double kSecondsBetweenLines = 5;

}  // namespace

ProgressLine::ProgressLine(const Options& options) : options_(options), started_(Clock::now()) {
    redraws_ = !options.is_parallel && isatty(fileno(stderr)) != 0;
    interval_s_ = redraws_ ? kSecondsBetweenRedraws : kSecondsBetweenLines;
    next_s_ = interval_s_;
}

ProgressLine::~ProgressLine() {
    finish();
}

void ProgressLine::show(const engine::Progress& progress) {
    // By the loop's own time: this is called after each window, and another look at the clock costs as much as an
    // event.
    if (!options_.is_shown || progress.loop_s < next_s_) return;
    next_s_ = progress.loop_s + interval_s_;
    if (redraws_)
        fmt::print(stderr, "\r\x1b[K{}", text(progress));
    else
        fmt::print(stderr, "{}\n", text(progress));
    std::fflush(stderr);
    has_drawn_ = true;
}

void ProgressLine::finish() {
    if (redraws_ && has_drawn_) fmt::print(stderr, "\r\x1b[K");
    has_drawn_ = false;
}

std::string ProgressLine::text(const engine::Progress& progress) const {
    const double wall_s = std::chrono::duration<double>(Clock::now() - started_).count();
    const double simulated_s = progress.settled.seconds();
    std::string line = fmt::format("  [{:5.0f} s] {:.0f} s", wall_s, simulated_s);
    const double speed = simulated_s / std::max(wall_s, 1e-9);
    std::string left;
    if (options_.expected_end && options_.expected_end->ns() > 0) {
        const double end_s = options_.expected_end->seconds();
        line += fmt::format(" of {:.0f} s simulated, {:.0f} %", end_s, std::min(100.0, 100 * simulated_s / end_s));
        if (simulated_s < end_s && speed > 0) left = fmt::format(", {:.0f} s left", (end_s - simulated_s) / speed);
    } else {
        line += " simulated";
    }
    line += fmt::format(", {:.3g} x real time, {:.3g} M events/s", speed,
                        static_cast<double>(progress.events) / std::max(progress.loop_s, 1e-9) / 1e6);
    if (options_.is_parallel)
        line += fmt::format(", {:.0f} % waiting", 100 * progress.waiting_s / std::max(progress.loop_s, 1e-9));
    return line + left;
}

}  // namespace regatta::app
