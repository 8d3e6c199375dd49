#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "mpi_main.hpp"
#include "transport_suite.hpp"

namespace regatta::engine::test {
namespace {

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
