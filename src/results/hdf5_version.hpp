#pragma once

#include <string>

namespace regatta::results {

/// "1.10.8 (headers), 1.10.8 (library)": what was compiled against, and what is loaded.
[[nodiscard]] std::string hdf5_version();

}  // namespace regatta::results
