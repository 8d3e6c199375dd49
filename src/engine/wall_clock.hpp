#pragma once

#include <chrono>
#include <cstdint>

namespace regatta::engine {

/// Where the wall time of a rank's loop goes: the engine's only clock besides the simulated one. Nothing of it reaches
/// the model.
///
/// A look at the clock costs as much as an event, and windows may last a microsecond. So what waiting takes is measured
/// in each window (two looks at each wait), what preparing and reading messages takes only in windows that follow a
/// long one, and in one of 16 otherwise, which then counts for all of them. Whether a window is measured is settled
/// before it begins, so that no kind of window is favoured.
class WallClock {
public:
    /// The loop begins, or goes on after a pause.
    void start() { started_ = seen_ = ended_waiting_ = Clock::now(); }
    void stop() {
        look();
        before_ += seen_ - started_;
        started_ = seen_;
    }

    /// A window begins with preparing what is told to others, and telling it.
    void begin_exchange() {
        const bool is_long = apart_ >= kLong;
        is_measured_ = is_long || ++passed_over_ == kOneIn;
        has_waited_ = false;
        if (!is_measured_) return;
        weight_ = is_long ? 1 : kOneIn;
        passed_over_ = 0;
        went_on_ = Clock::now();
    }
    /// Once or several times in an exchange.
    void begin_waiting() {
        look();
        if (!has_waited_) apart_ = seen_ - ended_waiting_;
        has_waited_ = true;
        if (is_measured_) exchanging_ += weight_ * (seen_ - went_on_);
    }
    void end_waiting() {
        const Clock::time_point began = seen_;
        look();
        waiting_ += seen_ - began;
        ended_waiting_ = went_on_ = seen_;
    }
    /// What the others said has been read and understood.
    void end_exchange() {
        if (is_measured_) exchanging_ += weight_ * (Clock::now() - went_on_);
    }

    void look() { seen_ = Clock::now(); }
    /// Up to the last look.
    [[nodiscard]] double loop_s() const { return seconds(before_ + (seen_ - started_)); }
    [[nodiscard]] double waiting_s() const { return seconds(waiting_); }
    [[nodiscard]] double exchanging_s() const { return seconds(exchanging_); }

private:
    using Clock = std::chrono::steady_clock;
    static double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

    /// Two more looks, 25 ns each with the processor's time stamp counter, are then below half a percent.
    static constexpr Clock::duration kLong = std::chrono::microseconds(20);
    static constexpr std::int64_t kOneIn = 16;

    Clock::time_point started_;
    Clock::time_point seen_;
    Clock::time_point went_on_;  ///< with preparing or reading, in a window that is measured
    Clock::time_point ended_waiting_;
    Clock::duration before_{};  ///< in earlier parts of the loop
    Clock::duration waiting_{};
    Clock::duration exchanging_{};
    Clock::duration apart_{};  ///< how long the last window took, waiting left out
    std::int64_t passed_over_ = 0;
    std::int64_t weight_ = 1;
    bool is_measured_ = false;
    bool has_waited_ = false;  ///< in this exchange
};

}  // namespace regatta::engine
