#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "regatta/base/errors.hpp"
#include "results/trace_encoder.hpp"

namespace regatta::results {
namespace {

/// Microseconds, exact to the nanosecond.
std::string microseconds(std::int64_t ns) {
    return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
}

std::string json(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json(const std::vector<TraceArgument>& arguments) {
    std::string text = "{";
    for (const TraceArgument& argument : arguments) {
        text += fmt::format("{}\"{}\":", text.size() > 1 ? "," : "", argument.name);
        if (const auto* whole = std::get_if<std::int64_t>(&argument.value))
            text += fmt::format("{}", *whole);
        else if (const auto* number = std::get_if<double>(&argument.value))
            text += fmt::format("{}", *number);
        else
            text += json(std::get<std::string>(argument.value));
    }
    return text + "}";
}

class ChromeEncoder final : public TraceEncoder {
public:
    ChromeEncoder(std::FILE* out, const std::string& run, const std::string& program) : out_(out) {
        text_ = R"({"displayTimeUnit":"ms","otherData":{"run":)" + json(run) + R"(,"program":)" + json(program) +
                R"(},"traceEvents":[)";
    }

    void add_process(std::int64_t process, const std::string& name) override {
        add(R"("ph":"M","name":"process_name","pid":{},"args":{{"name":{}}})", process, json(name));
    }
    void add_thread(const TraceLine& line, const std::string& name) override {
        add(R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}})", line.process, line.thread,
            json(name));
    }
    void add_lane(const TraceLine& /*line*/, const std::string& /*name*/) override {}
    void add_counter(const TraceCounter& /*counter*/) override {}

    void begin(const TraceSlice& slice) override {
        if (slice.line.lane > 0)
            add(R"("ph":"b",{},"id":"{}","args":{})", place(slice, slice.start_ns), slice.id, json(slice.arguments));
        else
            add(R"("ph":"X",{},"dur":{},"args":{})", place(slice, slice.start_ns),
                microseconds(slice.end_ns - slice.start_ns), json(slice.arguments));
        if (slice.flow_from != 0) add(R"("ph":"s",{},"id":"{}")", flow(slice), slice.flow_from);
        if (slice.flow_to != 0) add(R"("ph":"f","bp":"e",{},"id":"{}")", flow(slice), slice.flow_to);
    }
    void end(const TraceSlice& slice) override {
        if (slice.line.lane > 0) add(R"("ph":"e",{},"id":"{}")", place(slice, slice.end_ns), slice.id);
    }
    void mark(const TraceSlice& slice) override {
        add(R"("ph":"i","s":"p",{},"args":{})", place(slice, slice.start_ns), json(slice.arguments));
    }
    void count(const TraceCounter& counter, std::int64_t at_ns, std::int64_t value) override {
        add(R"("ph":"C","name":{},"pid":{},"ts":{},"args":{{"value":{}}})", json(counter.name), counter.process,
            microseconds(at_ns), value);
    }
    void close() override {
        text_ += "\n]}\n";
        flush();
    }

private:
    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

    static std::string place(const TraceSlice& slice, std::int64_t at_ns) {
        return fmt::format(R"("cat":"{}","name":{},"pid":{},"tid":{},"ts":{})", slice.category, json(slice.name),
                           slice.line.process, slice.line.thread, microseconds(at_ns));
    }
    static std::string flow(const TraceSlice& slice) {
        return fmt::format(R"("cat":"dispatch","name":"dispatch","pid":{},"tid":{},"ts":{})", slice.line.process,
                           slice.line.thread, microseconds(slice.start_ns));
    }
    /// `fields`: the inside of one JSON object.
    template <class... Arguments>
    void add(fmt::format_string<Arguments...> fields, Arguments&&... arguments) {
        text_ += is_first_ ? "\n{" : ",\n{";
        is_first_ = false;
        fmt::format_to(std::back_inserter(text_), fields, std::forward<Arguments>(arguments)...);
        text_ += '}';
        if (text_.size() > kFlushBytes) flush();
    }
    void flush() {
        if (std::fwrite(text_.data(), 1, text_.size(), out_) != text_.size())
            throw IoError(fmt::format("trace: cannot be written: {}", std::generic_category().message(errno)));
        text_.clear();
    }

    std::FILE* out_;
    std::string text_;
    bool is_first_ = true;
};

}  // namespace

std::unique_ptr<TraceEncoder> chrome_encoder(std::FILE* out, const std::string& run, const std::string& program) {
    return std::make_unique<ChromeEncoder>(out, run, program);
}

}  // namespace regatta::results
