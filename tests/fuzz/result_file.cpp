// Well-formed result files with hostile values, whose digest is right: two ranks' files, read, merged and drawn.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "../results/made_up_run.hpp"
#include "hostile.hpp"
#include "hostile_results.hpp"
#include "results/export_requests.hpp"
#include "results/export_trace.hpp"
#include "results/merge.hpp"
#include "results/rank_files.hpp"
#include "results/report/make_report.hpp"
#include "results/result_reader.hpp"
#include "results/summary.hpp"

namespace {

using namespace regatta;
namespace fs = std::filesystem;

#ifdef REGATTA_MANY_INPUTS
constexpr bool kReadsOne = true;
#else
constexpr bool kReadsOne = false;
#endif

/// A little of everything: each stream has ten sketches and each pool two, of thousands of buckets, and what is read
/// of them takes most of the time.
results::MadeUpRun small_run() {
    results::MadeUpRun run = results::make_up_run(1, 6);
    results::make_up_events(run, 1);
    run.description.streams.erase(run.description.streams.begin());
    run.description.pools.pop_back();
    for (serving::RequestRecord& request : run.requests) {
        request.stream = 0;
        if (request.pool != serving::kNoPool) request.pool = 0;
    }
    for (serving::ReplicaRecord& replica : run.replicas)
        replica.pool = 0;
    for (results::Batches& batches : run.batches)
        batches.pool = PoolId(0);
    run.gaps.resize(3);
    for (results::Gaps& gaps : run.gaps)
        gaps.pool = PoolId(0);
    run.samples.resize(18);
    for (results::Sample& sample : run.samples)
        sample.pool = PoolId(0);
    run.steps.resize(12);
    for (serving::StepRecord& step : run.steps)
        step.pool = 0;
    run.events.resize(12);
    for (serving::FleetEventRecord& event : run.events)
        event.pool = 0;
    return run;
}

/// The files that are changed, made once.
struct Untouched {
    results::ScratchDirectory scratch;
    Untouched() {
        const results::MadeUpRun run = small_run();
        fs::create_directories(scratch.path("good"));
        results::write_run(run, scratch.path("good"), 2);
        results::merge_run({.directory = scratch.path("good"), .output = scratch.path("good.h5")});
    }
};

using Read = void (*)(const results::ResultReader& reader, std::FILE* nowhere);

constexpr std::array kReads = {
    Read([](const results::ResultReader& reader, std::FILE* /*nowhere*/) {
        const results::RunOutcome outcome = reader.outcome();
        static_cast<void>(to_text(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
        static_cast<void>(to_json(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
    }),
    Read([](const results::ResultReader& reader, std::FILE* /*nowhere*/) { static_cast<void>(reader.series()); }),
    Read([](const results::ResultReader& reader, std::FILE* /*nowhere*/) {
        static_cast<void>(reader.events());
        static_cast<void>(reader.replicas());
    }),
    Read([](const results::ResultReader& reader, std::FILE* nowhere) {
        static_cast<void>(results::write_requests_csv(reader, {}, nowhere));
    }),
    Read([](const results::ResultReader& reader, std::FILE* nowhere) {
        static_cast<void>(results::write_trace(reader, {}, 1000, results::TraceFormat::Chrome, nowhere));
    }),
    Read([](const results::ResultReader& reader, std::FILE* nowhere) {
        static_cast<void>(results::write_trace(reader, {}, 1000, results::TraceFormat::Perfetto, nowhere));
    }),
};

/// All that can be read of it, or, where many inputs are tried, what `which` says.
void read(const std::string& path, std::size_t which) {
    const results::ResultReader reader(path);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "wb"), std::fclose);
    for (std::size_t i = 0; i < kReads.size(); ++i)
        if (!kReadsOne || i == which % kReads.size()) fuzz::read_or_refuse([&] { kReads[i](reader, nowhere.get()); });
}

/// One way to read rank files: all of them would take seconds for each input.
void read_ranks(const std::string& directory, const std::string& output, std::size_t way, std::size_t which) {
    if (way == 0) return read(directory, which);
    if (way == 1) return static_cast<void>(to_json(results::report::make_report({directory})));
    const auto rows = way == 2 ? results::MergedRows::Virtual : results::MergedRows::Plain;
    results::merge_run({.directory = directory, .output = output, .rows = rows, .is_partial = way == 3});
    if (way == 2) read(output, which);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Untouched kUntouched;
    fuzz::ByteSource bytes({data, size});
    const results::ScratchDirectory scratch;
    const std::size_t choice = bytes.below(65536);
    const std::size_t way = choice % 6;
    const std::size_t which = choice / 6;
    if (way >= 4) {
        fs::copy_file(kUntouched.scratch.path("good.h5"), scratch.path("run.h5"));
        fuzz::make_hostile(scratch.path("run.h5"), bytes);
        fuzz::read_or_refuse([&] {
            if (way == 4) return read(scratch.path("run.h5"), which);
            static_cast<void>(to_json(results::report::make_report({scratch.path("run.h5")})));
        });
        return 0;
    }
    fs::create_directories(scratch.path("ranks"));
    for (const std::uint32_t rank : {0U, 1U}) {
        const std::string file = results::rank_file_name(scratch.path("ranks"), rank).final_path;
        fs::copy_file(results::rank_file_name(kUntouched.scratch.path("good"), rank).final_path, file);
        fuzz::make_hostile(file, bytes);
        fuzz::repair_digest(file);
    }
    fuzz::read_or_refuse([&] { read_ranks(scratch.path("ranks"), scratch.path("merged.h5"), way, which); });
    return 0;
}
