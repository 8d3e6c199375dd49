#include "results/hdf5.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "regatta/base/errors.hpp"

namespace regatta::results::h5 {
namespace {

/// Deflate makes data at most 1032 times shorter. Source: zlib's technical notes, "Maximum Compression Factor".
constexpr std::uint64_t kMostPacked = 1032;
constexpr std::uint64_t kMostUnstoredBytes = 1U << 16U;

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

/// Once per process: no printing by HDF5, and no tidying up at exit (after a full disk it would try in vain, loudly).
void silence() {
    static const bool done = [] {
        H5dont_atexit();
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        return true;
    }();
    static_cast<void>(done);
}

/// Closing a file closes what is open in it, so that nothing keeps it half open.
Handle file_access() {
    Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
    return access;
}

/// Asks the operating system first: its reason is one that people know.
void check_access(const std::string& path, int flags, const std::string& shown_path, std::string_view action) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (descriptor < 0) throw IoError(fmt::format("{}: cannot {}: {}", shown_path, action, reason_of(errno)));
    ::close(descriptor);
}

/// A single value: of several, more would be read than there is room for.
void check_single(const File& file, const Handle& attribute, const std::string& name) {
    const Handle space(H5Aget_space(attribute.id()), H5Sclose);
    if (H5Sget_simple_extent_npoints(space.id()) != 1)
        throw IoError(fmt::format("{}: {} is not a single value", file.path(), name));
}

/// Number of elements, once so many can be there: a file may claim any number, of which it stores none. Rows that a
/// merged file only shows are stored elsewhere.
std::uint64_t stored_elements(const File& file, const Handle& dataset, std::string_view name, std::size_t bytes_each) {
    const Handle space(H5Dget_space(dataset.id()), H5Sclose);
    const auto count =
        static_cast<std::uint64_t>(file.check(H5Sget_simple_extent_npoints(space.id()), fmt::format("read {}", name)));
    const Handle properties(H5Dget_create_plist(dataset.id()), H5Pclose);
    if (H5Pget_layout(properties.id()) == H5D_VIRTUAL) return count;
    const std::uint64_t stored_bytes = H5Dget_storage_size(dataset.id());
    if (count / kMostPacked > (stored_bytes + kMostUnstoredBytes) / std::max<std::size_t>(bytes_each, 1))
        throw IoError(fmt::format("{}: {} claims {} elements of {} bytes, but {} bytes are stored", file.path(), name,
                                  count, bytes_each, stored_bytes));
    return count;
}

}  // namespace

File File::create(const std::string& path, const std::string& shown_path) {
    silence();
    check_access(path, O_WRONLY | O_CREAT, shown_path, "be written");
    // Made anew by the library, not emptied: of a file that was emptied, ext4 sends everything to the disk when it is
    // closed, which takes as long as half a plain merge.
    (void)::unlink(path.c_str());
    errno = 0;
    Handle handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, file_access().id()), H5Fclose);
    File file(shown_path, std::move(handle));
    if (!file.handle_.is_open()) file.fail("be written");
    return file;
}

File File::open(const std::string& path) {
    silence();
    check_access(path, O_RDONLY, path, "be opened");
    Handle handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access().id()), H5Fclose);
    if (!handle.is_open())
        throw IoError(fmt::format("{}: {}", path,
                                  H5Fis_hdf5(path.c_str()) > 0 ? "is cut short or damaged" : "is not an HDF5 file"));
    return {path, std::move(handle)};
}

void File::close() {
    errno = 0;
    if (!handle_.close()) fail("be written");
}

void File::fail(std::string_view action) const {
    // HDF5 leaves the failed system call's error in place; none means that the file's own structure does not hold.
    throw IoError(fmt::format("{}: cannot {}: {}", path_, action,
                              errno != 0 ? reason_of(errno) : std::string("the file is damaged")));
}

bool File::has(const std::string& object) const {
    return H5Lexists(id(), object.c_str(), H5P_DEFAULT) > 0;
}

Handle File::make_group(const std::string& name) {
    errno = 0;
    const Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties.id(), false);
    H5Pset_link_creation_order(properties.id(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    return {check(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), "write " + name),
            H5Gclose};
}

Handle File::open_dataset(const std::string& name, hid_t access) const {
    if (!has(name)) throw IoError(fmt::format("{}: has no {}", path_, name));
    errno = 0;
    return {check(H5Dopen2(id(), name.c_str(), access), "read " + name), H5Dclose};
}

void File::write_text(const std::string& object, const std::string& name, std::string_view text) {
    errno = 0;
    const Handle type = text_type(*this, text.size() + 1);
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle attribute(H5Acreate_by_name(id(), object.c_str(), name.c_str(), type.id(), space.id(), H5P_DEFAULT,
                                             H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    check(attribute.id(), "write " + name);
    check(H5Awrite(attribute.id(), type.id(), std::string(text).c_str()), "write " + name);
}

void File::write_number(const std::string& object, const std::string& name, std::int64_t value) {
    errno = 0;
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle attribute(H5Acreate_by_name(id(), object.c_str(), name.c_str(), H5T_STD_I64LE, space.id(), H5P_DEFAULT,
                                             H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    check(attribute.id(), "write " + name);
    check(H5Awrite(attribute.id(), H5T_NATIVE_INT64, &value), "write " + name);
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
    return H5Aexists_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::string File::read_text(const std::string& object, const std::string& name) const {
    errno = 0;
    const Handle attribute(H5Aopen_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    check(attribute.id(), "read " + name);
    check_single(*this, attribute, name);
    const Handle type(H5Aget_type(attribute.id()), H5Tclose);
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) > 0) fail("read " + name);
    std::string text(H5Tget_size(type.id()), '\0');
    check(H5Aread(attribute.id(), type.id(), text.data()), "read " + name);
    text.resize(std::min(text.find('\0'), text.size()));
    return text;
}

std::int64_t File::read_number(const std::string& object, const std::string& name) const {
    errno = 0;
    const Handle attribute(H5Aopen_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    check(attribute.id(), "read " + name);
    check_single(*this, attribute, name);
    std::int64_t value = 0;
    check(H5Aread(attribute.id(), H5T_NATIVE_INT64, &value), "read " + name);
    return value;
}

void File::write_numbers(const std::string& name, const std::vector<hsize_t>& extent,
                         std::span<const std::int64_t> values) {
    errno = 0;
    const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties.id(), false);
    const Handle dataset(
        H5Dcreate2(id(), name.c_str(), H5T_STD_I64LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Dclose);
    check(dataset.id(), "write " + name);
    check(H5Dwrite(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "write " + name);
}

std::vector<std::int64_t> File::read_numbers(const std::string& name) const {
    const Handle dataset = open_dataset(name);
    std::vector<std::int64_t> values(
        static_cast<std::size_t>(stored_elements(*this, dataset, name, sizeof(std::int64_t))));
    check(H5Dread(dataset.id(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "read " + name);
    return values;
}

void File::write_texts(const std::string& name, const std::vector<std::string>& texts, bool is_scalar) {
    errno = 0;
    std::size_t longest = 1;
    for (const std::string& text : texts)
        longest = std::max(longest, text.size());
    std::string padded;
    for (const std::string& text : texts)
        padded += text + std::string(longest - text.size(), '\0');
    const Handle type = text_type(*this, longest);
    H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
    const hsize_t count = texts.size();
    const Handle space(is_scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr), H5Sclose);
    const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties.id(), false);
    const Handle dataset(
        H5Dcreate2(id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT), H5Dclose);
    check(dataset.id(), "write " + name);
    check(H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()), "write " + name);
}

std::vector<std::string> File::read_texts(const std::string& name) const {
    const Handle dataset = open_dataset(name);
    const Handle type(H5Dget_type(dataset.id()), H5Tclose);
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) > 0) fail("read " + name);
    const std::size_t longest = H5Tget_size(type.id());
    const auto count = static_cast<std::size_t>(stored_elements(*this, dataset, name, longest));
    std::string padded(longest * count, '\0');
    check(H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()), "read " + name);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
        std::string text = padded.substr(i * longest, longest);
        text.resize(std::min(text.find('\0'), text.size()));
        texts.push_back(std::move(text));
    }
    return texts;
}

Handle chunked(const File& file, const std::vector<hsize_t>& chunk, Packing packing) {
    Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties.id(), false);
    file.check(H5Pset_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data()), "be written");
    if (packing == Packing::Compressed) {
        H5Pset_shuffle(properties.id());
        file.check(H5Pset_deflate(properties.id(), 1), "be written");
    }
    return properties;
}

Handle text_type(const File& file, std::size_t bytes) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    file.check(H5Tset_size(type.id(), bytes), "be written");
    H5Tset_cset(type.id(), H5T_CSET_UTF8);
    return type;
}

std::uint64_t row_count(const File& file, const Handle& dataset, std::string_view name, std::size_t row_bytes) {
    const Handle space(H5Dget_space(dataset.id()), H5Sclose);
    if (H5Sget_simple_extent_ndims(space.id()) != 1)
        throw IoError(fmt::format("{}: {} has {} dimensions; a table has one", file.path(), name,
                                  H5Sget_simple_extent_ndims(space.id())));
    return stored_elements(file, dataset, name, row_bytes);
}

}  // namespace regatta::results::h5
