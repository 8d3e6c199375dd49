#include "results/virtual_table.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/file_layout.hpp"
#include "results/table_io.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPaths = "/run/row_files";
constexpr const char* kRunIds = "/run/row_file_run_ids";
constexpr const char* kDigests = "/run/row_file_digests";

/// HDF5 takes "%b" in the name of a source for a number of its own, and "%%" for the sign.
std::string escaped(const std::string& path) {
    std::string result;
    for (const char letter : path)
        result += letter == '%' ? std::string("%%") : std::string(1, letter);
    return result;
}

/// Maps the rows of one rank file, after those that were mapped before it.
void map_rows(const h5::File& output, const h5::Handle& properties, const std::string& table, const std::string& shown,
              hsize_t first, hsize_t rows, hsize_t all) {
    const h5::Handle target(H5Screate_simple(1, &all, nullptr), H5Sclose);
    const h5::Handle source(H5Screate_simple(1, &rows, nullptr), H5Sclose);
    const std::string action = "write " + table;
    output.check(H5Sselect_hyperslab(target.id(), H5S_SELECT_SET, &first, nullptr, &rows, nullptr), action);
    output.check(H5Pset_virtual(properties.id(), target.id(), escaped(shown).c_str(), table.c_str(), source.id()),
                 action);
}

}  // namespace

std::string path_from(const std::string& directory, const std::string& path) {
    std::error_code error;
    const fs::path base = fs::absolute(directory.empty() ? fs::path(".") : fs::path(directory), error);
    fs::path relative = fs::relative(path, base, error);
    return (error || relative.empty() ? fs::absolute(path) : relative).string();
}

void write_virtual_table(h5::File& output, const Table& table, const std::vector<std::string>& paths,
                         const std::vector<std::string>& shown) {
    const std::string name(table.path);
    std::vector<hsize_t> rows(paths.size(), 0);
    hsize_t all = 0;
    h5::Handle type;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const h5::File file = h5::File::open(paths[i]);
        if (!file.has(name)) continue;
        const h5::TableReader reader(file, table);  // checks the columns
        rows[i] = reader.rows();
        all += rows[i];
        if (!type.is_open()) type = h5::row_type(output, table);
    }
    if (!type.is_open()) return;
    if (all == 0) {
        h5::TableAppender(output, table, h5::Packing::Plain).close();
        return;
    }
    errno = 0;
    const h5::Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(properties.id(), false);
    hsize_t first = 0;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (rows[i] > 0) map_rows(output, properties, name, shown[i], first, rows[i], all);
        first += rows[i];
    }
    const h5::Handle space(H5Screate_simple(1, &all, nullptr), H5Sclose);
    const h5::Handle dataset(
        H5Dcreate2(output.id(), name.c_str(), type.id(), space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
        H5Dclose);
    output.check(dataset.id(), "write " + name);
    h5::describe(output, table);
}

void write_row_files(h5::File& output, const std::vector<RowFile>& files) {
    std::vector<std::string> paths;
    std::vector<std::string> run_ids;
    std::vector<std::string> digests;
    for (const RowFile& file : files) {
        paths.push_back(file.path);
        run_ids.push_back(file.run_id);
        digests.push_back(file.digest);
    }
    output.write_texts(kPaths, paths);
    output.write_texts(kRunIds, run_ids);
    output.write_texts(kDigests, digests);
    output.write_text("/", "row_order",
                      "by rank, then as each table says: rows of large tables are views of the rank files named in "
                      "/run/row_files, which must stay where they are relative to this file");
}

std::vector<std::string> find_row_files(const h5::File& file) {
    std::vector<std::string> found;
    if (!file.has("/run") || !file.has(kPaths)) return found;
    const std::vector<std::string> paths = file.read_texts(kPaths);
    const std::vector<std::string> run_ids = file.read_texts(kRunIds);
    const std::vector<std::string> digests = file.read_texts(kDigests);
    if (run_ids.size() != paths.size() || digests.size() != paths.size())
        throw IoError(fmt::format("{}: {} has columns of different length", file.path(), kPaths));
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::string path = (fs::path(file.path()).parent_path() / paths[i]).string();
        std::error_code error;
        if (!fs::exists(path, error))
            throw IoError(
                fmt::format("{}: is missing; {} shows its rows, for it was merged with --virtual", path, file.path()));
        const h5::File source = h5::File::open(path);
        if (layout::read_identity(source).run_id != run_ids[i] || layout::read_digest(source).to_hex() != digests[i])
            throw IoError(fmt::format("{}: is not the file that {} was merged from", path, file.path()));
        found.push_back(path);
    }
    return found;
}

}  // namespace regatta::results
