#pragma once

#include <string>

namespace regatta::app {

/// "regatta 0.1.0 (a1b2c3d, Release)". Files that a run leaves carry it.
[[nodiscard]] std::string version_text();

/// "0.1.0".
[[nodiscard]] std::string version_number();

/// Of the commit that was built, "2026-11-23"; empty outside a repository.
[[nodiscard]] std::string version_date();

/// What --version prints: version_text() and, line by line, what the program was built with. `mpi` and `hdf5` are what
/// the rooms that know these libraries say of them.
[[nodiscard]] std::string version_details(const std::string& mpi, const std::string& hdf5);

}  // namespace regatta::app
