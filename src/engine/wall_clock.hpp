#pragma once

#include <chrono>

namespace regatta::engine {

/// Wall time that passes, for progress and reports: the engine's only clock besides the simulated one. Nothing of it
/// reaches the model.
class WallClock {
public:
    WallClock() : start_(Clock::now()) {}
    /// Since it was made.
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_;
};

}  // namespace regatta::engine
