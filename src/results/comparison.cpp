#include "results/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "results/aligned.hpp"
#include "results/replication_files.hpp"
#include "results/result_reader.hpp"

namespace regatta::results {
namespace {

using Json = nlohmann::ordered_json;

/// One headline figure of two runs.
struct Row {
    const Headline* headline = nullptr;
    double first = 0;
    double other = 0;
    Difference difference;
    bool is_paired = false;

    /// Of the first; none where that is 0.
    [[nodiscard]] std::optional<double> relative(double part) const {
        return first == 0 ? std::nullopt : std::optional(part / std::abs(first));
    }
};

bool have_the_same_seeds(const ReplicatedRun& first, const ReplicatedRun& other) {
    const auto is_same = [](const Replication& a, const Replication& b) { return a.seed == b.seed; };
    return std::equal(first.replications.begin(), first.replications.end(), other.replications.begin(),
                      other.replications.end(), is_same);
}

std::vector<Row> rows_of(const ReplicatedRun& first, const ReplicatedRun& other) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < headlines().size(); ++i) {
        const std::vector<double> a = first.values(i);
        const std::vector<double> b = other.values(i);
        if (a.empty() || b.empty()) continue;
        const bool is_paired =
            a.size() == b.size() && a.size() == first.replications.size() && have_the_same_seeds(first, other);
        rows.push_back({.headline = &headlines()[i],
                        .first = estimate(a).mean,
                        .other = estimate(b).mean,
                        .difference = is_paired ? paired_difference(a, b) : independent_difference(a, b),
                        .is_paired = is_paired});
    }
    return rows;
}

std::string signed_percent(const std::optional<double>& fraction) {
    return fraction ? fmt::format("{:+.2f} %", 100 * *fraction) : "-";
}

std::string noise_words(const Row& row) {
    if (row.difference.mean == 0 && row.difference.half_width.value_or(0) == 0) return "none";
    if (!row.difference.half_width) return "noise not known";
    return row.difference.exceeds_noise() ? "more than noise" : "within noise";
}

std::string replications_words(const ReplicatedRun& run) {
    const std::size_t count = run.replications.size();
    return count == 1
               ? fmt::format("seed {}", run.replications.front().seed)
               : fmt::format("{} seeds, {} to {}", count, run.replications.front().seed, run.replications.back().seed);
}

}  // namespace

std::string to_text(const std::vector<Replication>& replications) {
    Json json = Json::array();
    for (const Replication& replication : replications) {
        Json figures = Json::array();
        for (const std::optional<double>& figure : replication.figures)
            figures.push_back(figure ? Json(*figure) : Json(nullptr));
        json.push_back({replication.seed, replication.digest, std::move(figures)});
    }
    return json.dump();
}

std::vector<Replication> replications_of(const std::string& text) {
    std::vector<Replication> replications;
    for (const Json& each : Json::parse(text)) {
        Replication replication{.seed = each[0], .digest = each[1], .figures = {}};
        for (const Json& figure : each[2])
            replication.figures.push_back(figure.is_null() ? std::nullopt : std::optional(figure.get<double>()));
        replications.push_back(std::move(replication));
    }
    return replications;
}

Replication replication_of(std::uint64_t seed, const std::string& digest, const Summary& summary) {
    Replication replication{.seed = seed, .digest = digest, .figures = {}};
    for (const Headline& headline : headlines())
        replication.figures.push_back(headline.read(summary));
    return replication;
}

std::vector<double> ReplicatedRun::values(std::size_t i) const {
    std::vector<double> values;
    for (const Replication& replication : replications)
        if (const std::optional<double>& figure = replication.figures.at(i)) values.push_back(*figure);
    return values;
}

ReplicatedRun read_replications(const std::string& path) {
    std::vector<std::string> paths = replications_in(path);
    if (paths.empty()) paths = {path};
    ReplicatedRun run;
    for (const std::string& each : paths) {
        const ResultReader reader(each);
        const RunOutcome outcome = reader.outcome();
        run.name = reader.run().name;
        run.replications.push_back(replication_of(reader.run().seed, outcome.digest.to_hex(), outcome.summary));
    }
    return run;
}

std::string replications_text(const ReplicatedRun& run) {
    std::vector<std::vector<std::string>> rows = {{"", "mean", "+- (95 %)", "", "least", "most"}};
    for (std::size_t i = 0; i < headlines().size(); ++i) {
        const std::vector<double> values = run.values(i);
        if (values.empty()) continue;
        const Headline& headline = headlines()[i];
        const Estimate of = estimate(values);
        const auto show = [&](double value) { return show_figure(value, headline.unit); };
        const bool is_relative = of.half_width && of.mean != 0 && headline.unit != "fraction";
        rows.push_back({std::string(headline.label), show(of.mean), of.half_width ? show(*of.half_width) : "-",
                        is_relative ? fmt::format("{:.2f} %", 100 * *of.half_width / std::abs(of.mean)) : "",
                        show(of.least), show(of.most)});
    }
    std::string text = fmt::format("{}: {}\n\n{}\n", run.name, replications_words(run), aligned(rows));
    for (const Replication& replication : run.replications)
        text += fmt::format("Seed {}: digest {}\n", replication.seed, replication.digest);
    return text;
}

std::string replications_json(const ReplicatedRun& run) {
    Json json = {{"name", run.name}, {"replications", Json::array()}, {"figures", Json::object()}};
    for (const Replication& replication : run.replications)
        json["replications"].push_back({{"seed", replication.seed}, {"digest", replication.digest}});
    for (std::size_t i = 0; i < headlines().size(); ++i) {
        const std::vector<double> values = run.values(i);
        if (values.empty()) continue;
        const Estimate of = estimate(values);
        json["figures"][std::string(headlines()[i].id)] = {
            {"unit", headlines()[i].unit},
            {"mean", of.mean},
            {"half_width_95", of.half_width ? Json(*of.half_width) : Json(nullptr)},
            {"standard_deviation", of.deviation},
            {"least", of.least},
            {"most", of.most},
            {"values", values}};
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string difference_text(const ReplicatedRun& first, const ReplicatedRun& other) {
    std::vector<std::vector<std::string>> table = {{"", "A", "B", "change", "+- (95 %)", "seed-to-seed"}};
    bool is_paired = false;
    for (const Row& row : rows_of(first, other)) {
        const auto show = [&](double value) { return show_figure(value, row.headline->unit); };
        is_paired = is_paired || row.is_paired;
        const auto noise = row.difference.half_width ? row.relative(*row.difference.half_width) : std::nullopt;
        table.push_back({std::string(row.headline->label), show(row.first), show(row.other),
                         signed_percent(row.relative(row.difference.mean)),
                         noise ? fmt::format("{:.2f} %", 100 * *noise) : "-", noise_words(row)});
    }
    std::string text = fmt::format("A: {}, {}\nB: {}, {}\n\n{}", first.name, replications_words(first), other.name,
                                   replications_words(other), aligned(table));
    if (first.replications.size() == 1 && other.replications.size() == 1)
        text +=
            "\nOne seed each: nothing tells how much of a change is noise. Runs of several seeds do so: regatta run "
            "--seeds 5\n";
    else if (is_paired)
        text += "\nSeed by seed: A and B had the same random numbers.\n";
    return text;
}

std::string difference_json(const ReplicatedRun& first, const ReplicatedRun& other) {
    const auto side = [](const ReplicatedRun& run) {
        Json seeds = Json::array();
        for (const Replication& replication : run.replications)
            seeds.push_back({{"seed", replication.seed}, {"digest", replication.digest}});
        return Json{{"name", run.name}, {"replications", std::move(seeds)}};
    };
    Json json = {{"a", side(first)}, {"b", side(other)}, {"figures", Json::object()}};
    for (const Row& row : rows_of(first, other)) {
        const auto or_null = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
        json["figures"][std::string(row.headline->id)] = {
            {"unit", row.headline->unit},
            {"a", row.first},
            {"b", row.other},
            {"difference", row.difference.mean},
            {"relative", or_null(row.relative(row.difference.mean))},
            {"half_width_95", or_null(row.difference.half_width)},
            {"is_paired", row.is_paired},
            {"exceeds_noise", row.difference.half_width ? Json(row.difference.exceeds_noise()) : Json(nullptr)}};
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace regatta::results
