#include "scenario/scratchpad_expansion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "regatta/base/errors.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/decode.hpp"
#include "scenario/native_fleet.hpp"
#include "scenario/quantity.hpp"
#include "scenario/scratchpad_files.hpp"
#include "workload/scratchpad_trace.hpp"

namespace regatta::scenario {
namespace {

// What NativeFleet's pools get unless the user says otherwise in the form that is written.
constexpr const char* kScheduler = "vllm_v1";

bool has_groups(const Reading& fleet) {
    const auto found = fleet.lists.find("engine_groups");
    return found != fleet.lists.end() && !found->second.empty();
}

std::int64_t step_tokens_of(const Registries& registries) {
    for (const Parameter& parameter : registries.schedulers.find(kScheduler)->parameters)
        if (parameter.key == "chunk_tokens") return std::get<std::int64_t>(decode_default(parameter));
    throw BugError("vllm_v1 has no chunk_tokens");
}

class Expander {
public:
    explicit Expander(const ExpansionInput& input)
        : in_(input),
          catalogue_(input.catalogue_directory, input.files, input.problems),
          fleet_(catalogue_, input.problems, step_tokens_of(input.registries)) {}

    ScratchpadExpansion expand() {
        Reading& fleet = in_.root.maps.at("fleet");
        Reading& workload = in_.root.maps.at("workload");
        add_catalogues();
        check_keys(fleet);
        if (in_.problems.empty()) read_workload(workload);
        if (in_.problems.empty()) read_fleet(fleet);
        if (in_.problems.empty()) write_workload(workload);
        made_.fleet = fleet_.text();
        const std::vector<std::string>& notes = fleet_.notes();
        made_.notes.insert(made_.notes.end(), notes.begin(), notes.end());
        return std::move(made_);
    }

private:
    void wrong(const Reading& reading, const std::string& key, const std::string& what) {
        in_.problems.add(reading.place_of(key), reading.path_of(key), what);
    }

    std::string locate(const Reading& reading, const std::string& key) const {
        const std::filesystem::path given(reading.values.word(key));
        // As Assembly::locate.
        if (given.is_absolute() || reading.place_of(key).source != 0) return given.string();
        return (std::filesystem::path(in_.scenario_path).parent_path() / given).lexically_normal().string();
    }

    /// Text of the file that a key names; null after telling that it cannot be read.
    const std::string* text_of(const Reading& reading, const std::string& key) {
        const std::string path = locate(reading, key);
        const InputFiles::File& file = in_.files.open_data(in_.files.absolute(path));
        if (file.is_readable) return &file.text;
        wrong(reading, key, fmt::format("cannot read \"{}\": {}", path, file.reason));
        return nullptr;
    }

    void add_catalogues() {
        std::vector<std::string> paths;
        for (const Reading& element : in_.root.lists["catalogue"])
            if (element.has("file")) paths.push_back(locate(element, "file"));
        const auto is_missing = [&](const std::string& path) { return !in_.files.open(path).is_readable; };
        std::erase_if(paths, is_missing);  // and that is told when the scenario is read
        catalogue_.add_files(paths);
    }

    void check_keys(const Reading& fleet) {
        std::vector<std::string> ways;
        for (const char* key : {"environment", "engines"})
            if (fleet.has(key)) ways.emplace_back(key);
        if (has_groups(fleet)) ways.emplace_back("engine_groups");
        for (std::size_t i = 1; i < ways.size(); ++i)
            wrong(fleet, ways[i], fmt::format("{} says what serves; leave out one of them", ways[0]));
        for (const char* key : {"pools", "servers"})
            if (!ways.empty() && fleet.given.count(key) > 0)
                wrong(
                    fleet, key,
                    fmt::format("{} makes them; leave out one of them, or write the ordinary form with regatta import "
                                "scratchpad --native and change that",
                                ways[0]));
        if (ways.empty() && fleet.has("changes"))
            wrong(fleet, "changes", "changes belong to an environment or engines; pools have a timeline");
        for (const char* key : {"gpu", "model"})
            if (fleet.has(key) && !fleet.has("engines")) wrong(fleet, key, "it belongs to engines; leave it out");
        if (fleet.maps.count("precision") > 0 && !fleet.has("engines") && !fleet.has("environment"))
            wrong(fleet, "precision",
                  has_groups(fleet) ? "each of the engine_groups has its own; leave it out"
                                    : "it belongs to engines or an environment; leave it out");
    }

    /// Which models are asked for, as the workload calls them.
    void read_workload(Reading& workload) {
        const std::vector<Reading>& streams = workload.lists["streams"];
        for (const Reading& stream : streams) {
            if (stream.has("pool")) continue;
            if (stream.has("model"))
                ask_for(stream.values.word("model"));
            else if (stream.has("trace_model"))
                ask_for(stream.values.word("trace_model"));
        }
        if (!streams.empty() || workload.has("pool")) return;
        if (workload.has("model") || workload.has("trace_model")) {
            ask_for(workload.values.word(workload.has("model") ? "model" : "trace_model"));
            if (!workload.has("model")) made_.model = asked_.front();
            return;
        }
        if (!workload.has("trace")) return;  // and that is told when the scenario is read
        const std::string* text = text_of(workload, "trace");
        if (text == nullptr) return;
        const std::size_t first = text->find_first_not_of(" \t\r\n\xef\xbb\xbf");
        if (first == std::string::npos || (*text)[first] != '{' ||
            !workload::is_scratchpad_line(std::string_view(*text).substr(first, text->find('\n', first) - first)))
            return;
        const std::string path = locate(workload, "trace");
        in_.problems.tells(
            [&] { trace_ = workload::read_scratchpad(path, *text, workload::ScratchpadTimes::Recorded); });
        for (const std::string& model : trace_.models)
            if (is_used(model)) ask_for(model);
    }

    /// Lines without tokens ask for nothing.
    [[nodiscard]] bool is_used(const std::string& model) const {
        return std::any_of(trace_.rows.begin(), trace_.rows.end(),
                           [&](const workload::ScratchpadRow& row) { return trace_.models[row.model] == model; });
    }

    void ask_for(const std::string& model) {
        if (std::find(asked_.begin(), asked_.end(), model) == asked_.end()) asked_.push_back(model);
    }

    void read_fleet(Reading& fleet) {
        if (fleet.has("environment"))
            read_environment(fleet);
        else if (fleet.has("engines"))
            add_engines(fleet);
        else
            for (const Reading& group : fleet.lists["engine_groups"])
                add_engines(group);
        if (!fleet.has("environment")) tell_unserved("fleet");
        if (!fleet.has("changes") || !in_.problems.empty()) return;
        const std::string* text = text_of(fleet, "changes");
        if (text == nullptr) return;
        const std::string path = locate(fleet, "changes");
        in_.problems.tells([&] { fleet_.add_changes(path, read_scratchpad_changes(path, *text)); });
    }

    void read_environment(const Reading& fleet) {
        const std::string* text = text_of(fleet, "environment");
        if (text == nullptr) return;
        const std::string path = locate(fleet, "environment");
        ScratchpadEnvironment environment;
        if (!in_.problems.tells([&] { environment = read_scratchpad_environment(path, *text); })) return;
        const bool has_nodes = environment.nodes.front().model.empty();
        if (has_nodes && asked_.empty()) {
            const Reading& workload = in_.root.maps.at("workload");
            in_.problems.add(workload.place, workload.path_of("model"),
                             "missing; an environment gets pools for the models that are asked for: expected the model "
                             "of the trace, or of each stream");
            return;
        }
        if (!has_nodes && fleet.maps.count("precision") > 0)
            wrong(fleet, "precision", fmt::format("each of the gpus in {} has its own; leave it out", path));
        made_.provisions = true;
        fleet_.add_environment(path, environment, asked_, bits_of(fleet));
        tell_unserved(path);
    }

    void add_engines(const Reading& reading) {
        for (const char* key : {"engines", "gpu", "model"}) {
            if (reading.has(key)) continue;
            in_.problems.add(reading.place, reading.path_of(key), "missing; engines have a number, a gpu and a model");
            return;
        }
        fleet_.add_engines(reading.values.word("gpu"), reading.values.word("model"), reading.values.count("engines"),
                           bits_of(reading), {.file = "", .place = reading.place_of("model"), .path = reading.path});
    }

    /// In a trace that says what it asks for, each model has to be somebody's.
    void tell_unserved(const std::string& who) {
        const Reading& workload = in_.root.maps.at("workload");
        if (!in_.problems.empty() || trace_.rows.empty()) return;
        for (const std::string& model : asked_)
            if (!fleet_.serves(model))
                wrong(workload, "trace",
                      fmt::format("requests ask for {}, which nothing in {} serves; expected something that does, or "
                                  "trace_model for the requests of one model",
                                  model, who));
    }

    static Bits bits_of(const Reading& reading) {
        Bits bits;
        const auto found = reading.maps.find("precision");
        if (found == reading.maps.end()) return bits;
        const auto take = [&](const char* key, double& value) {
            if (found->second.given.count(key) > 0) value = found->second.values.real(key);
        };
        take("weight_bits", bits.weight);
        take("activation_bits", bits.activation);
        take("kv_bits", bits.kv);
        return bits;
    }

    void write_workload(const Reading& workload) {
        if (made_.model.empty() && asked_.size() == 1 && !trace_.rows.empty()) made_.model = asked_.front();
        if (asked_.size() < 2 || trace_.rows.empty()) return;
        const std::string path = in_.files.absolute(locate(workload, "trace"));
        const std::vector<std::int64_t> limits = limits_of(workload);
        for (std::size_t i = 0; i < trace_.models.size(); ++i) {
            const std::string& model = trace_.models[i];
            if (!is_used(model) || (workload.has("limit") && limits[i] == 0)) continue;
            made_.streams +=
                fmt::format("    - name: {0}\n      trace: {1}\n      trace_model: {0}\n      model: {0}\n",
                            quote_if_needed(model), quote_if_needed(path));
            if (workload.has("limit")) made_.streams += fmt::format("      limit: {}\n", limits[i]);
        }
    }

    /// How many of the first requests, and of the window, are each model's: the streams together have the limit.
    std::vector<std::int64_t> limits_of(const Reading& workload) {
        std::vector<std::int64_t> limits(trace_.models.size(), 0);
        if (!workload.has("limit")) return limits;
        std::stable_sort(trace_.rows.begin(), trace_.rows.end(), [](const auto& a, const auto& b) {
            return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.line < b.line;
        });
        SimTime from;
        SimTime to = SimTime::never();
        if (const auto window = workload.maps.find("window"); window != workload.maps.end()) {
            from = window->second.values.duration("from");
            if (window->second.has("to")) to = window->second.values.duration("to");
        }
        std::int64_t left = workload.values.count("limit");
        for (const workload::ScratchpadRow& row : trace_.rows) {
            const SimTime at = SimTime::from_ns(row.time_ns - trace_.rows.front().time_ns);
            if (at < from || at >= to || left == 0) continue;
            ++limits[row.model];
            --left;
        }
        return limits;
    }

    const ExpansionInput& in_;
    CatalogueSet catalogue_;
    NativeFleet fleet_;
    ScratchpadExpansion made_;
    std::vector<std::string> asked_;
    workload::ScratchpadRequests trace_;  ///< empty when the workload has none, or says itself what it asks for
};

}  // namespace

bool needs_scratchpad_expansion(const Reading& root) {
    if (!root.values.has("compat") || root.values.word("compat") != "none") return false;
    const auto found = root.maps.find("fleet");
    if (found == root.maps.end() || root.maps.count("workload") == 0) return false;
    const Reading& fleet = found->second;
    for (const char* key : {"environment", "engines", "gpu", "model", "changes"})
        if (fleet.has(key)) return true;
    return fleet.maps.count("precision") > 0 || has_groups(fleet);
}

ScratchpadExpansion expand_scratchpad(const ExpansionInput& input) {
    return Expander(input).expand();
}

}  // namespace regatta::scenario
