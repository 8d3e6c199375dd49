#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <vector>

#include "made_up_run.hpp"
#include "results/report/make_report.hpp"
#include "results/report/plot.hpp"
#include "results/report/request_pass.hpp"
#include "results/report/sections.hpp"
#include "results/result_reader.hpp"

namespace regatta::results::report {
namespace {

using serving::EndState;
using serving::RequestRecord;
using Json = nlohmann::json;

RequestRecord request(std::int64_t arrival_ns, std::int64_t scheduled_ns, std::int64_t first_token_ns,
                      std::int64_t end_ns) {
    RequestRecord record;
    record.arrival_ns = arrival_ns;
    record.received_ns = arrival_ns;
    record.scheduled_ns = scheduled_ns;
    record.first_token_ns = first_token_ns;
    record.end_ns = end_ns;
    record.output_tokens = 10;
    record.state = EndState::Finished;
    return record;
}

TEST(TimeGrid, HasRoundIntervalsThatCoverTheRun) {
    const TimeGrid grid = TimeGrid::covering(1'000'000'000, 100);
    EXPECT_EQ(grid.width_ns, 10'000'000);
    EXPECT_EQ(grid.columns, 100U);
    EXPECT_EQ(grid.column_of(0), 0U);
    EXPECT_EQ(grid.column_of(9'999'999), 0U);
    EXPECT_EQ(grid.column_of(10'000'000), 1U);
    EXPECT_EQ(grid.column_of(1'000'000'000), 99U);
    EXPECT_EQ(TimeGrid::covering(1'000'000'001, 100).width_ns, 20'000'000);
    EXPECT_EQ(TimeGrid::covering(0, 100).columns, 1U);
}

RC_GTEST_PROP(TimeGrid, IsNeverFinerThanAskedAndMissesNothing, ()) {
    const auto end = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
    const auto most = *rc::gen::inRange<std::size_t>(1, 500);
    const TimeGrid grid = TimeGrid::covering(end, most);
    RC_ASSERT(grid.columns >= 1U);
    RC_ASSERT(grid.columns <= most);
    RC_ASSERT(static_cast<std::int64_t>(grid.columns) >= end / grid.width_ns + (end % grid.width_ns == 0 ? 0 : 1));
}

// Against adding up each request's overlap with each interval.
RC_GTEST_PROP(NodeLoad, IsTheMeanNumberOfRequestsInBatches, ()) {
    const std::int64_t end = 1000;
    const TimeGrid grid = TimeGrid::covering(end, 8);
    NodeLoad load(grid, {0, 1, 1}, 2);
    std::vector<std::vector<std::int64_t>> expected(2, std::vector<std::int64_t>(grid.columns));
    const auto count = *rc::gen::inRange(0, 30);
    for (int i = 0; i < count; ++i) {
        const auto from = *rc::gen::inRange<std::int64_t>(0, end + 1);
        const auto to = *rc::gen::inRange<std::int64_t>(from, end + 1);
        RequestRecord record = request(from, from, to, to);
        record.replica = *rc::gen::inRange(0U, 4U);  // the last one is none of the fleet's
        load.add(record);
        if (record.replica == 3) continue;
        for (std::size_t column = 0; column < grid.columns; ++column) {
            const std::int64_t left = static_cast<std::int64_t>(column) * grid.width_ns;
            const std::int64_t overlap = std::min(to, left + grid.width_ns) - std::max(from, left);
            expected[record.replica == 0 ? 0 : 1][column] += std::max<std::int64_t>(overlap, 0);
        }
    }
    const auto means = load.means(end);
    for (std::size_t row = 0; row < 2; ++row)
        for (std::size_t column = 0; column < grid.columns; ++column) {
            const double width = static_cast<double>(grid.width_ns);
            RC_ASSERT(std::abs(means[row][column] - static_cast<double>(expected[row][column]) / width) < 1e-9);
        }
}

TEST(RequestPass, CountsByWhenRequestsCameAndEnded) {
    const TimeGrid grid{.width_ns = 100, .columns = 3};
    RequestPass pass(grid, 0, NodeLoad(grid, {0}, 1));
    std::vector<RequestRecord> rows = {request(10, 20, 50, 140), request(110, 120, 130, 250)};
    rows.push_back(request(120, -1, -1, 130));
    rows.back().state = EndState::Rejected;
    rows.push_back(request(290, -1, -1, 300));
    rows.back().state = EndState::Unfinished;
    pass.add(rows);
    const auto counts = [&](std::int64_t Interval::*number) {
        std::vector<std::int64_t> found;
        for (const Interval& interval : pass.intervals())
            found.push_back(interval.*number);
        return found;
    };
    EXPECT_EQ(counts(&Interval::arrived), (std::vector<std::int64_t>{1, 2, 1}));
    EXPECT_EQ(counts(&Interval::finished), (std::vector<std::int64_t>{0, 1, 1}));
    EXPECT_EQ(counts(&Interval::given_up), (std::vector<std::int64_t>{0, 1, 0}));
    EXPECT_EQ(pass.intervals()[1].ttft.mean_ns(), 40);
    EXPECT_EQ(pass.intervals()[2].tpot.mean_ns(), 13);  // 120 ns over 9 tokens
}

// 90 fast requests and 10 slow ones, of which one bound lies inside a bucket.
TEST(RequestPass, GivesTheStagesOfThoseBetweenTwoPercentiles) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const TimeGrid grid = TimeGrid::covering(100 * kSecond, 10);
    RequestPass pass(grid, 0, NodeLoad());
    std::vector<RequestRecord> rows;
    for (int i = 0; i < 90; ++i)
        rows.push_back(request(0, kSecond, 2 * kSecond, 4 * kSecond));
    for (int i = 0; i < 10; ++i)
        rows.push_back(request(0, 10 * kSecond, 12 * kSecond, 20 * kSecond));
    pass.add(rows);
    const auto stage = [](const auto& means, Stage which) { return (*means)[static_cast<std::size_t>(which)]; };
    const auto fast = pass.mean_stages_s(0, 0.5);
    ASSERT_TRUE(fast);
    EXPECT_DOUBLE_EQ(stage(fast, Stage::Waiting), 1);
    EXPECT_DOUBLE_EQ(stage(fast, Stage::Prefill), 1);
    EXPECT_DOUBLE_EQ(stage(fast, Stage::Decode), 2);
    EXPECT_DOUBLE_EQ(stage(pass.mean_stages_s(0.95, 1), Stage::Waiting), 10);
    EXPECT_DOUBLE_EQ(stage(pass.mean_stages_s(0.8, 1), Stage::Waiting), 5.5);
    EXPECT_FALSE(RequestPass(grid, 0, NodeLoad()).mean_stages_s(0, 1));
}

TEST(Thinned, KeepsTheLeastAndTheLargest) {
    LineSeries series{.label = "queue"};
    for (int i = 0; i < 10'000; ++i)
        series.add(i, i == 4321 ? 99.0 : i == 7654 ? -5.0 : 1.0);
    const LineSeries thin = thinned(series, 500);
    EXPECT_LE(thin.x.size(), 502U);
    EXPECT_EQ(*std::max_element(thin.y.begin(), thin.y.end()), 99.0);
    EXPECT_EQ(*std::min_element(thin.y.begin(), thin.y.end()), -5.0);
    EXPECT_TRUE(std::is_sorted(thin.x.begin(), thin.x.end()));
    EXPECT_EQ(thin.x.back(), 9999);
}

class ReportOfARun : public testing::Test {
protected:
    ReportOfARun() {
        for (const char* name : {"a", "b"})
            std::filesystem::create_directories(directory_.path(name));
        MadeUpRun run = make_up_run(7, 2000);
        make_up_events(run, 7);
        write_run(run, directory_.path("a"), 2);
        write_run(make_up_run(8, 500), directory_.path("b"), 1);
    }
    [[nodiscard]] Json document(const std::vector<std::string>& names) const {
        std::vector<std::string> paths;
        for (const std::string& name : names)
            paths.push_back(directory_.path(name));
        return Json::parse(to_json(make_report(paths)));
    }
    ScratchDirectory directory_;
};

TEST_F(ReportOfARun, HasChartsWithDataAndNamesOfTheirOwn) {
    const Json report = document({"a"});
    std::set<std::string> ids;
    for (const Json& section : report["sections"])
        for (const Json& chart : section["charts"]) {
            EXPECT_TRUE(ids.insert(chart["id"]).second) << chart["id"];
            if (chart["kind"] == "heat") {
                EXPECT_EQ(chart["values"].size(), chart["rows"].size());
                EXPECT_EQ(chart["values"][0].size() + 1, chart["columns"].size());
                continue;
            }
            ASSERT_FALSE(chart["series"].empty()) << chart["id"];
            for (const Json& series : chart["series"]) {
                EXPECT_FALSE(series["y"].empty()) << chart["id"] << " " << series["label"];
                if (chart["kind"] == "stacked") continue;
                EXPECT_EQ(series["x"].size(), series["y"].size());
                EXPECT_TRUE(std::is_sorted(series["x"].begin(), series["x"].end()));
            }
        }
    for (const char* id : {"ttft-distribution", "traffic", "stages", "busy-replicas", "nodes-over-time", "batch-sizes",
                           "operators", "kv-use", "replicas"})
        EXPECT_TRUE(ids.contains(id)) << id;
}

// What tiles say is what `stats --json` says, at the place that their name tells.
TEST_F(ReportOfARun, HasTilesThatEqualTheSummary) {
    const Json report = document({"a"});
    const RunOutcome outcome = ResultReader(directory_.path("a")).outcome();
    const Json stats =
        Json::parse(results::to_json(outcome.summary, {.digest = outcome.digest, .facts = outcome.facts}));
    EXPECT_GE(report["tiles"].size(), 10U);
    for (const Json& tile : report["tiles"]) {
        auto path = tile["id"].get<std::string>();
        path.insert(path.begin(), '.');
        std::replace(path.begin(), path.end(), '.', '/');
        EXPECT_EQ(tile["values"][0].get<double>(), stats.at(Json::json_pointer(path)).get<double>()) << path;
    }
    EXPECT_EQ(report["runs"][0]["digest"], outcome.digest.to_hex());
}

TEST_F(ReportOfARun, CountsEveryRequestInTheTraffic) {
    const Json report = document({"a"});
    for (const Json& section : report["sections"])
        for (const Json& chart : section["charts"]) {
            if (chart["id"] != "traffic") continue;
            double arrived = 0;
            const Json& series = chart["series"][0];
            for (std::size_t i = 0; i + 1 < series["x"].size(); ++i)
                if (!series["y"][i].is_null())
                    arrived += series["y"][i].get<double>() *
                               (series["x"][i + 1].get<double>() - series["x"][i].get<double>());
            EXPECT_NEAR(arrived, 2000, 2);
        }
}

TEST_F(ReportOfARun, LaysRunsOverEachOther) {
    const Json report = document({"a", "b"});
    EXPECT_EQ(report["runs"].size(), 2U);
    EXPECT_NE(report["runs"][0]["name"], report["runs"][1]["name"]);
    for (const Json& tile : report["tiles"])
        EXPECT_EQ(tile["values"].size(), 2U);
    for (const Json& section : report["sections"])
        for (const Json& chart : section["charts"])
            if (chart["id"] == "ttft-distribution") {
                EXPECT_EQ(chart["series"].size(), 2U);
                EXPECT_NE(chart["series"][0]["label"], chart["series"][1]["label"]);
            }
}

TEST_F(ReportOfARun, IsOnePageWithoutAnythingFromOutside) {
    Report report = make_report({directory_.path("a")});
    report.title = "</title><script>alert(1)</script> & more";
    report.notes = {"</script><!-- {{data}}"};
    const std::string page = to_page(report);
    EXPECT_EQ(page.find("alert(1)</script> &"), std::string::npos);
    EXPECT_EQ(page.find("</script><!-- "), std::string::npos);
    for (const char* outside : {"src=\"http", "href=\"http", "@import", "url(http", "fetch(", "XMLHttpRequest"})
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
    EXPECT_NE(page.find("uPlot"), std::string::npos);
    EXPECT_LT(page.size(), 3'000'000U);
}

TEST_F(ReportOfARun, DrawsEachChartAsAFile) {
    std::filesystem::create_directories(directory_.path("charts"));
    for (const Section& section : make_report({directory_.path("a")}).sections)
        for (const Chart& chart : section.charts) {
            const std::string path = directory_.path("charts/" + chart.id + ".svg");
            draw_chart(chart, path);
            std::ifstream file(path);
            const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
            // Axes, texts and data: a page with nothing on it has less.
            EXPECT_GT(text.size(), 10'000U) << chart.id;
            EXPECT_TRUE(text.ends_with("</svg>\n")) << chart.id;
        }
}

}  // namespace
}  // namespace regatta::results::report
