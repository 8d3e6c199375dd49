#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "results/rank_partial.hpp"
#include "results/rank_writer.hpp"
#include "results/run_description.hpp"

/// Runs that never took place, for the tests of this room.
namespace regatta::results {

/// A directory of its own for each test, removed afterwards.
class ScratchDirectory {
public:
    ScratchDirectory();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] std::string path(const std::string& name = {}) const;
    /// Names of what lies in `directory`, in order.
    [[nodiscard]] static std::vector<std::string> names_in(const std::string& directory);

private:
    std::filesystem::path path_;
};

struct Gaps {
    PoolId pool;
    SimTime gap;
    std::int64_t count = 0;
};
struct Batches {
    PoolId pool;
    std::int64_t sequences = 0;
    std::int64_t steps = 0;
};
struct Sample {
    PoolId pool;
    NodeId node;
    SimTime at;
    serving::ReplicaSample sample;
};

/// All that ranks are told during a run.
struct MadeUpRun {
    RunDescription description;
    std::vector<serving::RequestRecord> requests;
    std::vector<serving::ReplicaRecord> replicas;
    std::vector<Gaps> gaps;
    std::vector<Batches> batches;
    std::vector<Sample> samples;
    std::vector<serving::StepRecord> steps;
    std::vector<serving::FleetEventRecord> events;
    SimTime end;
};

/// Two pools, two streams with different targets, every end state, warm-up of 10 s in a run of 100 s.
[[nodiscard]] MadeUpRun make_up_run(std::uint64_t seed, std::size_t requests);

/// Adds changes of its fleet to a run: others have none, as most runs have.
void make_up_events(MadeUpRun& run, std::uint64_t seed);

/// Plays the run to `ranks` writers, each piece to a rank picked by `seed`, settling now and then. Gives the partials.
std::vector<RankPartial> write_run(const MadeUpRun& run, const std::string& directory, std::uint32_t ranks,
                                   std::uint64_t seed = 1);

/// The IoError, InputError or BugError text of what `act` throws; fails the test when it throws nothing.
template <class Error, class Act>
std::string error_of(Act act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

/// Of a BugError's text, which also tells where in the program the check stands.
inline void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "found: " << text << "\nexpected in it: " << part;
}

}  // namespace regatta::results
