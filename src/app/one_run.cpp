#include "app/one_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "app/describe_run.hpp"
#include "app/introduction.hpp"
#include "app/progress.hpp"
#include "app/version.hpp"
#include "base/memory.hpp"
#include "regatta/engine/partition.hpp"

namespace regatta::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Large pages have to be cleared, which a virtual machine may take more than a second for per gigabyte. A million GPUs
/// make up for that in about 20 simulated seconds (docs/performance.md).
bool is_short(const scenario::Scenario& scenario) {
    constexpr SimTime kWorthAPage = SimTime::from_ns(30'000'000'000);
    return scenario.duration && *scenario.duration < kWorthAPage;
}

/// A node with the requests that it serves, measured with 100,000 and a million GPUs.
std::int64_t likely_bytes(const engine::Model& model) {
    constexpr std::int64_t kBytesPerProcess = 6144;
    return kBytesPerProcess * static_cast<std::int64_t>(model.process_count());
}

std::uint32_t first_segment(const RunTerms& terms) {
    return terms.resume != nullptr ? terms.resume->manifest().number + 1 : 0;
}

}  // namespace

OneRun::OneRun(const scenario::Scenario& scenario, const Setting& setting, const Log& log, RunTerms terms)
    : scenario_(scenario),
      setting_(setting),
      log_(log),
      transport_(setting.session.transport()),
      terms_(std::move(terms)),
      description_(describe(scenario)),
      writer_({.directory = terms_.checkpoints.directory,
               .rank = transport_.rank(),
               .ranks = transport_.ranks(),
               .program = version_text(),
               .run = description_,
               .pool_of_stream = first_pools(scenario),
               .clock = [started = terms_.started] { return seconds_since(started); },
               .segment = first_segment(terms_),
               .ancestors = terms_.checkpoints.manifest.ancestors}),
      fleet_(scenario, setting.registries, writer_),
      checkpoints_(terms_.checkpoints, transport_, log) {}

RunEnd OneRun::carry_out(const scenario::TraceSummaries& traces) {
    const StallWatch watch(transport_, {.timeout_s = terms_.stall_timeout_s,
                                        .directory = terms_.checkpoints.directory,
                                        .give_up = [this](const std::string& line) {
                                            fmt::print(stderr, "regatta: {}\n", line);
                                            std::fflush(stderr);
                                            setting_.session.abort(1);
                                        }});
    engine::Partition partition = setting_.partitioner(fleet_.model(), transport_.ranks());
    // Only rank 0, which read the traces, speaks.
    if (transport_.rank() == 0) introduce(log_, scenario_, traces, partition, terms_.checkpoints.directory);
    if (!is_short(scenario_)) ask_for_large_heap_pages(likely_bytes(fleet_.model()) / transport_.ranks());
    engine::Simulation simulation(fleet_.model(), std::move(partition), transport_, scenario_.bound,
                                  scenario_.exchange);
    log_.debug(fmt::format("  fleet built after {:.3f} s", seconds_since(terms_.started)));
    if (terms_.resume != nullptr) {
        terms_.resume->load(simulation);
        if (transport_.rank() == 0) writer_.carry(terms_.resume->sums(description_));
        // So that it can go on by itself, from the first moment on.
        if (terms_.is_branch)
            checkpoints_.save_begun(simulation, writer_, terms_.resume->manifest().at,
                                    {.ranks = {{.rank = transport_.rank()}}, .link_names = {}, .links = {}});
        log_.debug(fmt::format("  checkpoint read after {:.3f} s", seconds_since(terms_.started)));
    }
    const engine::RunReport report = run_to_end(simulation, traces);
    results::RunFacts facts = facts_of(report);
    RunEnd end;
    if (report.paused_for == engine::Wish::Stop) {
        end.stopped_at = report.end;
        checkpoints_.save(simulation, writer_, report.end, facts);
        description_.stopped_at = report.end;
        writer_.begin_segment(end.stopped_at);
    }
    simulation.finish(report.end);
    facts.ranks.front().peak_memory_bytes = peak_memory_bytes();
    writer_.finish(report.end, fleet_.arrived(), std::move(facts));
    checkpoints_.wait();
    end.outcome = conclude();
    return end;
}

/// Pauses for checkpoints on the way. A run that is to stop has paused and is not saved yet.
engine::RunReport OneRun::run_to_end(engine::Simulation& simulation, const scenario::TraceSummaries& traces) {
    ProgressLine line({.is_shown = log_.tells_info(),
                       .is_parallel = transport_.ranks() > 1,
                       .expected_end = expected_end(scenario_, traces)});
    // What is computed in one go has no state in between.
    const bool can_pause = scenario_.scratchpad == nullptr;
    engine::RunOptions options{.until = scenario_.ends_at_duration ? scenario_.duration.value() : SimTime::never(),
                               .observer = [&](const engine::Progress& progress) {
                                   writer_.settle(progress.settled);
                                   line.show(progress);
                               }};
    if (can_pause) options.wish = [this] { return checkpoints_.wish(); };
    SimTime now = terms_.resume != nullptr ? terms_.resume->manifest().at : SimTime();
    while (true) {
        if (can_pause) options.pause = checkpoints_.next_pause(now);
        engine::RunReport report = simulation.run(options);
        if (report.paused_for != engine::Wish::Pause) return report;
        checkpoints_.save(simulation, writer_, report.end, facts_of(report));
        writer_.begin_segment();
        now = report.end;
    }
}

/// Of this rank; taken when the event loop stands.
results::RunFacts OneRun::facts_of(const engine::RunReport& report) const {
    const engine::Progress& progress = report.progress;
    const double idle_s = progress.waiting_s + progress.exchanging_s + writer_.writing_s();
    results::RunFacts facts;
    facts.ranks = {{.rank = transport_.rank(),
                    .wall_s = seconds_since(terms_.started),
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
        facts.links.push_back({.rank = transport_.rank(),
                               .link = std::ssize(facts.link_names),
                               .latency_ns = channel.latency.ns(),
                               .windows_ended = channel.windows_bounded});
        facts.link_names.push_back(channel.name);
    }
    return facts;
}

std::optional<results::RunOutcome> OneRun::conclude() {
    const std::vector<std::byte> own = writer_.partial().to_bytes();
    const auto* first = reinterpret_cast<const char*>(own.data());
    const std::vector<engine::Buffer> gathered = transport_.gather(engine::Buffer(first, first + own.size()));
    if (transport_.rank() != 0) return std::nullopt;
    std::vector<results::RankPartial> partials;
    for (const engine::Buffer& bytes : gathered)
        partials.push_back(results::RankPartial::from_bytes(std::as_bytes(std::span(bytes))));
    return results::combine(description_, partials);
}

}  // namespace regatta::app
