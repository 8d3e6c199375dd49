#include "engine/window_message.hpp"

#include <fmt/format.h>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::engine {

// Most of a message is these; they go as one block.
static_assert(GoesAsBlock<Event> && GoesAsBlock<Pending> && GoesAsBlock<BoardEntry>);

void write_message(const WindowMessage& message, Buffer& buffer) {
    OutArchive(buffer) << message;
}

void read_message(const Buffer& buffer, WindowMessage& message) {
    InArchive archive(buffer);
    try {
        archive >> message;
    } catch (const ArchiveEnds&) {
        throw BugError("a window message is cut short");
    }
    REGATTA_CHECK(archive.left() == 0, fmt::format("a window message has {} bytes too many", archive.left()));
}

}  // namespace regatta::engine
