#include "packed.hpp"

// g++ 12 sees an overlap inside Boost's gzip compressor that is none (GCC bug 105651).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wrestrict"
#endif

#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>

namespace regatta::workload {
namespace {

template <class Compressor>
std::string packed_by(const Compressor& compressor, const std::string& text) {
    std::string bytes;
    boost::iostreams::filtering_ostream stream;
    stream.push(compressor);
    stream.push(boost::iostreams::back_inserter(bytes));
    stream << text;
    stream.reset();
    return bytes;
}

}  // namespace

std::string gzipped(const std::string& text) {
    return packed_by(boost::iostreams::gzip_compressor(), text);
}
std::string zstandard(const std::string& text) {
    return packed_by(boost::iostreams::zstd_compressor(), text);
}

}  // namespace regatta::workload
