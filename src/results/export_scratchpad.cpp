#include "results/export_scratchpad.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <tuple>

#include "regatta/base/errors.hpp"
#include "results/scratchpad_iterations.hpp"
#include "results/text_file.hpp"
#include "workload/json_depth.hpp"

namespace regatta::results {
namespace {

using Json = nlohmann::ordered_json;
using serving::EndState;
using serving::RequestRecord;
using serving::StepRecord;

constexpr double kNsPerUs = 1e3;

double seconds(std::int64_t ns) {
    return static_cast<double>(ns) / 1e9;
}

/// One that can be made whole. Throws std::out_of_range, as `at` does of what is not there.
double figure(const Json& value) {
    constexpr double kMost = 1e12;
    const auto number = value.get<double>();
    if (!(std::abs(number) <= kMost)) throw std::out_of_range("figure");
    return number;
}

/// Whole numbers of bits are written as such.
Json bits(const Json& value) {
    const double number = figure(value);
    return number == std::floor(number) ? Json(static_cast<std::int64_t>(number)) : Json(number);
}

/// As Python's json with an indent of 4: the value of a key `depth` levels deep.
std::string indented(const Json& value, std::size_t depth) {
    std::string text = value.dump(4, ' ', true);
    const std::string margin(4 * depth, ' ');
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
        text.insert(at + 1, margin);
    return text;
}

/// A JSON list, element by element.
class ListWriter {
public:
    explicit ListWriter(TextFile& file) : file_(file) {}
    void add(const Json& element) {
        file_.put("{}\n        {}", count_ == 0 ? "" : ",", indented(element, 2));
        ++count_;
    }
    void close() { file_.put("{}]", count_ == 0 ? "" : "\n    "); }
    [[nodiscard]] std::int64_t count() const { return count_; }

private:
    TextFile& file_;
    std::int64_t count_ = 0;
};

/// One span or counter of trace.json; every event has all keys.
struct Event {
    std::string name;
    std::string cat;
    const char* ph = "X";
    Json pid;
    std::int64_t tid = 0;
    Json ts;
    Json args = nullptr;
    Json dur = nullptr;

    [[nodiscard]] Json json() const {
        return {{"name", name}, {"cat", cat}, {"ph", ph},     {"pid", pid},
                {"tid", tid},   {"ts", ts},   {"args", args}, {"dur", dur}};
    }
};

std::int64_t whole_us(double seconds_) {
    return static_cast<std::int64_t>(seconds_ * 1e6);
}

class Export {
public:
    Export(const ResultReader& results, const Json& description, const std::string& directory)
        : results_(results), description_(description), directory_(directory) {
        for (const Json& engine : description.at("engines"))
            engines_[engine.at("replica").get<std::uint32_t>()] = &engine;
        for (const Json& pool : description.at("pools"))
            blocks_.push_back(static_cast<std::int64_t>(figure(pool.at("kv_blocks"))));
        results.visit_requests(
            [&](std::span<const RequestRecord> rows) { requests_.insert(requests_.end(), rows.begin(), rows.end()); });
        results.visit_steps(
            [&](std::span<const StepRecord> rows) { steps_.insert(steps_.end(), rows.begin(), rows.end()); });
        changes_ = results.events();
        std::stable_sort(changes_.begin(), changes_.end(),
                         [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
    }

    ScratchpadExport write() {
        write_stats();
        write_trace();
        return std::move(done_);
    }

private:
    [[nodiscard]] bool is_of_nodes() const { return description_.at("mode") == "node"; }
    [[nodiscard]] const Json& engine(std::uint32_t replica) const { return *engines_.at(replica); }
    [[nodiscard]] const std::string& model_of(const RequestRecord& request) const {
        return results_.run().streams.at(request.stream).name;
    }

    /// By node, or by model and engine; there in order of completion, which that simulator sees when the last iteration
    /// begins.
    void write_stats() {
        std::map<std::tuple<std::uint32_t, std::int64_t>, std::int64_t> starts;  // of iterations, by replica and end
        for (const StepRecord& step : steps_)
            starts[{step.replica, step.end_ns}] = step.start_ns;
        const auto seen_ns = [&](const RequestRecord& request) {
            const auto found = starts.find({request.replica, request.end_ns});
            return found == starts.end() ? request.end_ns : found->second;
        };
        std::map<std::uint32_t, std::size_t> order;  // of the places in the file, by replica
        if (is_of_nodes()) {
            std::vector<std::string> nodes;
            for (const auto& [replica, engine] : engines_) {
                const auto id = engine->at("id").get<std::string>();
                const std::string node = id.substr(0, id.find('-'));
                const auto known = std::find(nodes.begin(), nodes.end(), node);
                order[replica] = static_cast<std::size_t>(known - nodes.begin());
                if (known == nodes.end()) nodes.push_back(node);
            }
        } else {
            std::vector<std::string> models;
            for (const auto& [replica, engine] : engines_) {
                const auto model = engine->at("model").get<std::string>();
                const auto known = std::find(models.begin(), models.end(), model);
                order[replica] = static_cast<std::size_t>(known - models.begin()) * engines_.size() + replica;
                if (known == models.end()) models.push_back(model);
            }
        }
        std::vector<std::tuple<std::size_t, std::int64_t, std::uint32_t, std::int64_t, std::size_t>> rows;
        for (std::size_t i = 0; i < requests_.size(); ++i) {
            const RequestRecord& request = requests_[i];
            if (request.state == EndState::Finished)
                rows.emplace_back(order.at(request.replica), seen_ns(request), request.replica, request.scheduled_ns,
                                  i);
        }
        std::sort(rows.begin(), rows.end());
        TextFile file(directory_ + "/stats.json");
        file.put("{{\n    \"summary\": [");
        ListWriter list(file);
        for (const auto& row : rows)
            list.add(summary_of(requests_[std::get<4>(row)]));
        list.close();
        file.put(",\n    \"failed\": [],\n    \"config\": {}\n}}", indented(config(), 1));
        file.close();
        done_.requests = list.count();
    }

    [[nodiscard]] Json summary_of(const RequestRecord& request) const {
        return {{"req_id", fmt::format("{}", request.request_id)},
                {"model", model_of(request)},
                {"input_length", request.prompt_tokens},
                {"output_length", request.requested_output_tokens},
                {"arrive_at", seconds(request.arrival_ns)},
                {"prefill_time", nullptr},
                {"generated_tokens", request.output_tokens},
                {"prefill_finished_at", seconds(request.first_token_ns)},
                {"generation_finished_at", seconds(request.end_ns)}};
    }

    [[nodiscard]] Json config() const {
        if (is_of_nodes()) return {{"engine_type", "node_based"}};
        Json models = Json::object();
        const std::vector<serving::ReplicaRecord> made = results_.replicas();
        for (const serving::ReplicaRecord& replica : made) {
            const Json& one = engine(replica.replica);
            models[one.at("model").get<std::string>()]["engines"].push_back({{"model", one.at("model")},
                                                                             {"hardware", one.at("hardware")},
                                                                             {"w_bit", bits(one.at("w_bit"))},
                                                                             {"a_bit", bits(one.at("a_bit"))},
                                                                             {"kv_bit", bits(one.at("kv_bit"))}});
        }
        return models;
    }

    void write_trace() {
        TextFile file(directory_ + "/trace.json");
        file.put("{{\n    \"traceEvents\": [");
        ListWriter list(file);
        for (const Json& load : description_.at("loads"))
            list.add(load_event(load).json());
        write_iterations(list);
        list.close();
        file.put("\n}}");
        file.close();
        done_.events = list.count();
    }

    static Event load_event(const Json& load) {
        const auto model = load.at("model").get<std::string>();
        return {.name = "node-loading-" + model,
                .cat = "node_model_loading",
                .pid = -static_cast<std::int64_t>(figure(load.at("node_id"))),
                .tid = static_cast<std::int64_t>(figure(load.at("gpu_id"))),
                .ts = 0,
                .args = {{"model", model},
                         {"node_id", load.at("node_id")},
                         {"gpu_id", load.at("gpu_id")},
                         {"hardware", load.at("hardware")},
                         {"model_size_gb", load.at("model_size_gb")},
                         {"loading_time_s", load.at("loading_time_s")}},
                .dur = whole_us(figure(load.at("loading_time_s")))};
    }

    void write_iterations(ListWriter& list) {
        std::int64_t steps_done = 0;
        for (const serving::ReplicaRecord& replica : results_.replicas())
            steps_done += replica.steps;
        if (static_cast<std::int64_t>(steps_.size()) != steps_done) {
            done_.left_out.push_back(fmt::format(
                "trace.json: prefill, decode and block usage: {} of {} iterations were recorded; record all "
                "with --set output.steps.from=0s",
                steps_.size(), steps_done));
            return;
        }
        std::sort(steps_.begin(), steps_.end(), [](const StepRecord& a, const StepRecord& b) {
            return std::tie(a.start_ns, a.replica) < std::tie(b.start_ns, b.replica);
        });
        ScratchpadIterations iterations(requests_);
        std::size_t next_change = 0;
        for (const StepRecord& step : steps_) {
            write_changes(list, next_change, step.start_ns);
            for (const RequestRecord* request : iterations.participants(step))
                list.add(request_event(step, *request).json());
            list.add(memory_event(step).json());
            ++done_.iterations;
        }
        write_changes(list, next_change, INT64_MAX);
        if (const std::int64_t unclear = iterations.unclear(); unclear > 0)
            done_.left_out.push_back(fmt::format(
                "trace.json: {} iterations had fewer requests than their batch: the first of it are named", unclear));
    }

    /// Those of the environment, and re-provisionings, that came before an iteration.
    void write_changes(ListWriter& list, std::size_t& next, std::int64_t before_ns) {
        for (; next < changes_.size() && changes_[next].start_ns <= before_ns; ++next) {
            const serving::FleetEventRecord& change = changes_[next];
            if (change.kind == serving::FleetEvent::Reprovision) list.add(reprovisioning_event(change).json());
            const bool is_environment =
                change.kind == serving::FleetEvent::Installed || change.kind == serving::FleetEvent::Removed;
            if (is_environment) list.add(environment_event(change, environment_changes_++).json());
        }
    }

    [[nodiscard]] Event reprovisioning_event(const serving::FleetEventRecord& change) const {
        const Json& source = engine(change.replica).at("model");
        const Json& target = description_.at("pools").at(change.pool).at("model");
        return {.name = fmt::format("node-reprovisioning-{}", change.node),
                .cat = "node_reprovisioning",
                .pid = -std::int64_t{change.node},
                .ts = change.start_ns / 1000,
                .args = {{"node_id", change.node},
                         {"source_models", Json::array({source})},
                         {"target_model", target},
                         {"reprovisioning_time_s", seconds(change.end_ns - change.start_ns)}},
                .dur = (change.end_ns - change.start_ns) / 1000};
    }

    [[nodiscard]] Event environment_event(const serving::FleetEventRecord& change, std::size_t number) const {
        const Json& file = description_.at("changes").at(number);
        return {.name = "env-change-" + file.at("gpu_name").get<std::string>(),
                .cat = "environment_change",
                .pid = -1,
                .ts = change.start_ns / 1000,
                .args = {{"gpu_name", file.at("gpu_name")},
                         {"amount", file.at("amount")},
                         {"timestamp", file.at("timestamp")},
                         {"total_engines_after", file.at("total_engines_after")}},
                .dur = 0};
    }

    [[nodiscard]] Event request_event(const StepRecord& step, const RequestRecord& request) const {
        const char* phase = step.prefills > 0 ? "prefill" : "decode";
        return {.name = fmt::format("{}-{}", phase, request.request_id),
                .cat = fmt::format("('{}', '{}')", phase, request.request_id),
                .pid = engine(step.replica).at("id"),
                .ts = step.start_ns / 1000,
                .dur = (step.end_ns - step.start_ns) / 1000};
    }

    [[nodiscard]] Event memory_event(const StepRecord& step) const {
        return {.name = "block usage",
                .cat = "memory",
                .ph = "C",
                .pid = engine(step.replica).at("id"),
                .ts = static_cast<double>(step.start_ns) / kNsPerUs,
                .args = {{"used", step.kv_blocks_used}, {"free", blocks_.at(step.pool) - step.kv_blocks_used}}};
    }

    const ResultReader& results_;
    const Json& description_;
    std::string directory_;
    std::map<std::uint32_t, const Json*> engines_;  ///< by replica
    std::vector<std::int64_t> blocks_;              ///< by pool
    std::vector<RequestRecord> requests_;
    std::vector<StepRecord> steps_;
    std::vector<serving::FleetEventRecord> changes_;  ///< by time
    std::size_t environment_changes_ = 0;             ///< told so far
    ScratchpadExport done_;
};

}  // namespace

ScratchpadExport write_scratchpad(const ResultReader& results, const std::string& directory) {
    static_cast<void>(results.outcome());  // finds damage before anything is written
    if (results.run().scratchpad.empty())
        throw InputError(
            fmt::format("{}: was not run under compat: scratchpad; its replicas are no engines of that simulator",
                        results.files().back()));
    namespace fs = std::filesystem;
    std::error_code error;
    if (fs::exists(directory, error) && !(fs::is_directory(directory, error) && fs::is_empty(directory, error)))
        throw InputError(fmt::format("{}: is there already; name an empty or a new directory", directory));
    fs::create_directories(directory, error);
    if (error) throw IoError(fmt::format("{}: cannot be written: {}", directory, error.message()));
    const auto fail = [&] {
        throw IoError(fmt::format("{}: /scratchpad is not what a run writes; the file is damaged or was changed",
                                  results.files().back()));
    };
    // What writes it again is recursive.
    if (workload::too_deep_at(results.run().scratchpad)) fail();
    try {
        const Json description = Json::parse(results.run().scratchpad);
        return Export(results, description, directory).write();
    } catch (const Json::exception&) {
        fail();
    } catch (const std::out_of_range&) {  // of an engine, pool or change that it does not name
        fail();
    }
    return {};
}

}  // namespace regatta::results
