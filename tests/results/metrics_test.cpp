#include "results/metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "made_up_run.hpp"
#include "results/summary.hpp"

namespace regatta::results {
namespace {

using Json = nlohmann::json;

/// Paths of all leaves below `json`; what has a name is one, whatever it holds.
void collect(const Json& json, const std::string& path, const std::set<std::string>& whole,
             std::set<std::string>& leaves) {
    if (!json.is_object() || whole.count(path) > 0) {
        leaves.insert(path);
        return;
    }
    for (const auto& [key, value] : json.items())
        collect(value, path.empty() ? key : path + "." + key, whole, leaves);
}

std::set<std::string> names_of(std::span<const Metric> metrics) {
    std::set<std::string> names;
    for (const Metric& metric : metrics) {
        const std::string path(metric.path);
        if (metric.kind == Metric::Kind::Number) names.insert(path);
        if (metric.kind == Metric::Kind::Latency)
            for (const char* member : {"count", "mean_s", "p50_s", "p90_s", "p95_s", "p99_s"})
                names.insert(path + "." + member);
        if (metric.kind == Metric::Kind::Sizes)
            for (const char* member : {"mean", "p50", "p90", "p99", "max"})
                names.insert(path + "." + member);
    }
    return names;
}

std::set<std::string> without(std::set<std::string> names, const std::set<std::string>& others) {
    for (const std::string& other : others)
        names.erase(other);
    return names;
}

/// The JSON summary of a run that has everything.
Json summary() {
    const ScratchDirectory scratch;
    const MadeUpRun run = make_up_run(50, 300);
    const RunOutcome outcome = combine(run.description, write_run(run, scratch.path(), 2));
    return Json::parse(to_json(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
}

const std::set<std::string> kOfTargets = {"ttft.target_s", "ttft.met_fraction", "tpot.target_s", "tpot.met_fraction"};

TEST(Metrics, DefineEveryFigureOfRequests) {
    for (const char* list : {"streams", "classes"}) {
        SCOPED_TRACE(list);
        std::set<std::string> found;
        const Json json = summary();
        for (const Json& one : json[list])
            collect(one, "", {"requests.reasons"}, found);
        std::set<std::string> defined = names_of(request_metrics());
        defined.insert(kOfTargets.begin(), kOfTargets.end());
        EXPECT_EQ(without(found, defined), std::set<std::string>({"name"})) << "not defined";
        EXPECT_EQ(without(defined, found), std::set<std::string>({"goodput", "requests.arrived"})) << "not there";
    }
}

TEST(Metrics, DefineEveryFigureOfPools) {
    std::set<std::string> found;
    const Json json = summary();
    for (const Json& pool : json["pools"])
        collect(pool, "", {}, found);
    const std::set<std::string> defined = names_of(fleet_metrics());
    EXPECT_EQ(without(found, defined), std::set<std::string>({"name"})) << "not defined";
    // Defined for where they are null.
    EXPECT_EQ(without(defined, found), std::set<std::string>({"carbon", "cost", "energy"})) << "not there";
}

TEST(Metrics, DefineEveryFigureOfTheRun) {
    std::set<std::string> found;
    collect(summary(), "", {"streams", "classes", "pools", "requests.reasons", "run.ended_by", "run.of_ranks"}, found);
    std::set<std::string> defined = names_of(run_metrics());
    defined.insert(kOfTargets.begin(), kOfTargets.end());
    for (const std::string& name : names_of(request_metrics()))
        defined.insert(name);
    for (const std::string& name : names_of(fleet_metrics())) {
        defined.insert("fleet." + name);
        if (name.starts_with("inter_token_gap")) defined.insert(name);
    }
    EXPECT_EQ(without(found, defined), std::set<std::string>({"streams", "classes", "pools"})) << "not defined";
    EXPECT_EQ(without(defined, found), std::set<std::string>({"fleet.carbon", "fleet.cost", "fleet.energy", "goodput"}))
        << "not there";
}

TEST(Metrics, AreThePageInTheDocs) {
    const char* root = std::getenv("REGATTA_SOURCE_DIR");
    if (root == nullptr) GTEST_SKIP() << "REGATTA_SOURCE_DIR is not set; run this by ctest";
    std::ifstream file(std::filesystem::path(root) / "docs/reference/metrics.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(page, metrics_reference())
        << "docs/reference/metrics.md is stale; rewrite it: regatta-post reference metrics > docs/reference/metrics.md";
}

}  // namespace
}  // namespace regatta::results
