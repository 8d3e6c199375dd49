#pragma once

namespace regatta::app {

/// Starts this program anew with an allocator that asks for huge pages (glibc's tunable glibc.malloc.hugetlb, which is
/// read before main and at no other time): a fleet's state is touched all over, and with pages of 4 KiB a large one
/// spends up to a fifth of its time on looking up addresses. Returns where that was done already, where whoever runs it
/// has set GLIBC_TUNABLES himself, and where it cannot be done. To be called first thing, before MPI starts.
void restart_with_huge_pages(char** argv);

}  // namespace regatta::app
