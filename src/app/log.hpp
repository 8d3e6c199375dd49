#pragma once

#include <string>

namespace regatta::app {

/// What is told on stderr besides errors, by the rank that speaks: what a run is about to do and how it gets on
/// (`info`), and where start-up time goes (`debug`). $REGATTA_LOG chooses: debug, info (default) or off.
class Log {
public:
    /// `is_quiet` leaves out everything. Throws InputError when $REGATTA_LOG is none of the words.
    explicit Log(bool is_quiet);
    void info(const std::string& line) const;
    void debug(const std::string& line) const;
    [[nodiscard]] bool tells_info() const { return level_ >= Level::Info; }

private:
    enum class Level { Off, Info, Debug };
    Level level_ = Level::Info;
};

}  // namespace regatta::app
