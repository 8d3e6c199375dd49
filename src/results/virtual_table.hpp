#pragma once

#include <string>
#include <vector>

#include "results/hdf5.hpp"
#include "results/tables.hpp"

/// Large tables of a merged file that are only views of the rank files' (HDF5 virtual datasets).
namespace regatta::results {

/// A rank file that a merged file shows rows of. HDF5 itself reads zeros where such a file is missing, and never
/// notices when it is another one: so the merged file says which ones it means, and our readers look.
struct RowFile {
    std::string path;    ///< as the merged file names it: relative to its own directory
    std::string run_id;  ///< of the rank file
    std::string digest;  ///< of the rank file's rows, in hexadecimal
};

/// What `directory` calls the file at `path`: relative, so that both can be moved together.
[[nodiscard]] std::string path_from(const std::string& directory, const std::string& path);

/// Shows the rows of `table` of all rank files, file after file; makes nothing where no file has the table. `paths`:
/// where they are now; `shown`: what the merged file calls them.
void write_virtual_table(h5::File& output, const Table& table, const std::vector<std::string>& paths,
                         const std::vector<std::string>& shown);

/// Kept under /run, with what it means for the order of rows as an attribute of the file.
void write_row_files(h5::File& output, const std::vector<RowFile>& files);
/// Where the rows of the merged file `file` are: paths of rank files, or nothing when they are in the file itself.
/// Throws IoError that names a rank file that is missing or not the one that was merged.
[[nodiscard]] std::vector<std::string> find_row_files(const h5::File& file);

}  // namespace regatta::results
