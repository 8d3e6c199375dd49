#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <system_error>

#include "app/command_description.hpp"
#include "app/flat_export.hpp"
#include "app/post.hpp"
#include "regatta/base/errors.hpp"
#include "results/export_requests.hpp"
#include "results/export_scratchpad.hpp"
#include "results/export_trace.hpp"
#include "results/export_vidur.hpp"
#include "results/show.hpp"
#include "results/temporary_file.hpp"

namespace regatta::app {

namespace {

/// The library would say that a time is not between 0 and the largest number there is, digit by digit.
CLI::Validator seconds() {
    static constexpr double kMostSeconds = 9e9;  // what 64 bits of nanoseconds hold
    return CLI::Validator(
        [](const std::string& text) {
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool is_good =
                error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= kMostSeconds;
            return is_good ? std::string()
                           : fmt::format("expected seconds from 0 to {:g}, found \"{}\"", kMostSeconds, text);
        },
        "");
}

void add_arguments(CLI::App& command, ExportArguments& arguments, const char* file_help) {
    command.add_option("RESULTS", arguments.path, "Merged file, or directory with the files of all ranks")
        ->type_name("");
    command.add_option("-o,--output", arguments.output, file_help)->type_name("FILE");
    command.add_option("--from", arguments.from_s, "Requests that arrived from this simulated second on")
        ->type_name("S")
        ->check(seconds());
    command.add_option("--to", arguments.to_s, "Requests that arrived before this simulated second")
        ->type_name("S")
        ->check(seconds());
    command.add_option("--stream", arguments.stream, "Requests of one stream")->type_name("NAME");
    command.add_option("--pool", arguments.pool, "Requests of one pool")->type_name("NAME");
    command.add_option("--node", arguments.node, "Requests of replicas on one node")->type_name("N");
    command.add_option("--replica", arguments.replica, "Requests of one replica")->type_name("N");
    command.add_option("--request", arguments.requests, "One request, by its id; may be repeated")
        ->allow_extra_args(false)
        ->type_name("ID");
    command
        .add_option("--sample", arguments.fraction,
                    "A fraction of the requests, the same ones in every run of a traffic")
        ->type_name("FRACTION")
        ->check(CLI::Range(0.0, 1.0));
}

results::RequestSelection selection_of(const ExportArguments& arguments) {
    return {.from = SimTime::from_seconds(arguments.from_s.value_or(0)),
            .to = arguments.to_s ? SimTime::from_seconds(*arguments.to_s) : SimTime::never(),
            .stream = arguments.stream,
            .pool = arguments.pool,
            .node = arguments.node,
            .replica = arguments.replica,
            .requests = arguments.requests,
            .fraction = arguments.fraction};
}

results::TraceFormat format_of(const ExportArguments& arguments) {
    if (arguments.format && *arguments.format != "chrome" && *arguments.format != "perfetto")
        throw InputError(fmt::format("regatta-post trace: --format: expected chrome or perfetto, found \"{}\"{}",
                                     *arguments.format, did_you_mean(*arguments.format, {"chrome", "perfetto"})));
    const bool is_perfetto =
        arguments.format ? *arguments.format == "perfetto"
                         : arguments.output.ends_with(".pftrace") || arguments.output.ends_with(".perfetto-trace");
    return is_perfetto ? results::TraceFormat::Perfetto : results::TraceFormat::Chrome;
}

/// Runs `write` on the file, which gets its name when it is whole; on standard output where there is no name.
template <class Write>
void write_to(const std::string& path, Write&& write) {
    if (path.empty()) return write(stdout);
    const std::string temporary_path = path + ".part";
    results::TemporaryFile temporary(temporary_path, path);
    const auto fail = [&] {
        throw IoError(fmt::format("{}: cannot be written: {}", path, std::generic_category().message(errno)));
    };
    const auto close = [](std::FILE* file) { (void)std::fclose(file); };
    std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(temporary_path.c_str(), "wb"), close);
    if (!file) fail();
    write(file.get());
    if (std::fclose(file.release()) != 0) fail();
    temporary.keep();
}

void write_scratchpad(const results::ResultReader& reader, const VidurArguments& arguments) {
    const results::ScratchpadExport done = results::write_scratchpad(reader, arguments.directory);
    fmt::print(stderr, "Written    {0}/stats.json: {1} requests; {0}/trace.json: {2} events of {3} iterations\n",
               arguments.directory, results::show_count(done.requests), results::show_count(done.events),
               results::show_count(done.iterations));
    for (const std::string& what : done.left_out)
        fmt::print(stderr, "Left out   {}\n", what);
}

void write_flat(const results::ResultReader& reader, const VidurArguments& arguments) {
    const results::RunOutcome outcome = reader.outcome();
    const std::string summary = to_json(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts});
    const std::string text = flat_json(summary, reader.run().scenario_text, arguments.path);
    write_to(arguments.directory, [&](std::FILE* out) {
        if (std::fwrite(text.data(), 1, text.size(), out) != text.size())
            throw IoError(
                fmt::format("{}: cannot be written: {}", arguments.directory, std::generic_category().message(errno)));
    });
    fmt::print(stderr, "Written    {}\n", arguments.directory);
}

}  // namespace

void declare_requests(CLI::App& program, ExportArguments& arguments) {
    CLI::App* command = program.add_subcommand("requests", "Write the requests of a run as CSV");
    add_arguments(*command, arguments, "File to write (default: standard output)");
    command->footer("Example:\n  regatta-post requests runs/quickstart/run.h5 --stream chat --from 60 -o chat.csv");
}

void run_requests(const ExportArguments& arguments) {
    check_exists("requests", "RESULTS", arguments.path);
    const results::ResultReader reader(arguments.path);
    write_to(arguments.output,
             [&](std::FILE* out) { (void)results::write_requests_csv(reader, selection_of(arguments), out); });
}

void declare_trace(CLI::App& program, ExportArguments& arguments) {
    CLI::App* command = program.add_subcommand("trace",
                                               "Write requests, recorded steps and series of a run as a trace for "
                                               "Perfetto (ui.perfetto.dev) or chrome://tracing");
    add_arguments(*command, arguments, "File to write (default: standard output)");
    command->add_option("--most", arguments.most, "At most so many requests, by end time (default: 100000)")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--format", arguments.format,
                     "chrome (JSON) or perfetto (protocol buffers); default: by the ending of FILE, .pftrace and "
                     ".perfetto-trace are perfetto")
        ->type_name("KIND")
        ->check(offers({"chrome", "perfetto"}));
    command->footer(
        "Node, replica, pool and times also choose steps, changes of the fleet and samples.\n"
        "Examples:\n"
        "  regatta-post trace runs/quickstart/run.h5 --from 60 --to 90 -o trace.pftrace\n"
        "  regatta-post trace runs/quickstart/run.h5 --node 3 --format chrome -o trace.json");
}

void run_trace(const ExportArguments& arguments) {
    check_exists("trace", "RESULTS", arguments.path);
    const results::TraceFormat format = format_of(arguments);
    const results::ResultReader reader(arguments.path);
    results::TraceCounts counts;
    write_to(arguments.output, [&](std::FILE* out) {
        counts = results::write_trace(reader, selection_of(arguments), arguments.most, format, out);
    });
    fmt::print(stderr, "{} requests, {} steps", results::show_count(counts.requests),
               results::show_count(counts.steps));
    if (counts.events > 0) fmt::print(stderr, ", {} changes of the fleet", results::show_count(counts.events));
    if (counts.left_out > 0)
        fmt::print(stderr, "; {} more left out: choose with --from, --to, --sample, or take more with --most",
                   results::show_count(counts.left_out));
    fmt::print(stderr, "\n");
}

void declare_export(CLI::App& program, VidurArguments& arguments) {
    CLI::App* command = program.add_subcommand(
        "export", "Write the metrics of a run as another simulator's files, or flat for experiment trackers");
    command->add_option("FORM", arguments.simulator, "Whose: vidur, or scratchpad; or flat: one flat JSON object")
        ->required()
        ->check(CLI::IsMember({"vidur", "scratchpad", "flat"}))
        ->type_name("");
    command->add_option("RESULTS", arguments.path, "Merged file, or directory with the files of all ranks")
        ->required()
        ->type_name("");
    command->add_option("-o,--output", arguments.directory, "Directory to write, empty or new; of flat: file")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--most-replicas", arguments.most_replicas,
                     "Files of their own for at most so many replicas (default: 1000)")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber);
    command->footer(
        "Batches and operations are those of recorded steps: regatta run --set output.steps.from=0s records all.\n"
        "scratchpad: stats.json and trace.json, of runs under compat: scratchpad.\n"
        "flat: parameters (param.*) and figures, numbers and strings only, as wandb and mlflow take them.\n"
        "Example:\n  regatta-post export vidur runs/quickstart/run.h5 -o metrics");
}

void run_export(const VidurArguments& arguments) {
    check_exists("export", "RESULTS", arguments.path);
    if (arguments.directory.empty())
        throw InputError("regatta-post export: --output is missing; see regatta-post export --help");
    const results::ResultReader reader(arguments.path);
    if (arguments.simulator == "scratchpad") return write_scratchpad(reader, arguments);
    if (arguments.simulator == "flat") return write_flat(reader, arguments);
    const results::VidurExport done =
        results::write_vidur_metrics(reader, arguments.directory, arguments.most_replicas);
    fmt::print(stderr, "Written    {}: {} requests, {} batches, {} replicas\n", arguments.directory,
               results::show_count(done.requests), results::show_count(done.batches),
               results::show_count(done.replicas));
    for (const std::string& what : done.left_out)
        fmt::print(stderr, "Left out   {}\n", what);
}

}  // namespace regatta::app
