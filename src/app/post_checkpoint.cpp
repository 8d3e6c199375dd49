#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/post.hpp"
#include "regatta/base/errors.hpp"
#include "results/checkpoint_files.hpp"
#include "results/checkpoint_sums.hpp"
#include "results/rank_partial.hpp"

namespace regatta::app {
namespace {

namespace fs = std::filesystem;

/// Sizes of its files [bytes].
std::uintmax_t size_of(const results::CheckpointReader& reader) {
    std::uintmax_t bytes = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(reader.path()))
        bytes += entry.file_size();
    return bytes;
}

/// Reads all that ranks have saved, so that what is damaged is found.
results::RankPartial total_of(const results::CheckpointReader& reader) {
    results::RankPartial total;
    for (std::uint32_t rank = 0; rank < reader.manifest().ranks; ++rank) {
        reader.check(results::state_file_name(rank));
        const results::RankPartial part = results::read_sums(reader, rank);
        if (rank == 0)
            total = part;
        else
            total += part;
    }
    return total;
}

}  // namespace

void declare_checkpoint(CLI::App& program, CheckpointArguments& arguments) {
    CLI::App* command = program.add_subcommand("checkpoint", "Say what a checkpoint holds, and whether it is whole");
    command->add_option("CHECKPOINT", arguments.path, "Checkpoint, or a directory of results: its newest")
        ->type_name("");
    command->add_flag("--json", arguments.is_json, "Print one JSON document, times in seconds");
    command->footer("Example:\n  regatta-post checkpoint runs/quickstart/checkpoint-003");
}

void run_checkpoint(const CheckpointArguments& arguments) {
    check_exists("checkpoint", "CHECKPOINT", arguments.path);
    const std::optional<std::string> found = results::checkpoint_at(arguments.path);
    if (!found)
        throw InputError(
            fmt::format("{}: is no checkpoint, and holds none (checkpoint-000, ...); regatta run --checkpoint-every "
                        "makes them",
                        arguments.path));
    const results::CheckpointReader reader(*found);
    const results::CheckpointManifest& manifest = reader.manifest();
    reader.check(results::kScenarioFilesName);
    const std::string digest = results::digest_of(total_of(reader)).to_hex();
    if (arguments.is_json) {
        const nlohmann::ordered_json document = {
            {"path", reader.path()},       {"number", manifest.number},          {"at_s", manifest.at.seconds()},
            {"ranks", manifest.ranks},     {"scenario", manifest.scenario_path}, {"run_id", manifest.run_id},
            {"program", manifest.program}, {"bytes", size_of(reader)},           {"digest", digest}};
        fmt::print("{}\n", document.dump(1));
        return;
    }
    fmt::print("{}: whole, {:.1f} MB\n", reader.path(), static_cast<double>(size_of(reader)) / 1e6);
    fmt::print("At         {:.9g} s of simulated time, on {} {}\n", manifest.at.seconds(), manifest.ranks,
               manifest.ranks == 1 ? "rank" : "ranks");
    fmt::print("Scenario   {}\n", manifest.scenario_path);
    fmt::print("Program    {}\n", manifest.program);
    fmt::print("Digest     {} of the results until then\n", digest);
}

}  // namespace regatta::app
