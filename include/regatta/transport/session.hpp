#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "regatta/engine/transport.hpp"

namespace regatta::transport {

/// The program's connection to its other ranks, for as long as main runs: MPI when started by mpirun or srun, else one
/// rank in this process without any MPI call.
class Session {
public:
    Session() = default;
    virtual ~Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    [[nodiscard]] virtual engine::Transport& transport() = 0;
    /// Collective: a transport among the ranks that name the same group, in their order. Lives as long as the session.
    [[nodiscard]] virtual engine::Transport& split(std::uint32_t group) = 0;
    /// Ends the session in order; all ranks call it. Not called while an exception unwinds.
    virtual void close() = 0;
    /// Ends all ranks at once: for what one rank alone knows to be wrong.
    [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// True when the environment shows that a launcher (Open MPI, PMIx, PMI of Slurm or MPICH) started this process.
[[nodiscard]] bool is_launched_in_parallel();

/// "Open MPI v4.1.4 (MPI 3.1)": the library that is loaded, and the standard it was compiled against. Needs no session.
[[nodiscard]] std::string mpi_version();

/// Throws IoError when MPI does not start.
[[nodiscard]] std::unique_ptr<Session> open_session(int& argc, char**& argv);

}  // namespace regatta::transport
