#include "app/huge_pages.hpp"

#include <unistd.h>

#include <cstdlib>

namespace regatta::app {

void restart_with_huge_pages(char** argv) {
    constexpr const char* kTunables = "GLIBC_TUNABLES";
    if (std::getenv(kTunables) != nullptr) return;
    if (setenv(kTunables, "glibc.malloc.hugetlb=1", 1) != 0) return;
    // Comes back only if it fails; then everything is as it was, and a little slower.
    execv("/proc/self/exe", argv);
}

}  // namespace regatta::app
