#include "app/replications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "app/log.hpp"
#include "app/scenario_input.hpp"
#include "regatta/engine/partition.hpp"
#include "results/comparison.hpp"
#include "results/replication_files.hpp"
#include "results/show.hpp"
#include "scenario/build_fleet.hpp"
#include "serving/no_records.hpp"

namespace regatta::app {
namespace {

/// The ranks of one group, as a session of their own.
class PartSession final : public transport::Session {
public:
    PartSession(transport::Session& whole, engine::Transport& part) : whole_(whole), part_(part) {}
    [[nodiscard]] engine::Transport& transport() override { return part_; }
    [[nodiscard]] engine::Transport& split(std::uint32_t group) override { return whole_.split(group); }
    void close() override {}
    [[noreturn]] void abort(int exit_code) override {
        whole_.abort(exit_code);
        std::_Exit(exit_code);
    }

private:
    transport::Session& whole_;
    engine::Transport& part_;
};

/// Into how many groups the ranks divide: as many as there are whole sets of ranks that one run can use.
std::uint32_t groups_of(const scenario::Scenario& scenario, const Setting& setting, std::uint64_t seeds) {
    engine::Transport& transport = setting.session.transport();
    const std::uint32_t ranks = transport.ranks();
    if (ranks == 1) return 1;
    prepare_step_times(scenario, transport);
    serving::NoRecords nowhere;
    scenario::Fleet fleet(scenario, setting.registries, nowhere);
    const std::uint32_t used = ranks - setting.partitioner(fleet.model(), ranks).idle_ranks;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max(ranks / std::max(used, 1U), 1U), seeds));
}

/// What all ranks do together, from the scenario, which is good, to the figures of all seeds.
class Replications {
public:
    Replications(const RunArguments& arguments, const Setting& setting, const scenario::Scenario& scenario,
                 std::string directory)
        : arguments_(arguments),
          setting_(setting),
          log_(arguments.is_quiet || setting.session.transport().rank() != 0),
          first_seed_(scenario.seed),
          directory_(std::move(directory)),
          groups_(groups_of(scenario, setting, arguments.seeds)) {}

    [[nodiscard]] int carry_out(const std::string& name) {
        engine::Transport& all = setting_.session.transport();
        const auto group = static_cast<std::uint32_t>(std::uint64_t{all.rank()} * groups_ / all.ranks());
        log_.info(fmt::format("  seeds     {} to {}, {} at a time\n  writing   {}/seed-{}/ ...", first_seed_,
                              first_seed_ + arguments_.seeds - 1, groups_, directory_, first_seed_));
        PartSession part(setting_.session, setting_.session.split(group));
        std::vector<results::Replication> own;
        for (std::uint64_t i = group; i < arguments_.seeds; i += groups_)
            if (const int code = run_seed(first_seed_ + i, part, own); code != 0) return code;
        results::ReplicatedRun run{.name = name, .replications = {}};
        const std::string text = results::to_text(own);
        for (const engine::Buffer& bytes : all.gather(engine::Buffer(text.begin(), text.end())))
            std::ranges::move(results::replications_of(std::string(bytes.begin(), bytes.end())),
                              std::back_inserter(run.replications));
        if (all.rank() != 0) return 0;
        std::sort(run.replications.begin(), run.replications.end(),
                  [](const results::Replication& a, const results::Replication& b) { return a.seed < b.seed; });
        fmt::print("{}", arguments_.is_json ? replications_json(run) : replications_text(run));
        std::fflush(stdout);
        log_.info(fmt::format("\nWritten    {0}/\nNext       regatta-post diff {0} OTHER", directory_));
        return 0;
    }

private:
    /// Of the group of `part`; its first rank keeps the figures in `own`.
    [[nodiscard]] int run_seed(std::uint64_t seed, PartSession& part, std::vector<results::Replication>& own) const {
        RunArguments arguments = arguments_;
        arguments.seeds = 1;
        arguments.scenario.seed = std::to_string(seed);
        arguments.output = results::replication_directory(directory_, seed);
        arguments.is_quiet = true;
        const Setting setting{.catalogue_directory = setting_.catalogue_directory,
                              .registries = setting_.registries,
                              .session = part,
                              .partitioner = setting_.partitioner};
        const RunResult result = run_once(arguments, setting);
        if (result.outcome) {
            own.push_back(results::replication_of(seed, result.outcome->digest.to_hex(), result.outcome->summary));
            log_.info(fmt::format("  seed {}: {} of {} requests finished", seed,
                                  results::show_count(result.outcome->summary.all.finished),
                                  results::show_count(result.outcome->summary.arrived)));
        }
        return result.exit_code;
    }

    const RunArguments& arguments_;
    const Setting& setting_;
    Log log_;
    std::uint64_t first_seed_;
    std::string directory_;
    std::uint32_t groups_;
};

}  // namespace

int run_replications(const RunArguments& arguments, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    const ScenarioInput input = read_scenario(source_of(arguments.scenario), setting);
    if (input.exit_code != 0) return input.exit_code;
    std::string directory = arguments.output;
    if (const int code = make_run_directory(directory, input.scenario->name, transport); code != 0) return code;
    return Replications(arguments, setting, *input.scenario, directory).carry_out(input.scenario->name);
}

}  // namespace regatta::app
