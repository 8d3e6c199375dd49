#include "app/version.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/version.hpp>
#include <string_view>
#include <vector>

namespace regatta::app {
namespace {

std::string listed(const std::vector<std::string_view>& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// As the compiler sees it in this file, which is compiled like all others.
std::string assertions() {
    std::vector<std::string_view> names;
#ifdef _GLIBCXX_ASSERTIONS
    names.emplace_back("standard library");
#endif
#ifdef REGATTA_DEBUG_CHECKS
    names.emplace_back("step loop");
#endif
    return listed(names);
}

/// Likewise. How programs are linked no compiler sees.
std::string hardening() {
    std::vector<std::string_view> names;
#ifdef _FORTIFY_SOURCE
    const std::string fortify = fmt::format("_FORTIFY_SOURCE={}", _FORTIFY_SOURCE);
    if (_FORTIFY_SOURCE > 0) names.emplace_back(fortify);
#endif
#if defined(__SSP_STRONG__) || defined(__SSP_ALL__)
    names.emplace_back("stack protector");
#endif
#ifdef __PIE__
    names.emplace_back("PIE");
#endif
    return listed(names);
}

}  // namespace

std::string version_text() {
    return fmt::format("regatta {} ({}, {})", REGATTA_VERSION, REGATTA_COMMIT, REGATTA_BUILD_TYPE);
}

std::string version_number() {
    return REGATTA_VERSION;
}

std::string version_date() {
    return REGATTA_DATE;
}

std::string version_details(const std::string& mpi, const std::string& hdf5) {
    return fmt::format(
        "{}\n"
        "compiler    {}\n"
        "MPI         {}\n"
        "HDF5        {}\n"
        "Boost       {}.{}.{}\n"
        "build type  {}\n"
        "assertions  {}\n"
        "sanitizers  {}\n"
        "hardening   {}",
        version_text(), REGATTA_COMPILER, mpi, hdf5, BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
        BOOST_VERSION % 100, REGATTA_BUILD_TYPE, assertions(), REGATTA_SANITIZERS, hardening());
}

}  // namespace regatta::app
