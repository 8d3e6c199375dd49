#include "workload/text_input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/iostreams/device/file_descriptor.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "regatta/base/errors.hpp"
#include "workload/zstd_frames.hpp"

namespace regatta::workload {
namespace {

namespace io = boost::iostreams;

// A file that unpacks for ever holds nothing that anybody recorded: traces get 3 to 20 times shorter.
constexpr std::int64_t kMostUnpacked = 500;
constexpr std::int64_t kMostUnpackedAnyway = std::int64_t{64} << 20;

enum class Packing { None, Gzip, Zstd };

// Source: RFC 1952, section 2.3.1, and RFC 8878, section 3.1.1.
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

std::string_view name_of(Packing packing) {
    switch (packing) {
        case Packing::None:
            return "plain";
        case Packing::Gzip:
            return "gzip";
        case Packing::Zstd:
            return "zstd";
    }
    return "";
}

InputError damaged(const std::string& path, Packing packing) {
    return InputError(fmt::format("{}: the {} data are damaged or end early", path, name_of(packing)));
}

int open_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // nobody waits for a pipe
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR) throw InputError(fmt::format("{}: no such file", path));
        if (errno == EACCES) throw InputError(fmt::format("{}: no permission to read it", path));
        throw IoError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
    }
    return file;
}

std::int64_t size_of(int file, const std::string& path) {
    struct stat status {};
    if (::fstat(file, &status) != 0) throw IoError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    if (!S_ISREG(status.st_mode))
        throw InputError(fmt::format("{}: expected a file, found {}", path,
                                     S_ISDIR(status.st_mode) ? "a directory" : "something that cannot be read twice"));
    return status.st_size;
}

Packing packing_of(int file, const std::string& path) {
    std::array<char, 4> start{};
    const ssize_t count = ::pread(file, start.data(), start.size(), 0);
    if (count < 0) throw IoError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    const std::string_view bytes(start.data(), static_cast<std::size_t>(count));
    if (bytes.starts_with(kGzipMagic)) return Packing::Gzip;
    if (bytes.starts_with(kZstdMagic)) return Packing::Zstd;
    return Packing::None;
}

}  // namespace

struct TextInput::Chain {
    Packing packing = Packing::None;
    std::int64_t packed_bytes = 0;
    std::int64_t unpacked_bytes = 0;
    io::filtering_streambuf<io::input> bytes;
};

TextInput::TextInput(std::string path) : path_(std::move(path)), chain_(std::make_unique<Chain>()) {
    io::file_descriptor_source file(open_file(path_), io::close_handle);
    const std::int64_t bytes = size_of(file.handle(), path_);
    chain_->packing = packing_of(file.handle(), path_);
    chain_->packed_bytes = bytes;
    if (chain_->packing == Packing::Zstd && !ends_with_a_whole_zstd_frame(file.handle(), bytes))
        throw damaged(path_, chain_->packing);
    switch (chain_->packing) {
        case Packing::None:
            break;
        case Packing::Gzip:
            chain_->bytes.push(io::gzip_decompressor());
            break;
        case Packing::Zstd:
            chain_->bytes.push(io::zstd_decompressor());
            break;
    }
    chain_->bytes.push(file);
}

TextInput::~TextInput() = default;

std::size_t TextInput::read(std::span<char> buffer) {
    std::streamsize count = 0;
    try {
        count = chain_->bytes.sgetn(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    } catch (const io::gzip_error&) {
        throw damaged(path_, chain_->packing);
    } catch (const io::zlib_error&) {
        throw damaged(path_, chain_->packing);
    } catch (const io::zstd_error&) {
        throw damaged(path_, chain_->packing);
    } catch (const std::ios_base::failure&) {
        throw IoError(fmt::format("{}: cannot be read: {}", path_, std::strerror(errno)));
    }
    chain_->unpacked_bytes += count;
    if (chain_->packing != Packing::None && chain_->unpacked_bytes > kMostUnpackedAnyway &&
        chain_->unpacked_bytes / kMostUnpacked > chain_->packed_bytes)
        throw InputError(fmt::format("{}: the {} data grow to more than {} times their {} bytes; no trace does", path_,
                                     name_of(chain_->packing), kMostUnpacked, chain_->packed_bytes));
    return static_cast<std::size_t>(count);
}

}  // namespace regatta::workload
