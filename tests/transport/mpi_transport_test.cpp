#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mpi_main.hpp"
#include "transport/mpi_transport.hpp"
#include "transport/shared_mailboxes.hpp"
#include "transport_suite.hpp"

namespace regatta::engine::test {
namespace {

/// Those of ranks whose numbers are even together, or odd.
class SomeMailboxes final : public transport::Mailboxes {
public:
    SomeMailboxes(MPI_Comm communicator, std::size_t capacity) : all_(communicator, capacity) {
        MPI_Comm_rank(communicator, &own_);
    }
    [[nodiscard]] bool joins(std::uint32_t rank) const override {
        return all_.joins(rank) && rank % 2 == static_cast<std::uint32_t>(own_) % 2;
    }
    [[nodiscard]] std::size_t capacity() const override { return all_.capacity(); }
    [[nodiscard]] char* next(std::uint32_t to) override { return all_.next(to); }
    void post(std::uint32_t to) override { all_.post(to); }
    [[nodiscard]] const char* take(std::uint32_t from) override { return all_.take(from); }
    void close() override { all_.close(); }

private:
    transport::SharedMailboxes all_;
    int own_ = 0;
};

TEST(MpiTransport, KnowsItsPlaceAmongTheRanks) {
    const char* ranks = std::getenv("OMPI_COMM_WORLD_SIZE");
    const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
    if (ranks == nullptr || rank == nullptr) GTEST_SKIP() << "not started by Open MPI's mpirun";
    EXPECT_EQ(std::to_string(mpi_transport().ranks()), ranks);
    EXPECT_EQ(std::to_string(mpi_transport().rank()), rank);
}

TEST(MpiTransport, KeepsTheContractOfTransports) {
    check_transport(mpi_transport(), {.rounds = 300});
}

/// As between ranks on different machines.
TEST(MpiTransport, KeepsItWithoutSharedMemory) {
    transport::MpiTransport plain(MPI_COMM_WORLD, 32768);
    check_transport(plain, {.rounds = 300});
    plain.close();
}

/// Ranks 0 and 2 share memory, as do 1 and 3; other pairs send messages.
TEST(MpiTransport, KeepsItWhereSomeShareMemory) {
    transport::MpiTransport mixed(MPI_COMM_WORLD, 32768, [](MPI_Comm communicator, std::size_t capacity) {
        return std::make_unique<SomeMailboxes>(communicator, capacity);
    });
    check_transport(mixed, {.rounds = 300});
    mixed.close();
}

/// A rank that is early finds the box of the message before still full, and leaves it.
TEST(MpiTransport, KeepsMessagesApartOfRanksThatDawdle) {
    Transport& transport = mpi_transport();
    const std::uint32_t ranks = transport.ranks();
    std::vector<Buffer> outgoing(ranks, Buffer(sizeof(int)));
    std::vector<Buffer> incoming(ranks);
    for (int window = 0; window < 400; ++window) {
        if (static_cast<std::uint32_t>(window) % ranks == transport.rank())
            std::this_thread::sleep_for(std::chrono::microseconds(window % 50));
        for (Buffer& buffer : outgoing)
            std::memcpy(buffer.data(), &window, sizeof window);
        transport.exchange(outgoing, incoming);
        for (std::uint32_t from = 0; from < ranks; ++from) {
            if (from == transport.rank()) continue;
            int found = -1;
            std::memcpy(&found, incoming[from].data(), sizeof found);
            EXPECT_EQ(found, window) << "from rank " << from;
        }
    }
}

TEST(MpiTransport, ExchangesManyEmptyWindowsInARow) {
    Transport& transport = mpi_transport();
    const std::vector<Buffer> outgoing(transport.ranks());
    std::vector<Buffer> incoming(transport.ranks(), Buffer(3, 'x'));
    for (int window = 0; window < 2000; ++window)
        transport.exchange(outgoing, incoming);
    for (std::uint32_t from = 0; from < transport.ranks(); ++from)
        EXPECT_EQ(incoming[from].size(), from == transport.rank() ? 3u : 0u) << "from rank " << from;
}

}  // namespace
}  // namespace regatta::engine::test
