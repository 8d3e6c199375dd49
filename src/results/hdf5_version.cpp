#include "results/hdf5_version.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include "regatta/base/errors.hpp"

namespace regatta::results {

std::string hdf5_version() {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    REGATTA_CHECK(H5get_libversion(&major, &minor, &release) >= 0, "HDF5 does not tell its version");
    return fmt::format("{}.{}.{} (headers), {}.{}.{} (library)", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, major,
                       minor, release);
}

}  // namespace regatta::results
