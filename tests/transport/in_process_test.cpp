#include "regatta/transport/in_process.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "regatta/transport/session.hpp"
#include "transport_suite.hpp"

namespace regatta::transport {
namespace {

TEST(InProcessTransport, KeepsTheContractOfTransports) {
    InProcessTransport transport;
    EXPECT_EQ(transport.ranks(), 1u);
    engine::test::check_transport(transport, {.rounds = 3});
}

class LaunchedInParallel : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"})
            unsetenv(name);
    }
    void TearDown() override { SetUp(); }
};

TEST_F(LaunchedInParallel, IsNotSoByDefault) {
    EXPECT_FALSE(is_launched_in_parallel());
}

TEST_F(LaunchedInParallel, ShowsInTheEnvironmentOfEachLauncher) {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"}) {
        SCOPED_TRACE(name);
        SetUp();
        setenv(name, "0", 1);
        EXPECT_TRUE(is_launched_in_parallel());
    }
}

TEST_F(LaunchedInParallel, OpensASessionOfOneRankWithoutALauncher) {
    int argc = 0;
    char** argv = nullptr;
    const std::unique_ptr<Session> session = open_session(argc, argv);
    EXPECT_EQ(session->transport().ranks(), 1u);
    EXPECT_EQ(session->transport().rank(), 0u);
    session->close();
}

}  // namespace
}  // namespace regatta::transport
