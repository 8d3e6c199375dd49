#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <vector>

#include "transport/mailboxes.hpp"

namespace regatta::transport {

/// Between ranks of one machine, in memory that they share: a message is there when its number is. Half the time of
/// MPI's, which have to find who waits for them.
class SharedMailboxes final : public Mailboxes {
public:
    /// Collective. Messages of up to `capacity` bytes, or fewer where many ranks share a machine. Throws IoError.
    SharedMailboxes(MPI_Comm communicator, std::size_t capacity);

    [[nodiscard]] bool joins(std::uint32_t rank) const override { return peers_[rank].out[0] != nullptr; }
    [[nodiscard]] std::size_t capacity() const override { return capacity_; }
    [[nodiscard]] char* next(std::uint32_t to) override;
    void post(std::uint32_t to) override;
    [[nodiscard]] const char* take(std::uint32_t from) override;
    void close() override;

private:
    /// A rank of this machine has two boxes here, and this one two there. One is read while the other is written.
    struct Peer {
        std::array<char*, 2> out = {};
        std::array<char*, 2> in = {};
        std::uint64_t sent = 0;
        std::uint64_t taken = 0;
    };
    [[nodiscard]] char* memory_of(int neighbour) const;
    void let_mpi_work();

    std::size_t capacity_ = 0;
    std::vector<Peer> peers_;  ///< by rank; without boxes for those elsewhere and this one
    MPI_Comm machine_ = MPI_COMM_NULL;
    MPI_Win window_ = MPI_WIN_NULL;
};

}  // namespace regatta::transport
