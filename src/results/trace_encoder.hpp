#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a trace consists of, whatever its format: export_trace decides what is in a trace, encoders how it is written.
namespace regatta::results {

/// Where slices are drawn: a thread of a process, or, for what overlaps, one of the lanes below it.
struct TraceLine {
    std::int64_t process = 0;
    std::int64_t thread = 0;  ///< of all processes, no other has this number; below 2^31
    std::uint32_t lane = 0;   ///< 0: the thread's own line
};

struct TraceArgument {
    std::string_view name;
    std::variant<std::int64_t, double, std::string> value;
};

/// Something with a beginning and an end. On a line, slices lie inside or beside each other, never across.
struct TraceSlice {
    TraceLine line;
    std::string_view category;
    std::string name;
    std::int64_t start_ns = 0;
    std::int64_t end_ns = 0;
    std::uint64_t id = 0;         ///< of what overlaps on the thread; slices inside others have theirs
    std::uint64_t flow_from = 0;  ///< a flow begins here; 0: none. Of all flows no other has this number
    std::uint64_t flow_to = 0;    ///< a flow ends here
    std::vector<TraceArgument> arguments = {};
};

struct TraceCounter {
    std::int64_t process = 0;
    std::uint8_t number = 0;  ///< of the process
    std::string_view name;
};

/// Writes a trace to a file in one format. Throws IoError when the file cannot take it.
class TraceEncoder {
public:
    virtual ~TraceEncoder() = default;
    /// Each of these before the first thing in it, once.
    virtual void add_process(std::int64_t process, const std::string& name) = 0;
    virtual void add_thread(const TraceLine& line, const std::string& name) = 0;
    virtual void add_lane(const TraceLine& line, const std::string& name) = 0;
    virtual void add_counter(const TraceCounter& counter) = 0;

    /// Between the two come the slices inside it, one after the other.
    virtual void begin(const TraceSlice& slice) = 0;
    virtual void end(const TraceSlice& slice) = 0;
    /// Something that takes no time.
    virtual void mark(const TraceSlice& slice) = 0;
    virtual void count(const TraceCounter& counter, std::int64_t at_ns, std::int64_t value) = 0;
    virtual void close() = 0;
};

/// Chrome's trace JSON: what overlaps on a thread are asynchronous events. Format: "Trace Event Format", Google,
/// docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
[[nodiscard]] std::unique_ptr<TraceEncoder> chrome_encoder(std::FILE* out, const std::string& run,
                                                           const std::string& program);
/// Perfetto's protocol buffers: what overlaps on a thread has tracks of its own. Field numbers: protos/perfetto/trace/
/// trace_packet.proto and track_event/*.proto of github.com/google/perfetto.
[[nodiscard]] std::unique_ptr<TraceEncoder> perfetto_encoder(std::FILE* out);

}  // namespace regatta::results
