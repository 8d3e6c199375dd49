#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "results/show.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

/// Links named in the summary's text: those that end so many of the windows, and no more of them.
constexpr double kLeastShownFraction = 0.05;
constexpr std::size_t kMostShown = 3;

double accounted_s(const RankFacts& rank) {
    return rank.busy_s + rank.waiting_s + rank.exchanging_s + rank.writing_s;
}

/// What `part` of a rank's accounted time was, over the ranks.
TimeShare share(const std::vector<RankFacts>& ranks, double RankFacts::*part) {
    TimeShare share;
    double part_s = 0;
    double all_s = 0;
    bool is_first = true;
    for (const RankFacts& rank : ranks) {
        const double of_rank_s = accounted_s(rank);
        if (of_rank_s <= 0) continue;
        part_s += rank.*part;
        all_s += of_rank_s;
        const double of_rank = rank.*part / of_rank_s;
        share.least = is_first ? of_rank : std::min(share.least, of_rank);
        share.most = is_first ? of_rank : std::max(share.most, of_rank);
        is_first = false;
    }
    if (all_s > 0) share.mean = part_s / all_s;
    return share;
}

std::vector<WindowEnd> window_ends(const RunFacts& facts, std::int64_t all_windows) {
    std::vector<WindowEnd> ends(facts.link_names.size());
    for (std::size_t i = 0; i < ends.size(); ++i)
        ends[i].link = facts.link_names[i];
    for (const LinkFacts& link : facts.links) {
        WindowEnd& end = ends[static_cast<std::size_t>(link.link)];
        end.latency_ns = link.latency_ns;
        end.windows_fraction += static_cast<double>(link.windows_ended) / static_cast<double>(all_windows);
    }
    std::erase_if(ends, [](const WindowEnd& end) { return end.windows_fraction <= 0; });
    std::stable_sort(ends.begin(), ends.end(),
                     [](const WindowEnd& a, const WindowEnd& b) { return a.windows_fraction > b.windows_fraction; });
    return ends;
}

std::string counted(std::int64_t count, const char* noun) {
    return fmt::format("{} {}{}", show_count(count), noun, count == 1 ? "" : "s");
}

std::string run_line(const Summary& summary, const RunFigures& run) {
    std::string text = fmt::format("Run        {} wall on {}, {} steps", show_time(run.wall_s * 1e9),
                                   counted(run.ranks, "rank"), show_large(static_cast<double>(summary.fleet.steps)));
    if (run.loop_s > 0) text += fmt::format(" ({} steps/s in the event loop)", show_large(run.steps_per_s));
    return text + "\n";
}

std::string windows_line(const RunFigures& run) {
    if (run.windows == 0) return {};
    const bool is_one = run.windows == 1;
    std::string text = fmt::format("Windows    {} of {}{}", show_count(run.windows), show_time(run.mean_window_ns),
                                   is_one ? "" : " on average");
    text += fmt::format(" ({} events{}{})", show_number(run.events_per_window), is_one ? "" : " each",
                        run.ranks == 1 ? "" : " on a rank");
    if (run.least_slack_ns)
        text += fmt::format(", smallest slack {}", show_time(static_cast<double>(*run.least_slack_ns)));
    std::string_view before = "; ";
    std::string_view verb = " ended";
    for (std::size_t i = 0; i < std::min(run.ended_by.size(), kMostShown); ++i) {
        const WindowEnd& end = run.ended_by[i];
        if (i > 0 && end.windows_fraction < kLeastShownFraction) break;
        text += fmt::format("{}{}{} by {} ({})", before, show_percent(end.windows_fraction), verb, end.link,
                            show_time(static_cast<double>(end.latency_ns)));
        before = ", ";
        verb = "";
    }
    return text + "\n";
}

std::string share_text(const char* name, const TimeShare& share, std::int64_t ranks) {
    if (ranks == 1) return fmt::format("{} {}", name, show_percent(share.mean));
    return fmt::format("{} {} ({:.0f} to {:.0f})", name, show_percent(share.mean), 100 * share.least, 100 * share.most);
}

std::string time_line(const RunFigures& run) {
    if (run.busy.mean <= 0) return {};
    std::string text = "Time       " + share_text("busy", run.busy, run.ranks);
    if (run.ranks > 1)
        text += ", " + share_text("waiting", run.waiting, run.ranks) + ", " +
                share_text("exchanging", run.exchanging, run.ranks);
    text += ", " + share_text("writing", run.writing, run.ranks);
    if (run.messages > 0)
        text += fmt::format("; {} of {} between ranks", counted(run.messages, "message"),
                            show_bytes(static_cast<double>(run.bytes) / static_cast<double>(run.messages)));
    if (run.reductions > 0)
        text += fmt::format("{} {} over all", run.messages > 0 ? "," : ";", counted(run.reductions, "reduction"));
    return text + "\n";
}

}  // namespace

RunFigures run_figures(const Summary& summary, const RunFacts& facts) {
    RunFigures run;
    std::int64_t all_windows = 0;
    for (const RankFacts& rank : facts.ranks) {
        ++run.ranks;
        run.wall_s = std::max(run.wall_s, rank.wall_s);
        run.loop_s = std::max(run.loop_s, rank.loop_s);
        run.windows = std::max(run.windows, rank.windows);
        all_windows += rank.windows;
        run.events += rank.events;
        run.messages += rank.messages_sent;
        run.bytes += rank.bytes_sent;
        run.reductions = std::max(run.reductions, rank.reductions);
        if (rank.least_slack_ns != RankFacts::kNoSlack)
            run.least_slack_ns = std::min(run.least_slack_ns.value_or(rank.least_slack_ns), rank.least_slack_ns);
        run.peak_memory_bytes = std::max(run.peak_memory_bytes, rank.peak_memory_bytes);
    }
    if (run.loop_s > 0) run.steps_per_s = static_cast<double>(summary.fleet.steps) / run.loop_s;
    run.busy = share(facts.ranks, &RankFacts::busy_s);
    run.waiting = share(facts.ranks, &RankFacts::waiting_s);
    run.exchanging = share(facts.ranks, &RankFacts::exchanging_s);
    run.writing = share(facts.ranks, &RankFacts::writing_s);
    if (all_windows == 0) return run;
    run.events_per_window = static_cast<double>(run.events) / static_cast<double>(all_windows);
    run.mean_window_ns = static_cast<double>(summary.end.ns()) / static_cast<double>(run.windows);
    run.ended_by = window_ends(facts, all_windows);
    return run;
}

std::string run_text(const Summary& summary, const RunFacts& facts) {
    const RunFigures run = run_figures(summary, facts);
    return run_line(summary, run) + windows_line(run) + time_line(run);
}

}  // namespace regatta::results
