#include "engine/window_message.hpp"

#include <array>
#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/is_bitwise_serializable.hpp>
#include <boost/serialization/tracking.hpp>
#include <cstddef>
#include <cstdint>

#include "engine/buffer_stream.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

// Hot types go as one block: trivially copyable, never tracked, no class information in the stream.
BOOST_IS_BITWISE_SERIALIZABLE(regatta::engine::Event)
BOOST_IS_BITWISE_SERIALIZABLE(regatta::engine::Pending)
BOOST_IS_BITWISE_SERIALIZABLE(regatta::engine::BoardEntry)

namespace regatta::engine {

namespace {

/// What comes first: how much of everything follows.
struct Counts {
    std::uint64_t pending = 0;
    std::uint64_t earliest_sent = 0;
    std::uint64_t events = 0;
    std::uint64_t reports = 0;
    std::uint64_t wish = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& pending& earliest_sent& events& reports& wish;
    }
};

}  // namespace

}  // namespace regatta::engine

BOOST_IS_BITWISE_SERIALIZABLE(regatta::engine::Counts)

namespace regatta::engine {

namespace {

template <class T>
void put_block(OutArchive& archive, const std::vector<T>& items) {
    if (!items.empty()) archive << boost::serialization::make_array(items.data(), items.size());
}

template <class T>
void get_block(InArchive& archive, const BufferSource& source, std::uint64_t count, std::vector<T>& items) {
    REGATTA_CHECK(count <= static_cast<std::uint64_t>(source.left()) / sizeof(T), "a window message is cut short");
    items.resize(count);
    if (count > 0) archive >> boost::serialization::make_array(items.data(), items.size());
}

}  // namespace

class MessageWriter::Impl {
public:
    BufferSink sink;
    OutArchive archive{sink, kArchiveFlags};
};

MessageWriter::MessageWriter() : impl_(std::make_unique<Impl>()) {}
MessageWriter::~MessageWriter() = default;
MessageWriter::MessageWriter(MessageWriter&&) noexcept = default;
MessageWriter& MessageWriter::operator=(MessageWriter&&) noexcept = default;

void MessageWriter::write(const WindowMessage& message, Buffer& buffer) {
    impl_->sink.aim(buffer);
    OutArchive& archive = impl_->archive;
    const std::array<Counts, 1> counts = {Counts{.pending = message.pending.size(),
                                                 .earliest_sent = message.earliest_sent.size(),
                                                 .events = message.events.size(),
                                                 .reports = message.reports.size(),
                                                 .wish = message.wish}};
    archive << boost::serialization::make_array(counts.data(), counts.size());
    put_block(archive, message.pending);
    put_block(archive, message.earliest_sent);
    put_block(archive, message.events);
    for (const BoardReport& report : message.reports) {
        const std::uint16_t board = report.board.value();
        const std::int64_t reported_at = report.reported_at.ns();
        const std::uint64_t entries = report.entries.size();
        archive << board << reported_at << entries;
        put_block(archive, report.entries);
    }
}

class MessageReader::Impl {
public:
    BufferSource source;
    InArchive archive{source, kArchiveFlags};
};

MessageReader::MessageReader() : impl_(std::make_unique<Impl>()) {}
MessageReader::~MessageReader() = default;
MessageReader::MessageReader(MessageReader&&) noexcept = default;
MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;

void MessageReader::read(const Buffer& buffer, WindowMessage& message) {
    impl_->source.aim(buffer);
    InArchive& archive = impl_->archive;
    std::array<Counts, 1> all;
    archive >> boost::serialization::make_array(all.data(), all.size());
    const Counts& counts = all.front();
    get_block(archive, impl_->source, counts.pending, message.pending);
    get_block(archive, impl_->source, counts.earliest_sent, message.earliest_sent);
    get_block(archive, impl_->source, counts.events, message.events);
    message.wish = counts.wish;
    message.reports.clear();
    for (std::uint64_t i = 0; i < counts.reports; ++i) {
        std::uint16_t board = 0;
        std::int64_t reported_at = 0;
        std::uint64_t entries = 0;
        archive >> board >> reported_at >> entries;
        BoardReport& report = message.reports.emplace_back();
        report.board = BoardId(board);
        report.reported_at = SimTime::from_ns(reported_at);
        get_block(archive, impl_->source, entries, report.entries);
    }
    REGATTA_CHECK(impl_->source.left() == 0, "a window message is longer than it says");
}

}  // namespace regatta::engine
