#include <fmt/format.h>

#include <cerrno>
#include <protozero/pbf_writer.hpp>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/trace_encoder.hpp"

namespace regatta::results {
namespace {

using protozero::pbf_writer;

// Of the messages that each is a field of; see perfetto_encoder for where they are published.
namespace trace {
constexpr protozero::pbf_tag_type kPacket = 1;
}
namespace packet {
constexpr protozero::pbf_tag_type kTimestamp = 8;
constexpr protozero::pbf_tag_type kSequence = 10;
constexpr protozero::pbf_tag_type kEvent = 11;
constexpr protozero::pbf_tag_type kDescriptor = 60;
}  // namespace packet
namespace track {
constexpr protozero::pbf_tag_type kUuid = 1;
constexpr protozero::pbf_tag_type kName = 2;
constexpr protozero::pbf_tag_type kProcess = 3;
constexpr protozero::pbf_tag_type kThread = 4;
constexpr protozero::pbf_tag_type kParent = 5;
constexpr protozero::pbf_tag_type kCounter = 8;
}  // namespace track
namespace process {
constexpr protozero::pbf_tag_type kPid = 1;
constexpr protozero::pbf_tag_type kName = 6;
}  // namespace process
namespace thread {
constexpr protozero::pbf_tag_type kPid = 1;
constexpr protozero::pbf_tag_type kTid = 2;
constexpr protozero::pbf_tag_type kName = 5;
}  // namespace thread
namespace event {
constexpr protozero::pbf_tag_type kArgument = 4;
constexpr protozero::pbf_tag_type kType = 9;
constexpr protozero::pbf_tag_type kTrack = 11;
constexpr protozero::pbf_tag_type kCategory = 22;
constexpr protozero::pbf_tag_type kName = 23;
constexpr protozero::pbf_tag_type kCounterValue = 30;
constexpr protozero::pbf_tag_type kFlow = 47;
constexpr protozero::pbf_tag_type kEndingFlow = 48;
enum Type : std::int32_t { kBegin = 1, kEnd = 2, kInstant = 3, kCount = 4 };
}  // namespace event
namespace argument {
constexpr protozero::pbf_tag_type kInteger = 4;
constexpr protozero::pbf_tag_type kDouble = 5;
constexpr protozero::pbf_tag_type kText = 6;
constexpr protozero::pbf_tag_type kName = 10;
}  // namespace argument

// Which thing a track is of, in the upper bits of its number.
std::uint64_t track_of_process(std::int64_t process) {
    return std::uint64_t{1} << 60U | static_cast<std::uint64_t>(process);
}
std::uint64_t track_of_thread(const TraceLine& line) {
    return std::uint64_t{2} << 60U | static_cast<std::uint64_t>(line.thread);
}
std::uint64_t track_of(const TraceLine& line) {
    if (line.lane == 0) return track_of_thread(line);
    return std::uint64_t{3} << 60U | static_cast<std::uint64_t>(line.thread) << 28U | line.lane;
}
std::uint64_t track_of(const TraceCounter& counter) {
    return std::uint64_t{4} << 60U | static_cast<std::uint64_t>(counter.process) << 8U | counter.number;
}

class PerfettoEncoder final : public TraceEncoder {
public:
    explicit PerfettoEncoder(std::FILE* out) : out_(out) {}

    void add_process(std::int64_t number, const std::string& name) override {
        add_track([&](pbf_writer& descriptor) {
            descriptor.add_uint64(track::kUuid, track_of_process(number));
            pbf_writer own(descriptor, track::kProcess);
            own.add_int32(process::kPid, static_cast<std::int32_t>(number));
            own.add_string(process::kName, name);
        });
    }
    void add_thread(const TraceLine& line, const std::string& name) override {
        add_track([&](pbf_writer& descriptor) {
            descriptor.add_uint64(track::kUuid, track_of_thread(line));
            descriptor.add_uint64(track::kParent, track_of_process(line.process));
            pbf_writer own(descriptor, track::kThread);
            own.add_int32(thread::kPid, static_cast<std::int32_t>(line.process));
            own.add_int32(thread::kTid, static_cast<std::int32_t>(line.thread));
            own.add_string(thread::kName, name);
        });
    }
    void add_lane(const TraceLine& line, const std::string& name) override {
        add_track([&](pbf_writer& descriptor) {
            descriptor.add_uint64(track::kUuid, track_of(line));
            descriptor.add_string(track::kName, name);
            descriptor.add_uint64(track::kParent, track_of_thread(line));
        });
    }
    void add_counter(const TraceCounter& counter) override {
        add_track([&](pbf_writer& descriptor) {
            descriptor.add_uint64(track::kUuid, track_of(counter));
            descriptor.add_string(track::kName, counter.name.data(), counter.name.size());
            descriptor.add_uint64(track::kParent, track_of_process(counter.process));
            descriptor.add_message(track::kCounter, std::string());
        });
    }

    void begin(const TraceSlice& slice) override {
        add_event(slice.start_ns, [&](pbf_writer& out) { describe(out, slice, event::kBegin); });
    }
    void end(const TraceSlice& slice) override {
        add_event(slice.end_ns, [&](pbf_writer& out) {
            out.add_enum(event::kType, event::kEnd);
            out.add_uint64(event::kTrack, track_of(slice.line));
        });
    }
    void mark(const TraceSlice& slice) override {
        add_event(slice.start_ns, [&](pbf_writer& out) { describe(out, slice, event::kInstant); });
    }
    void count(const TraceCounter& counter, std::int64_t at_ns, std::int64_t value) override {
        add_event(at_ns, [&](pbf_writer& out) {
            out.add_enum(event::kType, event::kCount);
            out.add_uint64(event::kTrack, track_of(counter));
            out.add_int64(event::kCounterValue, value);
        });
    }
    void close() override { flush(); }

private:
    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
    static constexpr std::uint32_t kSequence = 1;  // of packets that one writer wrote; it may not be 0

    static void describe(pbf_writer& out, const TraceSlice& slice, event::Type type) {
        for (const TraceArgument& given : slice.arguments) {
            pbf_writer own(out, event::kArgument);
            if (const auto* whole = std::get_if<std::int64_t>(&given.value))
                own.add_int64(argument::kInteger, *whole);
            else if (const auto* number = std::get_if<double>(&given.value))
                own.add_double(argument::kDouble, *number);
            else
                own.add_string(argument::kText, std::get<std::string>(given.value));
            own.add_string(argument::kName, given.name.data(), given.name.size());
        }
        out.add_enum(event::kType, type);
        out.add_uint64(event::kTrack, track_of(slice.line));
        out.add_string(event::kCategory, slice.category.data(), slice.category.size());
        out.add_string(event::kName, slice.name);
        if (slice.flow_from != 0) out.add_fixed64(event::kFlow, slice.flow_from);
        if (slice.flow_to != 0) out.add_fixed64(event::kEndingFlow, slice.flow_to);
    }

    template <class Fill>
    void add_track(const Fill& fill) {
        pbf_writer trace(text_);
        {
            pbf_writer packet(trace, trace::kPacket);
            packet.add_uint32(packet::kSequence, kSequence);
            pbf_writer descriptor(packet, packet::kDescriptor);
            fill(descriptor);
        }
        if (text_.size() > kFlushBytes) flush();
    }
    template <class Fill>
    void add_event(std::int64_t at_ns, const Fill& fill) {
        pbf_writer trace(text_);
        {
            pbf_writer packet(trace, trace::kPacket);
            packet.add_uint64(packet::kTimestamp, static_cast<std::uint64_t>(at_ns));
            packet.add_uint32(packet::kSequence, kSequence);
            pbf_writer own(packet, packet::kEvent);
            fill(own);
        }
        if (text_.size() > kFlushBytes) flush();
    }
    void flush() {
        if (std::fwrite(text_.data(), 1, text_.size(), out_) != text_.size())
            throw IoError(fmt::format("trace: cannot be written: {}", std::generic_category().message(errno)));
        text_.clear();
    }

    std::FILE* out_;
    std::string text_;
};

}  // namespace

std::unique_ptr<TraceEncoder> perfetto_encoder(std::FILE* out) {
    return std::make_unique<PerfettoEncoder>(out);
}

}  // namespace regatta::results
