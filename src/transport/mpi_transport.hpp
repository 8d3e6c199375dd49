#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "regatta/engine/transport.hpp"
#include "transport/mailboxes.hpp"

namespace regatta::transport {

/// Throws IoError that names the call when an MPI call did not succeed.
void check_mpi(int result, const char* call);

/// Ranks over MPI, on a communicator of its own.
///
/// `exchange` sends each message in at most two parts: the first, of fixed capacity, carries the length and as much as
/// fits (an empty window is one small message per pair); the second, for what is longer, the rest. Receives of first
/// parts are posted ahead, from the first exchange on, so that these go straight to where they are read. Between ranks
/// that mailboxes join, the first part goes by those.
class MpiTransport final : public engine::Transport {
public:
    /// Collective; messages that go by mail may have `capacity` bytes.
    using MakeMailboxes = std::function<std::unique_ptr<Mailboxes>(MPI_Comm communicator, std::size_t capacity)>;
    /// `eager_bytes`: up to this size MPI sends without asking the receiver first. Without `make_mailboxes`, all goes
    /// by MPI's messages.
    MpiTransport(MPI_Comm parent, std::size_t eager_bytes, MakeMailboxes make_mailboxes = {});
    ~MpiTransport() override;
    MpiTransport(const MpiTransport&) = delete;
    MpiTransport& operator=(const MpiTransport&) = delete;

    [[nodiscard]] std::uint32_t rank() const override { return rank_; }
    [[nodiscard]] std::uint32_t ranks() const override { return ranks_; }
    void exchange(const std::vector<engine::Buffer>& outgoing, std::vector<engine::Buffer>& incoming) override;
    [[nodiscard]] std::size_t deliver(std::span<const engine::Parcel> outgoing,
                                      std::vector<engine::Parcel>& incoming) override;
    void smallest(std::span<std::int64_t> values) override;
    void broadcast(engine::Buffer& bytes) override;
    [[nodiscard]] std::vector<engine::Buffer> gather(const engine::Buffer& bytes) override;
    [[nodiscard]] std::int64_t largest(std::int64_t value) override;
    /// Frees the communicator; before MPI_Finalize.
    void close();

private:
    /// Of a parcel; `message` is to be received.
    struct Piece {
        MPI_Message message = MPI_MESSAGE_NULL;
        std::uint32_t from = 0;
        std::size_t bytes = 0;
    };
    static constexpr int kParcelTag = 3;
    static constexpr int kOtherParcelTag = 4;

    void prepare_exchanges();
    [[nodiscard]] int count_parcels(std::span<const engine::Parcel> outgoing);
    [[nodiscard]] Piece find_piece();
    void take_piece(Piece piece, engine::Buffer& parcel);
    [[nodiscard]] bool goes_by_mail(std::uint32_t other) const { return mail_ != nullptr && mail_->joins(other); }
    /// Bytes of a message that its first part holds, to and from that rank.
    [[nodiscard]] std::size_t first_payload(std::uint32_t other) const;
    void post_receive(std::uint32_t from);
    void send(const engine::Buffer& message, std::uint32_t to);
    void take_first_part(engine::Buffer& message, std::uint32_t from);
    void wait_for_all();

    MPI_Comm communicator_ = MPI_COMM_NULL;
    std::uint32_t rank_ = 0;
    std::uint32_t ranks_ = 1;
    std::size_t eager_payload_;  ///< bytes of a message that its first part holds where it does not go by mail
    MakeMailboxes make_mailboxes_;
    std::unique_ptr<Mailboxes> mail_;
    // By rank; empty for the own one and those that get it by mail.
    std::vector<engine::Buffer> first_out_;
    std::vector<engine::Buffer> first_in_;
    std::vector<MPI_Request> first_receives_;  ///< posted ahead
    bool has_first_receives_ = false;
    std::vector<MPI_Request> requests_;
    int parcel_tag_ = kParcelTag;
    std::vector<int> parcels_for_;  ///< by rank: scratch, all zero between calls
    std::vector<std::int64_t> reduced_;
};

}  // namespace regatta::transport
