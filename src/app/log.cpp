#include "app/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

#include "regatta/base/errors.hpp"

namespace regatta::app {

namespace {

/// One logger for the program's life, made at first use: plain lines to stderr, written at once. With a lock, for the
/// thread that writes checkpoints has something to say, too.
spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger> instance = [] {
        auto made = std::make_shared<spdlog::logger>("regatta", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::debug);
        made->flush_on(spdlog::level::debug);
        return made;
    }();
    return *instance;
}

}  // namespace

Log::Log(bool is_quiet) {
    const char* wanted = std::getenv("REGATTA_LOG");
    const std::string word = wanted == nullptr ? "info" : wanted;
    if (word == "debug")
        level_ = Level::Debug;
    else if (word == "off")
        level_ = Level::Off;
    else if (word != "info")
        throw InputError(fmt::format("$REGATTA_LOG: expected debug, info or off, found \"{}\"{}", word,
                                     did_you_mean(word, {"debug", "info", "off"})));
    if (is_quiet) level_ = Level::Off;
}

void Log::info(const std::string& line) const {
    if (level_ >= Level::Info) logger().info(line);
}

void Log::debug(const std::string& line) const {
    if (level_ >= Level::Debug) logger().debug(line);
}

}  // namespace regatta::app
