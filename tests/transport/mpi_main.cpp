// The main function of tests that run under mpirun (regatta_add_mpi_test). All ranks run all tests; rank 0 prints, also
// what failed on the others; every rank returns the largest exit code of all. An exception on one rank would leave the
// others waiting in a collective call, so it ends them all.

#include "mpi_main.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "regatta/transport/session.hpp"

namespace regatta::engine::test {

namespace {

Transport* the_transport = nullptr;

/// Keeps what fails on a rank that does not print.
class FailureKeeper final : public ::testing::EmptyTestEventListener {
public:
    explicit FailureKeeper(std::string& failures) : failures_(&failures) {}
    void OnTestStart(const ::testing::TestInfo& test) override {
        test_ = std::string(test.test_suite_name()) + "." + test.name();
    }
    void OnTestPartResult(const ::testing::TestPartResult& result) override {
        if (!result.failed()) return;
        *failures_ += std::string(result.file_name() == nullptr ? "?" : result.file_name()) + ":" +
                      std::to_string(result.line_number()) + ": " + test_ + "\n" + result.message() + "\n";
    }

private:
    std::string* failures_;
    std::string test_;  ///< asking UnitTest for it while a result is handed on would wait for ever
};

int run_all(Transport& transport) {
    the_transport = &transport;
    std::string failures;
    if (transport.rank() != 0) {
        ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
        delete listeners.Release(listeners.default_result_printer());
        listeners.Append(new FailureKeeper(failures));  // the listeners own it
    }
    const int own = RUN_ALL_TESTS();
    const std::vector<Buffer> kept = transport.gather(Buffer(failures.begin(), failures.end()));
    for (std::size_t rank = 1; rank < kept.size(); ++rank)
        if (!kept[rank].empty())
            std::printf("failed on rank %zu:\n%.*s", rank, static_cast<int>(kept[rank].size()), kept[rank].data());
    return static_cast<int>(transport.largest(own));
}

}  // namespace

Transport& mpi_transport() {
    return *the_transport;
}

}  // namespace regatta::engine::test

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    ::testing::GTEST_FLAG(catch_exceptions) = false;
    std::unique_ptr<regatta::transport::Session> session;
    try {
        session = regatta::transport::open_session(argc, argv);
        const int code = regatta::engine::test::run_all(session->transport());
        session->close();
        return code;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "rank %u: %s\n", session ? session->transport().rank() : 0u, error.what());
        if (session) session->abort(1);
        return 1;
    }
}
