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
/// Every MPI sends so much at once; Open MPI's least default is 4 KiB, its own headers included.
constexpr std::size_t kLeastEagerBytes = 4096;
constexpr std::size_t kLengthBytes = sizeof(std::uint64_t);
/// For the length and for MPI's headers.
constexpr std::size_t kHeaderBytes = 96 + kLengthBytes;

template <class Transfer>
void for_pieces(std::size_t bytes, Transfer&& transfer) {
    for (std::size_t done = 0; done < bytes; done += kLargestPiece)
        transfer(done, static_cast<int>(std::min(kLargestPiece, bytes - done)));
}

}  // namespace

void check_mpi(int result, const char* call) {
    if (result == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(result, text, &length);
    throw IoError(fmt::format("{}: {}", call, text));
}

MpiTransport::MpiTransport(MPI_Comm parent, std::size_t eager_bytes)
    : first_payload_(std::max(eager_bytes, kLeastEagerBytes) - kHeaderBytes) {
    check_mpi(MPI_Comm_dup(parent, &communicator_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    int rank = 0;
    int ranks = 1;
    check_mpi(MPI_Comm_rank(communicator_, &rank), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(communicator_, &ranks), "MPI_Comm_size");
    rank_ = static_cast<std::uint32_t>(rank);
    ranks_ = static_cast<std::uint32_t>(ranks);
    first_out_.assign(ranks_, engine::Buffer(kLengthBytes + first_payload_));
    first_in_.assign(ranks_, engine::Buffer(kLengthBytes + first_payload_));
    first_receives_.assign(ranks_, MPI_REQUEST_NULL);
    for (std::uint32_t other = 0; other < ranks_; ++other)
        if (other != rank_) post_receive(other);
}

MpiTransport::~MpiTransport() = default;

void MpiTransport::close() {
    for (MPI_Request& request : first_receives_) {
        if (request == MPI_REQUEST_NULL) continue;
        check_mpi(MPI_Cancel(&request), "MPI_Cancel");
        check_mpi(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
    }
    check_mpi(MPI_Comm_free(&communicator_), "MPI_Comm_free");
}

void MpiTransport::wait_for_all() {
    if (requests_.empty()) return;
    check_mpi(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    requests_.clear();
}

void MpiTransport::post_receive(std::uint32_t from) {
    check_mpi(MPI_Irecv(first_in_[from].data(), static_cast<int>(first_in_[from].size()), MPI_BYTE,
                        static_cast<int>(from), kFirstTag, communicator_, &first_receives_[from]),
              "MPI_Irecv");
}

void MpiTransport::send(const engine::Buffer& message, std::uint32_t to) {
    const std::uint64_t length = message.size();
    const std::size_t in_first = std::min(message.size(), first_payload_);
    std::memcpy(first_out_[to].data(), &length, kLengthBytes);
    if (in_first > 0) std::memcpy(first_out_[to].data() + kLengthBytes, message.data(), in_first);
    check_mpi(MPI_Isend(first_out_[to].data(), static_cast<int>(kLengthBytes + in_first), MPI_BYTE,
                        static_cast<int>(to), kFirstTag, communicator_, &requests_.emplace_back()),
              "MPI_Isend");
    for_pieces(message.size() - in_first, [&](std::size_t done, int count) {
        check_mpi(MPI_Isend(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(to), kRestTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Isend");
    });
}

/// Takes a message's first part, posts the receives of its rest, and the one of the next message's first part.
void MpiTransport::take_first_part(engine::Buffer& message, std::uint32_t from) {
    std::uint64_t length = 0;
    std::memcpy(&length, first_in_[from].data(), kLengthBytes);
    message.resize(length);
    const std::size_t in_first = std::min<std::size_t>(length, first_payload_);
    if (in_first > 0) std::memcpy(message.data(), first_in_[from].data() + kLengthBytes, in_first);
    for_pieces(message.size() - in_first, [&](std::size_t done, int count) {
        check_mpi(MPI_Irecv(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(from), kRestTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Irecv");
    });
    post_receive(from);
}

void MpiTransport::exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) {
    for (std::uint32_t other = 0; other < ranks_; ++other)
        if (other != rank_) send(outgoing[other], other);
    check_mpi(MPI_Waitall(static_cast<int>(ranks_), first_receives_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    for (std::uint32_t other = 0; other < ranks_; ++other)
        if (other != rank_) take_first_part(incoming[other], other);
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
