# Every third-party package, found once. What each is for and what it would take to replace it: docs/dependencies.md.
# Nothing is downloaded; tools/install-deps says how to get what is missing.

find_package(MPI REQUIRED COMPONENTS C)
# The C interface only: the C++ bindings, which MPI 3 removed, would want a library of their own.
set_property(TARGET MPI::MPI_C APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
find_package(HDF5 REQUIRED COMPONENTS C HL)  # serial, and never the CXX component: it drags in the parallel build
find_package(Boost 1.74 REQUIRED COMPONENTS serialization iostreams)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(benchmark QUIET)  # only tools/bench micro needs it

# Header-only packages without a CMake config in Debian, libcsv, libdeflate and cairo.
find_path(REGATTA_RANDOM123_INCLUDE Random123/philox.h REQUIRED)
find_path(REGATTA_XXHASH_INCLUDE xxhash.h REQUIRED)
find_path(REGATTA_CSV_INCLUDE csv.h REQUIRED)
find_library(REGATTA_CSV_LIBRARY csv REQUIRED)
find_path(REGATTA_DEFLATE_INCLUDE libdeflate.h REQUIRED)
find_library(REGATTA_DEFLATE_LIBRARY deflate REQUIRED)
find_path(REGATTA_PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)
find_path(REGATTA_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)
find_path(REGATTA_CAIRO_INCLUDE cairo-svg.h PATH_SUFFIXES cairo REQUIRED)
find_library(REGATTA_CAIRO_LIBRARY cairo REQUIRED)

add_library(regatta_random123 INTERFACE)
target_include_directories(regatta_random123 SYSTEM INTERFACE "${REGATTA_RANDOM123_INCLUDE}")
add_library(regatta_xxhash INTERFACE)
target_include_directories(regatta_xxhash SYSTEM INTERFACE "${REGATTA_XXHASH_INCLUDE}")
add_library(regatta_csv INTERFACE)
target_include_directories(regatta_csv SYSTEM INTERFACE "${REGATTA_CSV_INCLUDE}")
target_link_libraries(regatta_csv INTERFACE "${REGATTA_CSV_LIBRARY}")
add_library(regatta_deflate INTERFACE)
target_include_directories(regatta_deflate SYSTEM INTERFACE "${REGATTA_DEFLATE_INCLUDE}")
target_link_libraries(regatta_deflate INTERFACE "${REGATTA_DEFLATE_LIBRARY}")
add_library(regatta_protozero INTERFACE)
target_include_directories(regatta_protozero SYSTEM INTERFACE "${REGATTA_PROTOZERO_INCLUDE}")
add_library(regatta_expected INTERFACE)
target_include_directories(regatta_expected SYSTEM INTERFACE "${REGATTA_EXPECTED_INCLUDE}")
add_library(regatta_cairo INTERFACE)
target_include_directories(regatta_cairo SYSTEM INTERFACE "${REGATTA_CAIRO_INCLUDE}")
target_link_libraries(regatta_cairo INTERFACE "${REGATTA_CAIRO_LIBRARY}")
add_library(regatta_hdf5 INTERFACE)
target_include_directories(regatta_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_compile_definitions(regatta_hdf5 INTERFACE ${HDF5_DEFINITIONS})
target_link_libraries(regatta_hdf5 INTERFACE ${HDF5_C_HL_LIBRARIES} ${HDF5_C_LIBRARIES})
