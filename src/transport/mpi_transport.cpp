#include "transport/mpi_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

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

MpiTransport::MpiTransport(MPI_Comm parent, std::size_t eager_bytes, MakeMailboxes make_mailboxes)
    : eager_payload_(std::max(eager_bytes, kLeastEagerBytes) - kHeaderBytes),
      make_mailboxes_(std::move(make_mailboxes)) {
    check_mpi(MPI_Comm_dup(parent, &communicator_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    int rank = 0;
    int ranks = 1;
    check_mpi(MPI_Comm_rank(communicator_, &rank), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(communicator_, &ranks), "MPI_Comm_size");
    rank_ = static_cast<std::uint32_t>(rank);
    ranks_ = static_cast<std::uint32_t>(ranks);
    parcels_for_.assign(ranks_, 0);
}

/// Not before the first exchange: on thousands of ranks, which do not talk in pairs, this would take gigabytes.
void MpiTransport::prepare_exchanges() {
    if (make_mailboxes_ && ranks_ > 1) mail_ = make_mailboxes_(communicator_, kLengthBytes + eager_payload_);
    first_out_.resize(ranks_);
    first_in_.resize(ranks_);
    first_receives_.assign(ranks_, MPI_REQUEST_NULL);
    for (std::uint32_t other = 0; other < ranks_; ++other) {
        if (other == rank_ || goes_by_mail(other)) continue;
        first_out_[other].resize(kLengthBytes + eager_payload_);
        first_in_[other].resize(kLengthBytes + eager_payload_);
        post_receive(other);
        has_first_receives_ = true;
    }
}

MpiTransport::~MpiTransport() = default;

void MpiTransport::close() {
    for (MPI_Request& request : first_receives_) {
        if (request == MPI_REQUEST_NULL) continue;
        check_mpi(MPI_Cancel(&request), "MPI_Cancel");
        check_mpi(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
    }
    if (mail_) mail_->close();
    check_mpi(MPI_Comm_free(&communicator_), "MPI_Comm_free");
}

std::size_t MpiTransport::first_payload(std::uint32_t other) const {
    return goes_by_mail(other) ? mail_->capacity() - kLengthBytes : eager_payload_;
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
    const bool is_mail = goes_by_mail(to);
    char* const first = is_mail ? mail_->next(to) : first_out_[to].data();
    const std::uint64_t length = message.size();
    const std::size_t in_first = std::min(message.size(), first_payload(to));
    std::memcpy(first, &length, kLengthBytes);
    if (in_first > 0) std::memcpy(first + kLengthBytes, message.data(), in_first);
    if (is_mail)
        mail_->post(to);
    else
        check_mpi(MPI_Isend(first, static_cast<int>(kLengthBytes + in_first), MPI_BYTE, static_cast<int>(to), kFirstTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Isend");
    for_pieces(message.size() - in_first, [&](std::size_t done, int count) {
        check_mpi(MPI_Isend(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(to), kRestTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Isend");
    });
}

/// Takes a message's first part, and posts the receives of its rest.
void MpiTransport::take_first_part(engine::Buffer& message, std::uint32_t from) {
    const bool is_mail = goes_by_mail(from);
    const char* const first = is_mail ? mail_->take(from) : first_in_[from].data();
    std::uint64_t length = 0;
    std::memcpy(&length, first, kLengthBytes);
    message.resize(length);
    const std::size_t in_first = std::min<std::size_t>(length, first_payload(from));
    if (in_first > 0) std::memcpy(message.data(), first + kLengthBytes, in_first);
    for_pieces(message.size() - in_first, [&](std::size_t done, int count) {
        check_mpi(MPI_Irecv(message.data() + in_first + done, count, MPI_BYTE, static_cast<int>(from), kRestTag,
                            communicator_, &requests_.emplace_back()),
                  "MPI_Irecv");
    });
    if (!is_mail) post_receive(from);
}

void MpiTransport::exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) {
    if (first_receives_.empty()) prepare_exchanges();
    for (std::uint32_t other = 0; other < ranks_; ++other)
        if (other != rank_) send(outgoing[other], other);
    if (has_first_receives_)
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
    std::vector<engine::Parcel> outgoing;
    std::vector<engine::Parcel> incoming;
    if (rank_ != 0) outgoing.push_back({.rank = 0, .bytes = bytes});
    const std::size_t came = deliver(outgoing, incoming);
    if (rank_ != 0) return {};
    std::vector<engine::Buffer> all = {bytes};
    for (std::size_t i = 0; i < came; ++i)
        all.push_back(std::move(incoming[i].bytes));
    return all;
}

/// How many parcels come here: a sum over all ranks, by destination.
int MpiTransport::count_parcels(std::span<const engine::Parcel> outgoing) {
    for (const engine::Parcel& parcel : outgoing)
        parcels_for_[parcel.rank] = 1;
    int expected = 0;
    check_mpi(MPI_Reduce_scatter_block(parcels_for_.data(), &expected, 1, MPI_INT, MPI_SUM, communicator_),
              "MPI_Reduce_scatter_block");
    for (const engine::Parcel& parcel : outgoing)
        parcels_for_[parcel.rank] = 0;
    return expected;
}

// Parcels travel in pieces of kLargestPiece and a last one that is shorter, perhaps empty, which ends the parcel.
// Pieces of one sender come in their order. A rank may send the next call's while another still takes this one's, but
// not those of the call after that, whose counting needs everyone: two tags in turn keep calls apart.
std::size_t MpiTransport::deliver(std::span<const engine::Parcel> outgoing, std::vector<engine::Parcel>& incoming) {
    parcel_tag_ = parcel_tag_ == kParcelTag ? kOtherParcelTag : kParcelTag;
    for (const engine::Parcel& parcel : outgoing) {
        for (std::size_t done = 0; done <= parcel.bytes.size(); done += kLargestPiece)
            check_mpi(MPI_Isend(parcel.bytes.data() + done,
                                static_cast<int>(std::min(kLargestPiece, parcel.bytes.size() - done)), MPI_BYTE,
                                static_cast<int>(parcel.rank), parcel_tag_, communicator_, &requests_.emplace_back()),
                      "MPI_Isend");
    }
    const auto expected = static_cast<std::size_t>(count_parcels(outgoing));
    std::size_t came = 0;   // first pieces
    std::size_t ended = 0;  // last pieces
    while (ended < expected) {
        const Piece piece = find_piece();
        // Looked for only when some parcel is under way: nearly all are of one piece.
        const auto end = incoming.begin() + static_cast<std::ptrdiff_t>(came);
        auto parcel = came == ended ? end : std::find_if(incoming.begin(), end, [&](const engine::Parcel& begun) {
            return begun.rank == piece.from;
        });
        if (parcel == end) {
            if (came == incoming.size()) incoming.emplace_back();
            parcel = incoming.begin() + static_cast<std::ptrdiff_t>(came++);
            parcel->rank = piece.from;
            parcel->bytes.clear();
        }
        take_piece(piece, parcel->bytes);
        if (piece.bytes < kLargestPiece) ++ended;
    }
    wait_for_all();
    std::sort(incoming.begin(), incoming.begin() + static_cast<std::ptrdiff_t>(came),
              [](const engine::Parcel& a, const engine::Parcel& b) { return a.rank < b.rank; });
    return came;
}

/// Whichever comes next.
MpiTransport::Piece MpiTransport::find_piece() {
    Piece piece;
    MPI_Status status;
    check_mpi(MPI_Mprobe(MPI_ANY_SOURCE, parcel_tag_, communicator_, &piece.message, &status), "MPI_Mprobe");
    int size = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
    piece.from = static_cast<std::uint32_t>(status.MPI_SOURCE);
    piece.bytes = static_cast<std::size_t>(size);
    return piece;
}

void MpiTransport::take_piece(Piece piece, engine::Buffer& parcel) {
    const std::size_t before = parcel.size();
    parcel.resize(before + piece.bytes);
    check_mpi(
        MPI_Mrecv(parcel.data() + before, static_cast<int>(piece.bytes), MPI_BYTE, &piece.message, MPI_STATUS_IGNORE),
        "MPI_Mrecv");
}

void MpiTransport::smallest(std::span<std::int64_t> values) {
    reduced_.resize(values.size());
    check_mpi(MPI_Allreduce(values.data(), reduced_.data(), static_cast<int>(values.size()), MPI_INT64_T, MPI_MIN,
                            communicator_),
              "MPI_Allreduce");
    std::copy(reduced_.begin(), reduced_.end(), values.begin());
}

std::int64_t MpiTransport::largest(std::int64_t value) {
    std::int64_t result = 0;
    check_mpi(MPI_Allreduce(&value, &result, 1, MPI_INT64_T, MPI_MAX, communicator_), "MPI_Allreduce");
    return result;
}

}  // namespace regatta::transport
