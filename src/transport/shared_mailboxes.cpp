#include "transport/shared_mailboxes.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>

#include "transport/mpi_transport.hpp"

namespace regatta::transport {

namespace {

constexpr std::size_t kLine = 64;  // bytes
/// The number of the message that is in a box, before its bytes: a short one is in the same line.
constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);
/// Of the boxes of a rank, where many share a machine.
constexpr std::size_t kMostBytes = std::size_t{2} << 20;

std::atomic_ref<std::uint64_t> number_in(char* box) {
    return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(box));
}

/// Tells the processor that a loop waits.
void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace

SharedMailboxes::SharedMailboxes(MPI_Comm communicator, std::size_t capacity) {
    int own = 0;
    int ranks = 0;
    check_mpi(MPI_Comm_rank(communicator, &own), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(communicator, &ranks), "MPI_Comm_size");
    peers_.resize(static_cast<std::size_t>(ranks));
    check_mpi(MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, own, MPI_INFO_NULL, &machine_),
              "MPI_Comm_split_type");
    int own_place = 0;
    int neighbours = 0;
    check_mpi(MPI_Comm_rank(machine_, &own_place), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(machine_, &neighbours), "MPI_Comm_size");
    if (neighbours == 1) return;

    const std::size_t boxes = 2 * static_cast<std::size_t>(neighbours);
    const std::size_t box_bytes = std::min(kNumberBytes + capacity, kMostBytes / boxes) / kLine * kLine;
    capacity_ = box_bytes - kNumberBytes;
    // Each rank's own begins at a page, where it is used first: near the processor that reads it.
    MPI_Info apart = MPI_INFO_NULL;
    check_mpi(MPI_Info_create(&apart), "MPI_Info_create");
    check_mpi(MPI_Info_set(apart, "alloc_shared_noncontig", "true"), "MPI_Info_set");
    void* memory = nullptr;
    check_mpi(MPI_Win_allocate_shared(static_cast<MPI_Aint>(boxes * box_bytes + kLine), 1, apart, machine_, &memory,
                                      &window_),
              "MPI_Win_allocate_shared");
    check_mpi(MPI_Info_free(&apart), "MPI_Info_free");
    std::memset(memory, 0, boxes * box_bytes + kLine);
    check_mpi(MPI_Barrier(machine_), "MPI_Barrier");

    std::vector<int> places(static_cast<std::size_t>(neighbours));
    std::iota(places.begin(), places.end(), 0);
    std::vector<int> rank_at(places.size());
    MPI_Group all = MPI_GROUP_NULL;
    MPI_Group here = MPI_GROUP_NULL;
    check_mpi(MPI_Comm_group(communicator, &all), "MPI_Comm_group");
    check_mpi(MPI_Comm_group(machine_, &here), "MPI_Comm_group");
    check_mpi(MPI_Group_translate_ranks(here, neighbours, places.data(), all, rank_at.data()),
              "MPI_Group_translate_ranks");
    check_mpi(MPI_Group_free(&here), "MPI_Group_free");
    check_mpi(MPI_Group_free(&all), "MPI_Group_free");
    const auto box = [box_bytes](char* of_rank, int from, std::size_t which) {
        return of_rank + (2 * static_cast<std::size_t>(from) + which) * box_bytes;
    };
    for (const int place : places) {
        if (place == own_place) continue;
        Peer& peer = peers_[static_cast<std::size_t>(rank_at[static_cast<std::size_t>(place)])];
        for (std::size_t which = 0; which < 2; ++which) {
            peer.out[which] = box(memory_of(place), own_place, which);
            peer.in[which] = box(memory_of(own_place), place, which);
        }
    }
}

char* SharedMailboxes::memory_of(int neighbour) const {
    MPI_Aint bytes = 0;
    int unit = 0;
    void* memory = nullptr;
    check_mpi(MPI_Win_shared_query(window_, neighbour, &bytes, &unit, static_cast<void*>(&memory)),
              "MPI_Win_shared_query");
    // Where it lies within a page is the same for all who share it.
    const auto start = reinterpret_cast<std::uintptr_t>(memory);
    return static_cast<char*>(memory) + ((start + kLine - 1) / kLine * kLine - start);
}

char* SharedMailboxes::next(std::uint32_t to) {
    const Peer& peer = peers_[to];
    return peer.out[(peer.sent + 1) % 2] + kNumberBytes;
}

void SharedMailboxes::post(std::uint32_t to) {
    Peer& peer = peers_[to];
    ++peer.sent;
    number_in(peer.out[peer.sent % 2]).store(peer.sent, std::memory_order_release);
}

const char* SharedMailboxes::take(std::uint32_t from) {
    // About a microsecond. Then MPI may have parts of long messages to hand on, and knows whether a core is to be left
    // to another rank meanwhile.
    constexpr std::uint32_t kLooks = 20;
    Peer& peer = peers_[from];
    ++peer.taken;
    char* const box = peer.in[peer.taken % 2];
    for (std::uint32_t looks = 1; number_in(box).load(std::memory_order_acquire) != peer.taken; ++looks) {
        if (looks % kLooks == 0)
            let_mpi_work();
        else
            pause();
    }
    return box + kNumberBytes;
}

void SharedMailboxes::let_mpi_work() {
    int has_come = 0;
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, machine_, &has_come, MPI_STATUS_IGNORE), "MPI_Iprobe");
}

void SharedMailboxes::close() {
    if (window_ != MPI_WIN_NULL) check_mpi(MPI_Win_free(&window_), "MPI_Win_free");
    check_mpi(MPI_Comm_free(&machine_), "MPI_Comm_free");
}

}  // namespace regatta::transport
