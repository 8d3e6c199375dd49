#include "transport/mpi_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "regatta/base/errors.hpp"

namespace regatta::transport {

namespace {

constexpr int kFirstTag = 1;
constexpr int kRestTag = 2;
/// Longer messages go in pieces: MPI counts in int.
constexpr std::size_t kLargestPiece = std::size_t{1} << 30;

}  // namespace

void check_mpi(int result, const char* call) {
    if (result == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(result, text, &length);
    throw IoError(fmt::format("{}: {}", call, text));
}

MpiTransport::MpiTransport(MPI_Comm parent) {
    check_mpi(MPI_Comm_dup(parent, &communicator_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    int rank = 0;
    int ranks = 1;
    check_mpi(MPI_Comm_rank(communicator_, &rank), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(communicator_, &ranks), "MPI_Comm_size");
    rank_ = static_cast<std::uint32_t>(rank);
    ranks_ = static_cast<std::uint32_t>(ranks);
    first_out_.resize(ranks_);
    first_in_.resize(ranks_);
}

MpiTransport::~MpiTransport() = default;

void MpiTransport::close() {
    check_mpi(MPI_Comm_free(&communicator_), "MPI_Comm_free");
}

void MpiTransport::wait_for_all() {
    if (requests_.empty()) return;
    check_mpi(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    requests_.clear();
}

void MpiTransport::exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) {
    const auto pieces = [&](std::size_t bytes, auto&& transfer) {
        for (std::size_t done = 0; done < bytes; done += kLargestPiece)
            transfer(done, static_cast<int>(std::min(kLargestPiece, bytes - done)), &requests_.emplace_back());
    };
    for (std::uint32_t other = 0; other < ranks_; ++other) {
        if (other == rank_) continue;
        check_mpi(MPI_Irecv(first_in_[other].data(), kFirstBytes, MPI_BYTE, static_cast<int>(other), kFirstTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Irecv");
    }
    // The rest of long messages is awaited on its own, after everyone's first parts.
    const std::size_t receives = requests_.size();
    for (std::uint32_t other = 0; other < ranks_; ++other) {
        if (other == rank_) continue;
        const engine::Buffer& message = outgoing[other];
        const std::uint64_t length = message.size();
        const std::size_t in_first = std::min(message.size(), kFirstPayload);
        std::memcpy(first_out_[other].data(), &length, sizeof length);
        if (in_first > 0) std::memcpy(first_out_[other].data() + sizeof length, message.data(), in_first);
        check_mpi(MPI_Isend(first_out_[other].data(), static_cast<int>(sizeof length + in_first), MPI_BYTE,
                            static_cast<int>(other), kFirstTag, communicator_, &requests_.emplace_back()),
                  "MPI_Isend");
        pieces(message.size() - in_first, [&](std::size_t done, int count, MPI_Request* request) {
            check_mpi(MPI_Isend(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(other), kRestTag,
                                communicator_, request),
                      "MPI_Isend");
        });
    }
    check_mpi(MPI_Waitall(static_cast<int>(receives), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    requests_.erase(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(receives));
    for (std::uint32_t other = 0; other < ranks_; ++other) {
        if (other == rank_) continue;
        std::uint64_t length = 0;
        std::memcpy(&length, first_in_[other].data(), sizeof length);
        engine::Buffer& message = incoming[other];
        message.resize(length);
        const std::size_t in_first = std::min<std::size_t>(length, kFirstPayload);
        if (in_first > 0) std::memcpy(message.data(), first_in_[other].data() + sizeof length, in_first);
        pieces(message.size() - in_first, [&](std::size_t done, int count, MPI_Request* request) {
            check_mpi(MPI_Irecv(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(other), kRestTag,
                                communicator_, request),
                      "MPI_Irecv");
        });
    }
    wait_for_all();
}

void MpiTransport::broadcast(engine::Buffer& bytes) {
    std::uint64_t length = bytes.size();
    check_mpi(MPI_Bcast(&length, 1, MPI_UINT64_T, 0, communicator_), "MPI_Bcast");
    bytes.resize(length);
    for (std::size_t done = 0; done < length; done += kLargestPiece)
        check_mpi(MPI_Bcast(bytes.data() + done, static_cast<int>(std::min<std::size_t>(kLargestPiece, length - done)),
                            MPI_BYTE, 0, communicator_),
                  "MPI_Bcast");
}

std::vector<engine::Buffer> MpiTransport::gather(const engine::Buffer& bytes) {
    // One to rank 0 each, through the exchange, which knows no limit of size.
    std::vector<engine::Buffer> outgoing(ranks_);
    std::vector<engine::Buffer> incoming(ranks_);
    if (rank_ != 0) outgoing[0] = bytes;
    exchange(outgoing, incoming);
    if (rank_ != 0) return {};
    incoming[0] = bytes;
    return incoming;
}

std::int64_t MpiTransport::largest(std::int64_t value) {
    std::int64_t result = 0;
    check_mpi(MPI_Allreduce(&value, &result, 1, MPI_INT64_T, MPI_MAX, communicator_), "MPI_Allreduce");
    return result;
}

}  // namespace regatta::transport
