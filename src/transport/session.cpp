#include "regatta/transport/session.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "regatta/transport/in_process.hpp"
#include "transport/mpi_transport.hpp"
#include "transport/shared_mailboxes.hpp"

namespace regatta::transport {

namespace {

class AloneSession final : public Session {
public:
    [[nodiscard]] engine::Transport& transport() override { return transport_; }
    [[nodiscard]] engine::Transport& split(std::uint32_t /*group*/) override { return transport_; }
    void close() override {}
    [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }

private:
    InProcessTransport transport_;
};

class MpiSession final : public Session {
public:
    MpiSession(int& argc, char**& argv) : transport_(started(argc, argv), eager_bytes(), share_memory) {}
    [[nodiscard]] engine::Transport& transport() override { return transport_; }
    [[nodiscard]] engine::Transport& split(std::uint32_t group) override {
        MPI_Comm part = MPI_COMM_NULL;
        check_mpi(MPI_Comm_split(MPI_COMM_WORLD, static_cast<int>(group), static_cast<int>(transport_.rank()), &part),
                  "MPI_Comm_split");
        parts_.push_back(std::make_unique<MpiTransport>(part, eager_bytes(), share_memory));
        // The transport has a communicator of its own.
        check_mpi(MPI_Comm_free(&part), "MPI_Comm_free");
        return *parts_.back();
    }
    void close() override {
        for (const std::unique_ptr<MpiTransport>& part : parts_)
            part->close();
        transport_.close();
        check_mpi(MPI_Finalize(), "MPI_Finalize");
    }
    [[noreturn]] void abort(int exit_code) override {
        MPI_Abort(MPI_COMM_WORLD, exit_code);
        std::_Exit(exit_code);
    }

private:
    /// Of what Open MPI would do by itself, two things take long. Who has set them otherwise is left alone.
    static MPI_Comm started(int& argc, char**& argv) {
        // Its shared memory asks the receiver first from 4 KiB on, which doubles the time of the messages between
        // windows.
        setenv(kEagerLimit, "32768", 0);
        // On one machine it comes to this choice by itself, a fifth of a second later, when it has asked the drivers of
        // networks that are not there.
        if (is_on_one_machine()) setenv("OMPI_MCA_pml", "ob1", 0);
        // There are threads that write checkpoints and watch the ranks. They leave MPI to the first one, but for ending
        // a run that hangs, so an MPI that grants less has less to lose than a run that is refused.
        int provided = MPI_THREAD_SINGLE;
        check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
        return MPI_COMM_WORLD;
    }
    static std::unique_ptr<Mailboxes> share_memory(MPI_Comm communicator, std::size_t capacity) {
        return std::make_unique<SharedMailboxes>(communicator, capacity);
    }
    /// As Open MPI's mpirun tells. False where it does not.
    static bool is_on_one_machine() {
        const char* all = std::getenv("OMPI_COMM_WORLD_SIZE");
        const char* here = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
        return all != nullptr && here != nullptr && std::strcmp(all, here) == 0;
    }
    static std::size_t eager_bytes() {
        const char* text = std::getenv(kEagerLimit);
        return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
    }

    static constexpr const char* kEagerLimit = "OMPI_MCA_btl_vader_eager_limit";
    MpiTransport transport_;
    std::vector<std::unique_ptr<MpiTransport>> parts_;
};

}  // namespace

bool is_launched_in_parallel() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"})
        if (std::getenv(name) != nullptr) return true;
    return false;
}

std::string mpi_version() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int length = 0;
    check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
    // Open MPI goes on with who built it, after a comma; MPICH with its configuration, in further lines.
    std::string name = text.data();
    name.resize(std::min(name.find_first_of(",\n"), name.size()));
    std::replace(name.begin(), name.end(), '\t', ' ');
    return fmt::format("{} (MPI {}.{})", name, MPI_VERSION, MPI_SUBVERSION);
}

std::unique_ptr<Session> open_session(int& argc, char**& argv) {
    if (!is_launched_in_parallel()) return std::make_unique<AloneSession>();
    return std::make_unique<MpiSession>(argc, argv);
}

}  // namespace regatta::transport
