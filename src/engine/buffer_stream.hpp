#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <streambuf>
#include <utility>

#include "regatta/engine/transport.hpp"

namespace regatta::engine {

/// Archives in memory: nothing in them but what is written.
extern const unsigned kArchiveFlags;

/// Writes to a Buffer, which may change between two writes.
class BufferSink : public std::streambuf {
public:
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

/// Appends to a Buffer that nobody else changes until finish(): far faster for many small writes.
class LargeSink : public std::streambuf {
public:
    explicit LargeSink(std::size_t expected_bytes) { bytes_.resize(std::max<std::size_t>(expected_bytes, 4096)); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Buffer finish() {
        bytes_.resize(size_);
        return std::move(bytes_);
    }

protected:
    std::streamsize xsputn(const char* data, std::streamsize count) override {
        const auto bytes = static_cast<std::size_t>(count);
        if (bytes > bytes_.size() - size_) bytes_.resize(2 * std::max(bytes_.size(), size_ + bytes));
        std::memcpy(bytes_.data() + size_, data, bytes);
        size_ += bytes;
        return count;
    }
    int_type overflow(int_type character) override {
        const char byte = traits_type::to_char_type(character);
        xsputn(&byte, 1);
        return character;
    }

private:
    Buffer bytes_;
    std::size_t size_ = 0;
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
