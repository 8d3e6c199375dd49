#pragma once

#include <mpi.h>

#include <array>
#include <cstddef>
#include <vector>

#include "regatta/engine/transport.hpp"

namespace regatta::transport {

/// Throws IoError that names the call when an MPI call did not succeed.
void check_mpi(int result, const char* call);

/// Ranks over MPI, on a communicator of its own.
///
/// `exchange` sends each message in at most two parts: the first, of fixed capacity, carries the length and as much as
/// fits (an empty window is one small message per pair); the second, for what is longer, the rest.
class MpiTransport final : public engine::Transport {
public:
    explicit MpiTransport(MPI_Comm parent);
    ~MpiTransport() override;
    MpiTransport(const MpiTransport&) = delete;
    MpiTransport& operator=(const MpiTransport&) = delete;

    [[nodiscard]] std::uint32_t rank() const override { return rank_; }
    [[nodiscard]] std::uint32_t ranks() const override { return ranks_; }
    void exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) override;
    void broadcast(engine::Buffer& bytes) override;
    [[nodiscard]] std::vector<engine::Buffer> gather(const engine::Buffer& bytes) override;
    [[nodiscard]] std::int64_t largest(std::int64_t value) override;
    /// Frees the communicator; before MPI_Finalize.
    void close();

private:
    /// Below the 4 KiB up to which Open MPI sends through shared memory at once.
    static constexpr std::size_t kFirstBytes = 4000;
    static constexpr std::size_t kFirstPayload = kFirstBytes - sizeof(std::uint64_t);
    using FirstPart = std::array<char, kFirstBytes>;

    void wait_for_all();

    MPI_Comm communicator_ = MPI_COMM_NULL;
    std::uint32_t rank_ = 0;
    std::uint32_t ranks_ = 1;
    std::vector<FirstPart> first_out_;
    std::vector<FirstPart> first_in_;
    std::vector<MPI_Request> requests_;
};

}  // namespace regatta::transport
