#include "app/run_command.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>

#include "app/log.hpp"
#include "app/progress.hpp"
#include "app/replications.hpp"
#include "app/scenario_input.hpp"
#include "app/version.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"
#include "results/rank_writer.hpp"
#include "scenario/build_fleet.hpp"
#include "scenario/scratchpad_scenario.hpp"
#include "timing/data_types.hpp"

namespace regatta::app {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::int64_t peak_memory_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
}

// Files keep whole numbers.
std::int64_t thousandths(double value) {
    return std::llround(value * 1e3);
}
std::int64_t millionths(double value) {
    return std::llround(value * 1e6);
}

results::RunDescription describe(const scenario::Scenario& scenario) {
    results::RunDescription run{.name = scenario.name,
                                .seed = scenario.seed,
                                .scenario_text = scenario.resolved_text,
                                .pools = {},
                                .streams = {},
                                .series_every = scenario.series_every,
                                .has_node_series = scenario.has_node_series,
                                .measure_from = scenario.measure_from};
    if (scenario.scratchpad != nullptr) run.scratchpad = scenario.scratchpad->description;
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        const scenario::Pool& pool = scenario.pools[i];
        run.pools.push_back({.name = pool.name,
                             .gpu_flops_per_s = std::llround(timing::peak_ops_per_s(pool.gpu, pool.activation_type)),
                             .gpu_memory_bytes_per_s = std::llround(pool.gpu.memory_bandwidth_bytes_per_s),
                             .work = pool.work(),
                             .stages = pool.pipeline_parallel,
                             .layers = pool.model.layers,
                             .shared_gpus = scenario::gpus_shared_with_earlier(scenario, i),
                             .absent_gpus = scenario::gpus_absent_at_start(pool),
                             .gpu_idle_mw = thousandths(pool.gpu.idle_w),
                             .gpu_memory_bound_mw = thousandths(pool.gpu.memory_bound_w),
                             .gpu_compute_bound_mw = thousandths(pool.gpu.compute_bound_w),
                             .gpu_price_uusd_per_h = millionths(pool.gpu.price_usd_per_h)});
    }
    if (scenario.energy.grid_g_per_kwh) run.energy.grid_mg_per_kwh = thousandths(*scenario.energy.grid_g_per_kwh);
    run.energy.pue_millionths = millionths(scenario.energy.pue);
    for (const scenario::Stream& stream : scenario.streams)
        run.streams.push_back(
            {.name = stream.name,
             .ttft_target = stream.targets.ttft,
             .tpot_target = stream.targets.tpot,
             // Under compat: scratchpad nobody may serve it, and streams are called as models are.
             .model = scenario.scratchpad != nullptr ? stream.name : scenario.pools[stream.pools.front()].model.name,
             .tenant = stream.tenant,
             .traffic_class = stream.traffic_class,
             .priority = stream.priority});
    return run;
}

std::vector<PoolId> first_pools(const scenario::Scenario& scenario) {
    std::vector<PoolId> pools;
    for (const scenario::Stream& stream : scenario.streams)
        pools.emplace_back(stream.pools.empty() ? std::uint16_t{0} : stream.pools.front());  // nobody may serve it
    return pools;
}

std::string free_directory(const std::string& name) {
    for (int number = 1;; ++number) {
        std::string directory = fmt::format("runs/{}-{:03}", name, number);
        if (!std::filesystem::exists(directory)) return directory;
    }
}

std::string seconds_text(SimTime time) {
    return fmt::format("{:g} s", time.seconds());
}

std::string traffic_text(const scenario::Stream& stream, const std::optional<workload::TraceSummary>& trace) {
    if (stream.trace)
        return fmt::format("{}: {} in {}, {:.0f} tokens in and {:.0f} out on average", stream.trace->path,
                           counted(trace->requests, "request"), seconds_text(trace->last_arrival),
                           trace->mean_prompt_tokens, trace->mean_output_tokens);
    if (stream.arrivals.name.empty() && stream.limit)
        return fmt::format("{}: {}", stream.name, counted(*stream.limit, "request"));
    const std::string rate = stream.rate_per_s > 0 ? fmt::format(", {:g} requests/s", stream.rate_per_s) : "";
    return fmt::format("{}: {}{}{}{}", stream.name, stream.arrivals.name, rate, stream.curve ? " on average" : "",
                       stream.limit ? ", at most " + counted(*stream.limit, "request") : "");
}

std::string layout_text(const scenario::Pool& pool) {
    std::string text = fmt::format("tp {}", pool.tensor_parallel);
    if (pool.pipeline_parallel > 1) text += fmt::format(" x pp {}", pool.pipeline_parallel);
    if (pool.speculation)
        text += fmt::format(" checking {} for each decode",
                            counted(static_cast<std::uint64_t>(pool.speculation->tokens), "proposal"));
    return text;
}

/// What is about to run, in a few lines.
void introduce(const Log& log, const scenario::Scenario& scenario, const scenario::TraceSummaries& traces,
               const engine::Partition& partition, const std::string& directory) {
    for (const scenario::Pool& pool : scenario.pools)
        log.info(fmt::format("  pool      {}: {} of {} x {}, {} at {}, {} with {} KV blocks of {} tokens", pool.name,
                             counted(pool.nodes, "node"), pool.gpus_per_node, pool.gpu.name, pool.model.name,
                             layout_text(pool), counted(pool.replicas(), "replica"), pool.replica_kv_blocks,
                             pool.block_tokens));
    for (const std::string& note : scenario.notes)
        log.info("  note      " + note);
    for (std::size_t i = 0; i < scenario.streams.size(); ++i)
        log.info("  traffic   " + traffic_text(scenario.streams[i], traces.at(i)));
    log.info(fmt::format("  engine    {}, load {:.2f} x the mean on the fullest", counted(partition.ranks, "rank"),
                         partition.imbalance));
    if (partition.idle_ranks > 0)
        log.info(
            fmt::format("  engine    {} with nothing to do: more ranks than {}", counted(partition.idle_ranks, "rank"),
                        partition.tied_by.empty() ? "gateways and nodes" : "islands, tied by " + partition.tied_by));
    log.info(fmt::format("  writing   {}/", directory));
}

/// Arrivals end here, as far as it can be told beforehand.
std::optional<SimTime> expected_end(const scenario::Scenario& scenario, const scenario::TraceSummaries& traces) {
    // A made-up stream without a duration has a limit, and nobody knows when it is reached.
    const auto is_trace = [](const scenario::Stream& stream) { return stream.trace.has_value(); };
    if (!std::all_of(scenario.streams.begin(), scenario.streams.end(), is_trace)) return scenario.duration;
    SimTime last;
    for (const auto& trace : traces)
        if (trace) last = std::max(last, trace->last_arrival);
    return scenario.duration ? std::min(*scenario.duration, last) : last;
}

/// One run from a checked scenario to the summary.
class Run {
public:
    Run(const scenario::Scenario& scenario, const Setting& setting, const Log& log, std::string directory,
        Clock::time_point started)
        : scenario_(scenario),
          setting_(setting),
          log_(log),
          transport_(setting.session.transport()),
          directory_(std::move(directory)),
          started_(started),
          description_(describe(scenario)),
          writer_({.directory = directory_,
                   .rank = transport_.rank(),
                   .ranks = transport_.ranks(),
                   .program = version_text(),
                   .run = description_,
                   .pool_of_stream = first_pools(scenario),
                   .clock = [started] { return seconds_since(started); }}),
          fleet_(scenario, setting.registries, writer_) {}

    /// On rank 0, what came of it.
    [[nodiscard]] std::optional<results::RunOutcome> carry_out(const scenario::TraceSummaries& traces) {
        engine::Partition partition = setting_.partitioner(fleet_.model(), transport_.ranks());
        // Only rank 0, which read the traces, speaks.
        if (transport_.rank() == 0) introduce(log_, scenario_, traces, partition, directory_);
        engine::Simulation simulation(fleet_.model(), std::move(partition), transport_, scenario_.bound,
                                      scenario_.exchange);
        log_.debug(fmt::format("  fleet built after {:.3f} s", seconds_since(started_)));
        ProgressLine line({.is_shown = log_.tells_info(),
                           .is_parallel = transport_.ranks() > 1,
                           .expected_end = expected_end(scenario_, traces)});
        const SimTime until = scenario_.ends_at_duration ? scenario_.duration.value() : SimTime::never();
        const engine::RunReport report =
            simulation.run({.until = until, .observer = [&](const engine::Progress& progress) {
                                writer_.settle(progress.settled);
                                line.show(progress);
                            }});
        line.finish();
        results::RunFacts facts = facts_of(report);
        simulation.finish(report.end);
        facts.ranks.front().peak_memory_bytes = peak_memory_bytes();
        writer_.finish(report.end, fleet_.arrived(), std::move(facts));
        return conclude();
    }

private:
    /// Of this rank; taken when the event loop has ended.
    [[nodiscard]] results::RunFacts facts_of(const engine::RunReport& report) const {
        const engine::Progress& progress = report.progress;
        const double idle_s = progress.waiting_s + progress.exchanging_s + writer_.writing_s();
        results::RunFacts facts;
        facts.ranks = {{.wall_s = seconds_since(started_),
                        .loop_s = progress.loop_s,
                        .waiting_s = progress.waiting_s,
                        .windows = progress.windows,
                        .events = progress.events,
                        .busy_s = std::max(progress.loop_s - idle_s, 0.0),
                        .exchanging_s = progress.exchanging_s,
                        .messages_sent = progress.messages_sent,
                        .bytes_sent = progress.bytes_sent,
                        .reductions = progress.reductions}};
        if (!report.least_slack.is_never()) facts.ranks.front().least_slack_ns = report.least_slack.ns();
        for (const engine::ChannelUse& channel : report.channels) {
            facts.links.push_back({.link = std::ssize(facts.link_names),
                                   .latency_ns = channel.latency.ns(),
                                   .windows_ended = channel.windows_bounded});
            facts.link_names.push_back(channel.name);
        }
        return facts;
    }

    [[nodiscard]] std::optional<results::RunOutcome> conclude() {
        const std::vector<std::byte> own = writer_.partial().to_bytes();
        const auto* first = reinterpret_cast<const char*>(own.data());
        const std::vector<engine::Buffer> gathered = transport_.gather(engine::Buffer(first, first + own.size()));
        if (transport_.rank() != 0) return std::nullopt;
        std::vector<results::RankPartial> partials;
        for (const engine::Buffer& bytes : gathered)
            partials.push_back(results::RankPartial::from_bytes(std::as_bytes(std::span(bytes))));
        return results::combine(description_, partials);
    }

    const scenario::Scenario& scenario_;
    const Setting& setting_;
    const Log& log_;
    engine::Transport& transport_;
    std::string directory_;
    Clock::time_point started_;
    results::RunDescription description_;
    results::RankWriter writer_;
    scenario::Fleet fleet_;
};

}  // namespace

void declare_run(CLI::App& program, RunArguments& arguments) {
    CLI::App* command = program.add_subcommand("run", "Run a scenario; under mpirun or srun on all ranks");
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
    command->add_flag("--quiet", arguments.is_quiet, "Say nothing on stderr but errors");
    command->add_flag("--json", arguments.is_json, "Print the summary as one JSON document, times in seconds");
    command->footer(
        "Examples:\n"
        "  regatta run configs/quickstart.yaml\n"
        "  mpirun -n 2 regatta run configs/azure-conversation.yaml --set workload.trace=conv.csv.gz --out out\n"
        "  regatta run configs/quickstart.yaml --seeds 5 --out five");
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

RunResult run_once(const RunArguments& arguments, const Setting& setting) {
    const Clock::time_point started = Clock::now();
    engine::Transport& transport = setting.session.transport();
    const Log log(arguments.is_quiet || transport.rank() != 0);
    log.info(
        fmt::format("{}    {}    {}", version_text(), counted(transport.ranks(), "rank"), arguments.scenario.scenario));
    const ScenarioInput input = read_scenario(arguments.scenario.scenario, arguments.scenario.all_overrides(), setting);
    RunResult result{.exit_code = input.exit_code, .directory = arguments.output, .outcome = {}};
    if (result.exit_code != 0) return result;
    log.debug(fmt::format("  scenario read after {:.3f} s", seconds_since(started)));
    result.exit_code = make_run_directory(result.directory, input.scenario->name, transport);
    if (result.exit_code != 0) return result;
    prepare_step_times(*input.scenario, transport);
    log.debug(fmt::format("  step times ready after {:.3f} s", seconds_since(started)));
    result.outcome = Run(*input.scenario, setting, log, result.directory, started).carry_out(input.traces);
    return result;
}

int run_scenario(const RunArguments& arguments, const Setting& setting) {
    if (arguments.seeds > 1) return run_replications(arguments, setting);
    const RunResult result = run_once(arguments, setting);
    if (!result.outcome) return result.exit_code;
    const results::SummaryContext context{.digest = result.outcome->digest, .facts = result.outcome->facts};
    const results::Summary& summary = result.outcome->summary;
    fmt::print("{}", arguments.is_json ? to_json(summary, context) : to_text(summary, context));
    std::fflush(stdout);
    Log(arguments.is_quiet)
        .info(fmt::format("\nWritten    {0}/\nNext       regatta-post merge {0} -o {0}/run.h5", result.directory));
    return result.exit_code;
}

int validate_scenario(const ValidateArguments& arguments, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const ScenarioInput input = read_scenario(arguments.scenario.scenario, arguments.scenario.all_overrides(), setting);
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
