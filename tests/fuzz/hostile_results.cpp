#include "hostile_results.hpp"

#include <hdf5.h>

#include <cstring>
#include <string>
#include <vector>

#include "hostile.hpp"
#include "results/file_layout.hpp"
#include "results/file_sums.hpp"
#include "results/table_io.hpp"

namespace regatta::fuzz {
namespace {

using results::Table;
using results::h5::Handle;

/// Names of everything in the file, as HDF5 visits it.
std::vector<std::string> names_in(hid_t file) {
    std::vector<std::string> names;
    const auto add = [](hid_t /*object*/, const char* name, const H5O_info_t* /*info*/, void* all) -> herr_t {
        static_cast<std::vector<std::string>*>(all)->emplace_back(std::string(name) == "." ? "/"
                                                                                           : "/" + std::string(name));
        return 0;
    };
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, add, &names, H5O_INFO_BASIC);
    return names;
}

std::vector<std::string> attributes_of(hid_t file, const std::string& object) {
    std::vector<std::string> names;
    const auto add = [](hid_t /*object*/, const char* name, const H5A_info_t* /*info*/, void* all) -> herr_t {
        // What the table convention wants, nobody reads.
        if (!std::string_view(name).starts_with("FIELD_"))
            static_cast<std::vector<std::string>*>(all)->emplace_back(name);
        return 0;
    };
    hsize_t at = 0;
    H5Aiterate_by_name(file, object.c_str(), H5_INDEX_NAME, H5_ITER_INC, &at, add, &names, H5P_DEFAULT);
    return names;
}

/// One 64-bit word somewhere in one row of a table.
void change_cell(const Handle& dataset, ByteSource& bytes) {
    const Handle type(H5Dget_type(dataset.id()), H5Tclose);
    const Handle space(H5Dget_space(dataset.id()), H5Sclose);
    const hssize_t rows = H5Sget_simple_extent_npoints(space.id());
    const std::size_t row_bytes = H5Tget_size(type.id());
    if (rows <= 0 || rows > 100'000 || H5Sget_simple_extent_ndims(space.id()) != 1) return;
    std::vector<char> all(static_cast<std::size_t>(rows) * row_bytes);
    if (H5Dread(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) < 0) return;
    for (std::size_t changes = 1 + bytes.below(4); changes > 0; --changes) {
        const std::size_t row = bytes.below(static_cast<std::size_t>(rows));
        std::size_t at = 0;
        std::size_t width = row_bytes;
        if (H5Tget_class(type.id()) == H5T_COMPOUND) {
            const auto member =
                static_cast<unsigned>(bytes.below(static_cast<std::size_t>(H5Tget_nmembers(type.id()))));
            at = H5Tget_member_offset(type.id(), member);
            const Handle of_member(H5Tget_member_type(type.id(), member), H5Tclose);
            width = H5Tget_size(of_member.id());
        }
        const std::int64_t number = bytes.hostile_number();
        std::memcpy(&all[row * row_bytes + at], &number, std::min(width, sizeof number));
    }
    H5Dwrite(dataset.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data());
}

/// A number of elements or rows that need not be stored.
hsize_t hostile_length(ByteSource& bytes) {
    constexpr hsize_t kLengths[] = {
        0, 1, 2, 3, 7, 5000, 1U << 20U, hsize_t{1} << 33U, hsize_t{1} << 45U, hsize_t{1} << 60U};
    return kLengths[bytes.below(std::size(kLengths))];
}

Handle hostile_type(ByteSource& bytes) {
    Handle text(H5Tcopy(H5T_C_S1), H5Tclose);
    switch (bytes.below(7)) {
        case 0:
            return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
        case 1:
            return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
        case 2:
            return {H5Tcopy(H5T_NATIVE_UINT8), H5Tclose};
        case 3:
            H5Tset_size(text.id(), H5T_VARIABLE);
            return text;
        case 4: {
            Handle pair(H5Tcreate(H5T_COMPOUND, 16), H5Tclose);
            H5Tinsert(pair.id(), "pool", 0, H5T_NATIVE_INT64);
            H5Tinsert(pair.id(), "count", 8, H5T_NATIVE_DOUBLE);
            return pair;
        }
        case 5:
            H5Tset_size(text.id(), 60'000);
            return text;
        default:
            H5Tset_size(text.id(), 3);
            return text;
    }
}

Handle hostile_space(ByteSource& bytes) {
    switch (bytes.below(4)) {
        case 0:
            return {H5Screate(H5S_SCALAR), H5Sclose};
        case 1:
            return {H5Screate(H5S_NULL), H5Sclose};
        case 2: {
            const hsize_t extent[] = {hostile_length(bytes), hostile_length(bytes)};
            return {H5Screate_simple(2, extent, nullptr), H5Sclose};
        }
        default: {
            const hsize_t extent = hostile_length(bytes);
            return {H5Screate_simple(1, &extent, nullptr), H5Sclose};
        }
    }
}

void change_object(hid_t file, const std::string& name, ByteSource& bytes) {
    Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
    const std::size_t what = bytes.below(8);
    if (what == 7) {
        H5Ldelete(file, name.c_str(), H5P_DEFAULT);
    } else if (what == 6) {
        dataset.close();
        H5Ldelete(file, name.c_str(), H5P_DEFAULT);
        const Handle type = hostile_type(bytes);
        const Handle space = hostile_space(bytes);
        const Handle made(H5Dcreate2(file, name.c_str(), type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                          H5Dclose);
    } else if (dataset.is_open() && what == 5) {
        const hsize_t extent = hostile_length(bytes);
        H5Dset_extent(dataset.id(), &extent);
    } else if (dataset.is_open()) {
        change_cell(dataset, bytes);
    }
}

void change_attribute(hid_t file, const std::string& object, const std::string& name, ByteSource& bytes) {
    const std::size_t what = bytes.below(6);
    H5Adelete_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT);
    if (what == 5) return;
    const bool is_number = what < 4;
    const Handle type = is_number ? Handle(H5Tcopy(H5T_NATIVE_INT64), H5Tclose) : hostile_type(bytes);
    const Handle space = is_number ? Handle(H5Screate(H5S_SCALAR), H5Sclose) : hostile_space(bytes);
    if (H5Sget_simple_extent_npoints(space.id()) > 5000) return;
    const Handle attribute(H5Acreate_by_name(file, object.c_str(), name.c_str(), type.id(), space.id(), H5P_DEFAULT,
                                             H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    if (!is_number || !attribute.is_open()) return;
    const std::int64_t number = bytes.hostile_number();
    H5Awrite(attribute.id(), H5T_NATIVE_INT64, &number);
}

/// Told only what of the rows goes into the digest.
void add_rows(Digest& digest, const results::h5::File& file, const Table& table) {
    if (!file.has(std::string(table.path))) return;
    const results::h5::TableReader reader(file, table);
    if (reader.rows() > 100'000) return;
    std::vector<std::byte> row(table.row_bytes);
    for (std::uint64_t i = 0; i < reader.rows(); ++i) {
        std::fill(row.begin(), row.end(), std::byte{0});
        reader.read(i, 1, row.data());
        table.add_to(digest, row.data());
    }
}

}  // namespace

void make_hostile(const std::string& path, ByteSource& bytes) {
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose);
    for (int changes = 0; changes < 4 && !bytes.is_empty(); ++changes) {
        const std::vector<std::string> names = names_in(file.id());
        const std::string& name = names[bytes.below(names.size())];
        const std::vector<std::string> attributes = attributes_of(file.id(), name);
        // The file itself, and what has attributes of its own, mostly there.
        const bool takes_attribute = !attributes.empty() && (name == "/" || bytes.below(4) == 0);
        if (takes_attribute)
            change_attribute(file.id(), name, attributes[bytes.below(attributes.size())], bytes);
        else if (name != "/")
            change_object(file.id(), name, bytes);
    }
}

void repair_digest(const std::string& path) {
    read_or_refuse([&] {
        Digest digest;
        {
            const results::h5::File file = results::h5::File::open(path);
            for (const Table* table : {&results::requests_table(), &results::events_table(), &results::steps_table(),
                                       &results::node_series_table(), &results::replicas_table()})
                add_rows(digest, file, *table);
        }
        const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose);
        const std::string text = digest.to_hex();
        const Handle attribute(H5Aopen_by_name(file.id(), "/", "digest", H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
        if (!attribute.is_open()) return;
        const Handle type(H5Aget_type(attribute.id()), H5Tclose);
        if (H5Tget_size(type.id()) >= text.size() + 1 && H5Tget_class(type.id()) == H5T_STRING)
            H5Awrite(attribute.id(), type.id(), text.c_str());
    });
}

}  // namespace regatta::fuzz
