#pragma once

#include <string>

namespace regatta::workload {

/// The text as gzip and zstd write it.
[[nodiscard]] std::string gzipped(const std::string& text);
[[nodiscard]] std::string zstandard(const std::string& text);

}  // namespace regatta::workload
