#include "app/run_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/directory_lock.hpp"
#include "app/log.hpp"
#include "app/one_run.hpp"
#include "app/replications.hpp"
#include "app/resume.hpp"
#include "app/scenario_input.hpp"
#include "app/version.hpp"
#include "regatta/base/errors.hpp"
#include "results/rank_files.hpp"
#include "scenario/quantity.hpp"

namespace regatta::app {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr int kStopped = 3;

std::string duration_problem(const std::string& text) {
    const auto duration = scenario::read_duration(text);
    if (!duration) return duration.error();
    return *duration > SimTime() ? std::string() : fmt::format("expected more than 0, found \"{}\"", text);
}

void add_checkpoint_arguments(CLI::App& command, RunArguments& arguments) {
    const auto add_time = [&command](const char* name, auto& value, const char* meaning) {
        command.add_option(name, value, meaning)->type_name("TIME")->check(CLI::Validator(duration_problem, ""));
    };
    add_time("--checkpoint-every", arguments.checkpoint_every,
             "Save the run at every multiple of this simulated time, such as 10s, in DIR/checkpoint-000, ...");
    add_time("--checkpoint-every-wall", arguments.checkpoint_every_wall,
             "Save the run whenever so much time has passed outside of it, such as 15min");
    command
        .add_option("--keep-checkpoints", arguments.keep_checkpoints,
                    "How many there are at a time, the newest (default: 2)")
        ->type_name("N")
        ->check(whole_number(1));
    add_time("--stall-timeout", arguments.stall_timeout,
             "End the run when a rank has not answered the others for so long (default: 10min)");
    command
        .add_option("--resume", arguments.resume,
                    "Go on from the last checkpoint in DIR, or the one that DIR is, on any number of ranks; with --set "
                    "as another run, in which these values hold from there on")
        ->type_name("DIR")
        ->check(no_option());
}

std::string free_directory(const std::string& name) {
    for (int number = 1;; ++number) {
        std::string directory = fmt::format("runs/{}-{:03}", name, number);
        if (!std::filesystem::exists(directory)) return directory;
    }
}

}  // namespace

void declare_run(CLI::App& program, RunArguments& arguments) {
    CLI::App* command = program.add_subcommand("run", "Run a scenario; under mpirun or srun on all ranks");
    arguments.scenario.may_lack_scenario = true;  // --resume knows it
    add_scenario_arguments(*command, arguments.scenario);
    command->add_option("--out", arguments.output, "Directory for the results (default: runs/NAME-001, -002, ...)")
        ->type_name("DIR")
        ->check(no_option());
    add_traffic_arguments(*command, arguments.scenario);
    command
        ->add_option("--seeds", arguments.seeds,
                     "Run so many times, with the seed and those that follow it, and print each figure with its 95 % "
                     "confidence interval; ranks that a run has no use for share the seeds")
        ->type_name("N")
        ->check(whole_number(1));
    add_checkpoint_arguments(*command, arguments);
    command->add_flag("--quiet", arguments.is_quiet, "Say nothing on stderr but errors");
    command->add_flag("--json", arguments.is_json, "Print the summary as one JSON document, times in seconds");
    command->footer(
        "SIGUSR1 makes a checkpoint; SIGUSR2, and a first SIGTERM or SIGINT, make one and stop (exit code 3), a second "
        "stops at once.\n"
        "Examples:\n"
        "  regatta run configs/quickstart.yaml\n"
        "  mpirun -n 2 regatta run configs/azure-conversation.yaml --set workload.trace=conv.csv.gz --out out\n"
        "  regatta run configs/quickstart.yaml --seeds 5 --out five\n"
        "  mpirun -n 2 regatta run configs/million-gpus.yaml --checkpoint-every 10s --out out\n"
        "  mpirun -n 4 regatta run --resume out");
}

void declare_validate(CLI::App& program, ValidateArguments& arguments) {
    CLI::App* command =
        program.add_subcommand("validate", "Say everything that is wrong with a scenario, without running it");
    add_scenario_arguments(*command, arguments.scenario);
    command->add_flag("--resolved", arguments.shows_resolved, "Print the scenario with every default written out");
    command->footer("Example:\n  regatta validate fleet.yaml --set gateways.count=4");
}

int make_run_directory(std::string& directory, const std::string& name, engine::Transport& transport) {
    const int code = on_rank_zero(transport, [&] {
        if (directory.empty()) directory = free_directory(name);
        results::prepare_output_directory(directory);
    });
    if (code != 0) return code;
    engine::Buffer bytes(directory.begin(), directory.end());
    transport.broadcast(bytes);
    directory.assign(bytes.begin(), bytes.end());
    return 0;
}

namespace {

std::vector<std::string> data_files(const scenario::Scenario& scenario) {
    std::vector<std::string> paths;
    for (const scenario::Stream& stream : scenario.streams) {
        if (stream.trace) paths.push_back(stream.trace->path);
        if (stream.recorded_lengths) paths.push_back(stream.recorded_lengths->path);
        if (stream.recorded_arrivals) paths.push_back(stream.recorded_arrivals->path);
    }
    return paths;
}

/// The terms that are said, else those of the run that goes on.
CheckpointTerms checkpoint_terms(const RunArguments& arguments, const ResumePoint* resume) {
    CheckpointTerms terms;
    if (resume != nullptr) terms = {.every = resume->manifest().every, .every_wall_s = resume->manifest().every_wall_s};
    if (arguments.checkpoint_every) terms.every = *scenario::read_duration(*arguments.checkpoint_every);
    if (arguments.checkpoint_every_wall)
        terms.every_wall_s = scenario::read_duration(*arguments.checkpoint_every_wall)->seconds();
    return terms;
}

/// What a run goes on from, on all ranks; or the exit code of all.
struct FoundResume {
    int exit_code = 0;
    std::optional<ResumePoint> point;
};
FoundResume find_resume(const RunArguments& arguments, engine::Transport& transport) {
    FoundResume found;
    const auto open = [&] { found.point.emplace(*arguments.resume); };
    found.exit_code = on_rank_zero(transport, open);
    if (found.exit_code == 0 && transport.rank() != 0) open();
    return found;
}

/// One run, from what the command says to its end.
class Command {
public:
    Command(const RunArguments& arguments, const Setting& setting, StopSignals* signals)
        : arguments_(arguments),
          setting_(setting),
          transport_(setting.session.transport()),
          log_(arguments.is_quiet || transport_.rank() != 0),
          signals_(signals) {}

    [[nodiscard]] RunResult carry_out() {
        RunResult result{.exit_code = 0, .directory = arguments_.output, .outcome = {}};
        std::optional<ResumePoint> resume;
        if (arguments_.resume) {
            FoundResume found = find_resume(arguments_, transport_);
            if (found.exit_code != 0) return {.exit_code = found.exit_code, .directory = {}, .outcome = {}};
            resume = std::move(found.point);
        }
        is_branch_ = resume && !arguments_.scenario.all_overrides().empty();
        log_.info(fmt::format("{}    {}    {}", version_text(), counted(transport_.ranks(), "rank"),
                              resume ? resume->path() : arguments_.scenario.scenario));
        ScenarioSource source = resume ? resume->scenario() : source_of(arguments_.scenario);
        if (is_branch_)
            source.branches.push_back({.at = resume->manifest().at, .overrides = arguments_.scenario.all_overrides()});
        const ScenarioInput input = read_scenario(source, setting_);
        result.exit_code = input.exit_code;
        if (result.exit_code == 0 && resume) result.exit_code = check_resume(*resume, input);
        if (result.exit_code != 0) return result;
        log_.debug(fmt::format("  scenario read after {:.3f} s", seconds_since(started_)));
        result.exit_code = prepare_directory(resume ? &*resume : nullptr, input.scenario->name, result.directory);
        if (result.exit_code != 0) return result;
        prepare_step_times(*input.scenario, transport_);
        log_.debug(fmt::format("  step times ready after {:.3f} s", seconds_since(started_)));
        RunTerms terms{.started = started_,
                       .resume = resume ? &*resume : nullptr,
                       .is_branch = is_branch_,
                       .checkpoints = checkpoints(resume ? &*resume : nullptr, source, input, result.directory),
                       .stall_timeout_s = scenario::read_duration(arguments_.stall_timeout)->seconds()};
        RunEnd end = OneRun(*input.scenario, setting_, log_, std::move(terms)).carry_out(input.traces);
        result.outcome = std::move(end.outcome);
        result.stopped_at = end.stopped_at;
        if (end.stopped_at) result.exit_code = kStopped;
        return result;
    }

private:
    [[nodiscard]] int check_resume(const ResumePoint& resume, const ScenarioInput& input) {
        int code = on_rank_zero(transport_, [&] {
            if (!is_branch_ && signals_ != nullptr) lock_.take(resume.directory());
            if (!is_branch_) resume.check_same_scenario(input.scenario->resolved_text, "what its files say now");
            resume.check_files(is_branch_);
        });
        if (code == 0 && !arguments_.scenario.scenario.empty()) {
            // As its files say now, with what was set when the run began.
            ScenarioSource source = resume.scenario();
            source.path = arguments_.scenario.scenario;
            source.files.reset();
            const ScenarioInput named = read_scenario(source, setting_);
            if (named.exit_code != 0) return named.exit_code;
            code = on_rank_zero(transport_, [&] {
                resume.check_same_scenario(named.scenario->resolved_text, arguments_.scenario.scenario);
            });
        }
        return code != 0 ? code : resume.check_parts(transport_);
    }

    [[nodiscard]] int prepare_directory(const ResumePoint* resume, const std::string& name, std::string& directory) {
        if (resume == nullptr || is_branch_) {
            if (const int code = make_run_directory(directory, name, transport_); code != 0) return code;
        } else {
            directory = resume->directory();
        }
        return on_rank_zero(transport_, [&] {
            if (signals_ != nullptr && (resume == nullptr || is_branch_)) lock_.take(directory);
            if (resume == nullptr) return;
            if (is_branch_)
                resume->share_segments(directory);
            else
                resume->drop_later();
        });
    }

    [[nodiscard]] Checkpointing::Setup checkpoints(const ResumePoint* resume, const ScenarioSource& source,
                                                   const ScenarioInput& input, const std::string& directory) const {
        Checkpointing::Setup setup{.directory = directory,
                                   .terms = checkpoint_terms(arguments_, resume),
                                   .signals = signals_,
                                   .manifest = {},
                                   .data_files = data_files(*input.scenario),
                                   .scenario_files = input.files};
        if (resume != nullptr) setup.manifest = resume->manifest();
        if (is_branch_) {
            setup.manifest.parent = resume->path();
            setup.manifest.ancestors = resume->run_ids();
        }
        setup.manifest.branches.clear();
        for (const scenario::Branch& branch : source.branches)
            setup.manifest.branches.push_back({.at = branch.at, .overrides = branch.overrides});
        setup.manifest.program = version_text();
        setup.manifest.scenario_path = source.path;
        setup.manifest.overrides = source.overrides;
        setup.manifest.resolved_text = input.scenario->resolved_text;
        if (arguments_.keep_checkpoints) setup.manifest.keep = *arguments_.keep_checkpoints;
        setup.manifest.every = setup.terms.every;
        setup.manifest.every_wall_s = setup.terms.every_wall_s;
        return setup;
    }

    Clock::time_point started_ = Clock::now();
    const RunArguments& arguments_;
    const Setting& setting_;
    engine::Transport& transport_;
    Log log_;
    StopSignals* signals_;
    bool is_branch_ = false;
    DirectoryLock lock_;
};

/// What only the run itself can know to exclude each other.
void check_run_arguments(const RunArguments& arguments) {
    const auto fail = [](const std::string& problem) { throw InputError("regatta run: " + problem); };
    if (arguments.scenario.scenario.empty() && !arguments.resume) fail("SCENARIO is missing; see regatta run --help");
    const bool is_branch = arguments.resume && !arguments.scenario.all_overrides().empty();
    if (arguments.resume && !arguments.output.empty() && !is_branch)
        fail("--resume goes on in its own directory; --out is for what goes another way from there, with --set");
    if (arguments.seeds > 1 && (arguments.resume || arguments.checkpoint_every || arguments.checkpoint_every_wall))
        fail("--seeds makes no checkpoints, and goes on from none");
}

}  // namespace

RunResult run_once(const RunArguments& arguments, const Setting& setting, StopSignals* signals) {
    return Command(arguments, setting, signals).carry_out();
}

int run_scenario(const RunArguments& arguments, const Setting& setting) {
    const int usage = on_rank_zero(setting.session.transport(), [&] { check_run_arguments(arguments); });
    if (usage != 0) return usage;
    if (arguments.seeds > 1) return run_replications(arguments, setting);
    const RunResult result = run_once(arguments, setting, setting.signals);
    if (!result.outcome) return result.exit_code;
    const results::SummaryContext context{.digest = result.outcome->digest, .facts = result.outcome->facts};
    const results::Summary& summary = result.outcome->summary;
    fmt::print("{}", arguments.is_json ? to_json(summary, context) : to_text(summary, context));
    std::fflush(stdout);
    const Log log(arguments.is_quiet);
    log.info(fmt::format("\nWritten    {}/", result.directory));
    log.info(result.stopped_at ? fmt::format("Next       regatta run --resume {}", result.directory)
                               : fmt::format("Next       regatta-post merge {0} -o {0}/run.h5", result.directory));
    return result.exit_code;
}

int validate_scenario(const ValidateArguments& arguments, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const ScenarioInput input = read_scenario(source_of(arguments.scenario), setting);
    if (input.exit_code != 0 || transport.rank() != 0) return input.exit_code;
    for (const std::string& note : input.scenario->notes)
        fmt::print(stderr, "note: {}\n", note);
    if (arguments.shows_resolved) {
        fmt::print("{}", input.scenario->resolved_text);
        return 0;
    }
    const scenario::Scenario& scenario = *input.scenario;
    std::uint64_t gpus = 0;
    std::uint64_t replicas = 0;
    for (const scenario::Pool& pool : scenario.pools) {
        if (!pool.servers) gpus += std::uint64_t{pool.nodes} * pool.gpus_per_node;
        replicas += pool.replicas();
    }
    for (const scenario::Servers& servers : scenario.servers)
        gpus += std::uint64_t{servers.count} * servers.gpus_each();
    fmt::print("{} is valid: {}, {} in {}, {}, {}\n", arguments.scenario.scenario, counted(gpus, "GPU"),
               counted(replicas, "replica"), counted(scenario.pools.size(), "pool"),
               counted(scenario.gateways.count, "gateway"), counted(scenario.streams.size(), "stream"));
    return 0;
}

}  // namespace regatta::app
