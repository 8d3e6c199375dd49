#pragma once

#include <cstddef>
#include <span>
#include <streambuf>

#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// Archives in memory: nothing in them but what is written.
extern const unsigned kArchiveFlags;

/// Appends to a Buffer, which may change between two writes.
class BufferSink : public std::streambuf {
public:
    /// What `buffer` holds stays.
    void append_to(Buffer& buffer) { buffer_ = &buffer; }
    void aim(Buffer& buffer) {
        buffer_ = &buffer;
        buffer_->clear();
    }

protected:
    std::streamsize xsputn(const char* data, std::streamsize count) override {
        buffer_->insert(buffer_->end(), data, data + count);
        return count;
    }
    int_type overflow(int_type character) override {
        buffer_->push_back(traits_type::to_char_type(character));
        return character;
    }

private:
    Buffer* buffer_ = nullptr;
};

/// Reads bytes that stay where they are while they are read.
class BufferSource : public std::streambuf {
public:
    void aim(std::span<const char> bytes) {
        // The get area of a streambuf is not const, but is only read.
        char* begin = const_cast<char*>(bytes.data());
        setg(begin, begin, begin + bytes.size());
    }
    [[nodiscard]] std::ptrdiff_t left() const { return egptr() - gptr(); }
};

}  // namespace regatta::engine
