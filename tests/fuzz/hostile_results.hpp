#pragma once

#include <string>

#include "byte_source.hpp"

namespace regatta::fuzz {

/// Changes a rank file or merged file as the bytes say: cells of tables, numbers, attributes; lengths, types and ranks
/// of datasets; objects that are not there any more. It stays a file that HDF5 opens.
void make_hostile(const std::string& path, ByteSource& bytes);

/// Puts the digest of a rank file's rows where it belongs, so that readers get past it. Does nothing where the rows
/// cannot be read.
void repair_digest(const std::string& path);

}  // namespace regatta::fuzz
