// Well-formed result files with hostile values, whose digest is right: two ranks' files, read, merged and drawn.
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

/// The files that are changed, made once.
struct Untouched {
    results::ScratchDirectory scratch;
    Untouched() {
        results::MadeUpRun run = results::make_up_run(1, 12);
        results::make_up_events(run, 1);
        fs::create_directories(scratch.path("good"));
        results::write_run(run, scratch.path("good"), 2);
        results::merge_run({.directory = scratch.path("good"), .output = scratch.path("good.h5")});
    }
};

void read_all(const std::string& path) {
    const results::ResultReader reader(path);
    fuzz::read_or_refuse([&] {
        const results::RunOutcome outcome = reader.outcome();
        static_cast<void>(to_text(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
        static_cast<void>(to_json(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
    });
    fuzz::read_or_refuse([&] { static_cast<void>(reader.series()); });
    fuzz::read_or_refuse([&] {
        static_cast<void>(reader.events());
        static_cast<void>(reader.replicas());
    });
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "wb"), std::fclose);
    fuzz::read_or_refuse([&] { static_cast<void>(results::write_requests_csv(reader, {}, nowhere.get())); });
    for (const auto format : {results::TraceFormat::Chrome, results::TraceFormat::Perfetto})
        fuzz::read_or_refuse([&] { static_cast<void>(results::write_trace(reader, {}, 1000, format, nowhere.get())); });
}

/// One way to read rank files: all of them would take seconds for each input.
void read_ranks(const std::string& directory, const std::string& output, std::size_t way) {
    if (way == 0) return read_all(directory);
    if (way == 1) return static_cast<void>(to_json(results::report::make_report({directory})));
    const auto rows = way == 2 ? results::MergedRows::Virtual : results::MergedRows::Plain;
    results::merge_run({.directory = directory, .output = output, .rows = rows, .is_partial = way == 3});
    if (way == 2) read_all(output);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Untouched kUntouched;
    fuzz::ByteSource bytes({data, size});
    const results::ScratchDirectory scratch;
    const std::size_t way = bytes.below(6);
    if (way >= 4) {
        fs::copy_file(kUntouched.scratch.path("good.h5"), scratch.path("run.h5"));
        fuzz::make_hostile(scratch.path("run.h5"), bytes);
        fuzz::read_or_refuse([&] {
            if (way == 4) return read_all(scratch.path("run.h5"));
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
    fuzz::read_or_refuse([&] { read_ranks(scratch.path("ranks"), scratch.path("merged.h5"), way); });
    return 0;
}
