#include "results/roofline_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "regatta/base/errors.hpp"
#include "timing/profile_csv.hpp"

namespace regatta::results {
namespace {

using Json = nlohmann::json;

/// A row of the table, whichever form it had.
struct Entry {
    std::string hardware;
    std::string what;       ///< operator, "total" or matrix
    std::string model;      ///< empty: a matrix
    std::string stage;      ///< likewise
    std::string precision;  ///< of weights/activations/KV cache
    std::int64_t tp = 1;
    std::int64_t batch = 1;
    std::int64_t length = 1;
    std::int64_t input_size = 1;
    double flops = 0;
    double bytes = 0;
    double flops_per_s = 0;
    double peak_flops_per_s = 0;
    double bandwidth_bytes_per_s = 0;
};

std::vector<Entry> entries_of_csv(const std::string& name, std::string_view text) {
    const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
    const auto has = [&](const char* column) { return header.find(column) != std::string_view::npos; };
    const bool has_matrices = has(",matrix,");
    if (!has_matrices && !has(",operator,"))
        throw InputError(
            fmt::format("{}: no table of regatta roofline: it has neither a column operator nor matrix", name));
    const timing::CsvTable table(name, text);
    const auto word = [&](std::size_t row, const char* column) {
        return std::string(table.text(row, table.column(column)));
    };
    const auto number = [&](std::size_t row, const char* column) { return table.number(row, table.column(column)); };
    const auto count = [&](std::size_t row, const char* column) { return table.count(row, table.column(column)); };
    std::vector<Entry> entries;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        Entry entry{.hardware = word(row, "hardware"),
                    .what = word(row, has_matrices ? "matrix" : "operator"),
                    .model = {},
                    .stage = {},
                    .precision = word(row, "weights") + "/" + word(row, "activations"),
                    .flops = number(row, "flops"),
                    .bytes = number(row, "bytes"),
                    .flops_per_s = number(row, "attained_flops_per_s"),
                    .peak_flops_per_s = number(row, "peak_flops_per_s"),
                    .bandwidth_bytes_per_s = number(row, "bandwidth_bytes_per_s")};
        if (has_matrices) {
            entry.input_size = count(row, "input_size");
        } else {
            entry.model = word(row, "model");
            entry.stage = word(row, "stage");
            entry.precision += "/" + word(row, "kv_cache");
            entry.tp = count(row, "tp");
            entry.batch = count(row, "batch");
            entry.length = count(row, "length");
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

Entry entry_of_matrix(const Json& json) {
    return {.hardware = json.at("hardware"),
            .what = json.at("matrix"),
            .model = {},
            .stage = {},
            .precision = json.at("weights").get<std::string>() + "/" + json.at("activations").get<std::string>(),
            .input_size = json.at("input_size"),
            .flops = json.at("flops"),
            .bytes = json.at("bytes"),
            .flops_per_s = json.at("attained_flops_per_s"),
            .peak_flops_per_s = json.at("peak_flops_per_s"),
            .bandwidth_bytes_per_s = json.at("bandwidth_bytes_per_s")};
}

void add_step(const Json& json, std::vector<Entry>& entries) {
    Entry entry{.hardware = json.at("hardware"),
                .what = {},
                .model = json.at("model"),
                .stage = json.at("stage"),
                .precision = json.at("weights").get<std::string>() + "/" + json.at("activations").get<std::string>() +
                             "/" + json.at("kv_cache").get<std::string>(),
                .tp = json.at("tp"),
                .batch = json.at("batch"),
                .length = json.at("length"),
                .peak_flops_per_s = json.at("peak_flops_per_s"),
                .bandwidth_bytes_per_s = json.at("bandwidth_bytes_per_s")};
    const auto add = [&](const Json& part, const std::string& what) {
        entry.what = what;
        entry.flops = part.at("flops");
        entry.bytes = part.at("bytes");
        entry.flops_per_s = part.at("attained_flops_per_s");
        entries.push_back(entry);
    };
    if (json.contains("operators"))
        for (const Json& part : json.at("operators"))
            add(part, part.at("operator"));
    add(json.at("total"), "total");
}

std::vector<Entry> entries_of_json(const std::string& name, std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) throw InputError(fmt::format("{}: no JSON, though it begins like some", name));
    std::vector<Entry> entries;
    try {
        if (json.contains("matrices"))
            for (const Json& matrix : json.at("matrices"))
                entries.push_back(entry_of_matrix(matrix));
        else
            for (const Json& step : json.at("steps"))
                add_step(step, entries);
    } catch (const Json::exception&) {
        throw InputError(
            fmt::format("{}: no JSON of regatta roofline: expected matrices or steps as it writes them", name));
    }
    return entries;
}

/// A list without the things that all entries share is what tells them apart.
template <class Member>
bool varies(const std::vector<Entry>& entries, Member member) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.*member != entries.front().*member; });
}

/// What tells entries apart, and what all have in common.
class Names {
public:
    explicit Names(const std::vector<Entry>& entries)
        : has_hardware_(varies(entries, &Entry::hardware)),
          has_precision_(varies(entries, &Entry::precision)),
          has_model_(varies(entries, &Entry::model)),
          has_stage_(varies(entries, &Entry::stage)),
          has_tp_(varies(entries, &Entry::tp)) {}

    /// But for GPU and stage.
    [[nodiscard]] std::string shape(const Entry& entry) const {
        std::string name = entry.what;
        if (has_model_) name += ", " + entry.model;
        if (has_precision_) name += ", " + entry.precision;
        if (has_tp_) name += fmt::format(", tp {}", entry.tp);
        return name;
    }
    [[nodiscard]] std::string series(const Entry& entry) const {
        std::string name = shape(entry);
        if (has_hardware_) name += ", " + entry.hardware;
        if (has_stage_ && !entry.what.ends_with(entry.stage)) name += ", " + entry.stage;
        return name;
    }
    [[nodiscard]] bool is_hollow(const Entry& entry) const { return has_stage_ && entry.stage == "decode"; }
    [[nodiscard]] std::string common(const Entry& entry) const {
        std::string text;
        const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
        if (!has_stage_ && !entry.stage.empty()) add(entry.stage);
        if (!has_model_ && !entry.model.empty()) add(entry.model);
        if (!has_tp_ && !entry.model.empty()) add(fmt::format("tp {}", entry.tp));
        if (!has_precision_)
            add("weights/activations" + std::string(entry.model.empty() ? " " : "/KV cache ") + entry.precision);
        return text;
    }

private:
    bool has_hardware_;
    bool has_precision_;
    bool has_model_;
    bool has_stage_;
    bool has_tp_;
};

template <class Value, class Same>
std::size_t index_in(std::vector<Value>& values, const Value& value, const Same& same) {
    const auto found =
        std::find_if(values.begin(), values.end(), [&](const Value& known) { return same(known, value); });
    const auto index = static_cast<std::size_t>(found - values.begin());
    if (found == values.end()) values.push_back(value);
    return index;
}

RooflineRoof roof_of(const Entry& entry) {
    return {entry.hardware, entry.peak_flops_per_s, entry.bandwidth_bytes_per_s};
}

void add_roofs(const std::vector<Entry>& entries, RooflineChart& chart) {
    for (const Entry& entry : entries)
        static_cast<void>(index_in(chart.roofs, roof_of(entry), std::equal_to<>()));
    const RooflineRoof& first = chart.roofs.front();
    chart.title = "Roofline";
    if (chart.roofs.size() == 1)
        chart.title += fmt::format(" of {}: {:.4g} TFLOP/s, {:.4g} GB/s", first.name, first.peak_flops_per_s / 1e12,
                                   first.bandwidth_bytes_per_s / 1e9);
}

void add_points(const std::vector<Entry>& entries, RooflineChart& chart) {
    const Names names(entries);
    std::int64_t Entry::*size = &Entry::length;
    chart.size_name = "length";
    if (varies(entries, &Entry::batch)) {
        size = &Entry::batch;
        chart.size_name = "batch";
    }
    if (entries.front().model.empty()) {
        size = &Entry::input_size;
        chart.size_name = "input size";
    }
    std::set<std::int64_t> sizes;
    for (const Entry& entry : entries)
        sizes.insert(entry.*size);
    chart.sizes.assign(sizes.begin(), sizes.end());
    const auto same_name = [](const RooflineSeries& a, const RooflineSeries& b) { return a.name == b.name; };
    std::vector<std::string> shapes;
    for (const Entry& entry : entries) {
        const std::size_t shape = index_in(shapes, names.shape(entry), std::equal_to<>());
        const std::size_t roof = index_in(chart.roofs, roof_of(entry), std::equal_to<>());
        const RooflineSeries series{.name = names.series(entry),
                                    .shape = shape,
                                    .color = chart.roofs.size() > 1 ? roof : shape,
                                    .is_hollow = names.is_hollow(entry)};
        chart.points.push_back({.series = index_in(chart.series, series, same_name),
                                .size = static_cast<std::size_t>(std::distance(sizes.begin(), sizes.find(entry.*size))),
                                .flops_per_byte = entry.flops / entry.bytes,
                                .flops_per_s = entry.flops_per_s});
    }
    chart.subtitle = names.common(entries.front());
}

}  // namespace

RooflineChart read_roofline_chart(const std::string& name, std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string_view::npos && text[first] == '{';
    std::vector<Entry> entries = is_json ? entries_of_json(name, text) : entries_of_csv(name, text);
    const auto is_total = [](const Entry& entry) { return entry.what == "total" && !entry.model.empty(); };
    if (!std::all_of(entries.begin(), entries.end(), is_total)) std::erase_if(entries, is_total);
    // Above 0, and not so large or small that an axis could not show it.
    const auto can_be_drawn = [](double value) { return value > 1e-60 && value < 1e60; };
    std::erase_if(entries, [&](const Entry& entry) {
        return !(can_be_drawn(entry.flops) && can_be_drawn(entry.bytes) && can_be_drawn(entry.flops_per_s) &&
                 can_be_drawn(entry.peak_flops_per_s) && can_be_drawn(entry.bandwidth_bytes_per_s));
    });
    if (entries.empty())
        throw InputError(fmt::format("{}: nothing to draw: no row has both operations and bytes", name));
    RooflineChart chart;
    add_roofs(entries, chart);
    add_points(entries, chart);
    return chart;
}

}  // namespace regatta::results
