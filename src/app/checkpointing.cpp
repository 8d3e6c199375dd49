#include "app/checkpointing.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/shared_work.hpp"

namespace regatta::app {
namespace {

/// Ranks get the same signal one after the other: what asks so soon after a checkpoint meant that one.
constexpr double kSameRequest_s = 1;

/// On this machine. Collective.
CoreSet cores_of_all_ranks(engine::Transport& transport) {
    CoreSet cores = CoreSet::of_this_thread();
    const std::string own = cores.to_bytes();
    for (const std::string& others :
         SharedWork(transport).share(transport.ranks(), [&own](std::size_t) { return own; }))
        cores.add(CoreSet::from_bytes(others));
    return cores;
}

double seconds(std::chrono::steady_clock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

Checkpointing::Checkpointing(Setup setup, engine::Transport& transport, const Log& log)
    : setup_(std::move(setup)),
      transport_(transport),
      log_(log),
      last_(Clock::now()),
      writer_({.directory = setup_.directory,
               .rank = transport.rank(),
               .ranks = transport.ranks(),
               .tell =
                   [this](const results::CheckpointManifest& manifest, std::int64_t bytes) {
                       log_.info(fmt::format("  checkpoint {:03} at {:.9g} s of simulated time, {:.1f} MB",
                                             manifest.number, manifest.at.seconds(), static_cast<double>(bytes) / 1e6));
                   },
               .settle_in = [this] { cores_->let_this_thread_run(); }}) {}

SimTime Checkpointing::next_pause(SimTime now) const {
    if (!setup_.terms.every) return SimTime::never();
    const std::int64_t every_ns = setup_.terms.every->ns();
    const std::int64_t periods = now.ns() / every_ns + 1;
    return periods > SimTime::never().ns() / every_ns ? SimTime::never() : SimTime::from_ns(periods * every_ns);
}

engine::Wish Checkpointing::wish() {
    writer_.check();
    const engine::Wish asked = setup_.signals != nullptr ? setup_.signals->wish() : engine::Wish::None;
    if (asked == engine::Wish::Stop) return asked;
    const double since_s = seconds(Clock::now() - last_);
    if (asked == engine::Wish::Pause) {
        if (!has_saved_ || since_s >= kSameRequest_s) return asked;
        setup_.signals->forget_checkpoint();
    }
    const bool is_due = transport_.rank() == 0 && setup_.terms.every_wall_s && since_s >= *setup_.terms.every_wall_s;
    return is_due ? engine::Wish::Pause : engine::Wish::None;
}

void Checkpointing::save(const engine::Simulation& simulation, results::RankWriter& writer, SimTime at,
                         results::RunFacts facts) {
    const Clock::time_point began = Clock::now();
    results::CheckpointPart part;
    part.segment = writer.end_segment(at);
    log_.debug(fmt::format("  rows ended in {:.3f} s", seconds(Clock::now() - began)));
    setup_.manifest.segment_ranks.push_back(transport_.ranks());
    hand_over(simulation, writer, std::move(part), std::move(facts), at);
}

void Checkpointing::save_begun(const engine::Simulation& simulation, const results::RankWriter& writer, SimTime at,
                               results::RunFacts facts) {
    hand_over(simulation, writer, {}, std::move(facts), at);
}

void Checkpointing::hand_over(const engine::Simulation& simulation, const results::RankWriter& writer,
                              results::CheckpointPart part, results::RunFacts facts, SimTime at) {
    results::CheckpointManifest& manifest = setup_.manifest;
    // Traces are long: they are gone through once, when it is known that there will be a checkpoint.
    if (transport_.rank() == 0 && manifest.data_files.empty())
        for (const std::string& path : setup_.data_files)
            manifest.data_files.push_back(results::describe_data_file(path));
    if (!cores_) cores_ = cores_of_all_ranks(transport_);
    manifest.number = static_cast<std::uint32_t>(manifest.segment_ranks.size() - 1);
    manifest.at = at;
    manifest.run_id = writer.run_id();
    manifest.ranks = transport_.ranks();
    part.manifest = manifest;
    part.scenario_files = setup_.scenario_files;
    const Clock::time_point asked = Clock::now();
    engine::Buffer room = writer_.take_room();
    const Clock::time_point began = Clock::now();
    part.state = simulation.save(std::move(room));
    part.sums = writer.partial_so_far(at, std::move(facts)).to_bytes();
    log_.debug(fmt::format("  {:.3f} s until the disk had the one before, state taken in {:.3f} s",
                           seconds(began - asked), seconds(Clock::now() - began)));
    writer_.begin(std::move(part));
    if (setup_.signals != nullptr) setup_.signals->forget_checkpoint();
    last_ = Clock::now();
    has_saved_ = true;
}

}  // namespace regatta::app
