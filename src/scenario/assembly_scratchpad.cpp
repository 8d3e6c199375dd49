#include "scenario/assembly_scratchpad.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "control/scratchpad_loading.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/scratchpad_description.hpp"
#include "scenario/scratchpad_files.hpp"
#include "scenario/scratchpad_kinds.hpp"
#include "scenario/scratchpad_refusals.hpp"
#include "workload/scratchpad_trace.hpp"

namespace regatta::scenario {
namespace {

// What that simulator starts nodes with, and what it adds when an environment changes.
constexpr const char* kFirstModel = "meta-llama/Meta-Llama-3-8B-Instruct";
constexpr const char* kAddedModel = "meta-llama/Meta-Llama-3-70B-Instruct";
// What a model weighs that its table does not know [GB]: in nodes, and in the older list of GPUs.
constexpr double kUnknownGb = 140;
constexpr double kUnknownGbOfList = 1;

class ScratchpadAssembly {
public:
    explicit ScratchpadAssembly(const ScratchpadInput& input)
        : in_(input),
          made_(std::make_shared<ScratchpadScenario>()),
          kinds_(input.catalogue, input.problems, input.scenario, made_->fleet) {}

    void assemble() {
        Reading& fleet = in_.root.maps["fleet"];
        Reading& workload = in_.root.maps["workload"];
        refuse_what_scratchpad_cannot(in_);
        choose_router();
        const std::optional<workload::ScratchpadRequests> trace = read_trace(workload);
        if (!fleet.is_sound || !trace) return;
        if (fleet.has("environment"))
            assemble_nodes(fleet, *trace);
        else
            assemble_engines(fleet);
        add_streams(*trace);
        add_requests(workload, *trace);
        if (!in_.problems.empty()) return;
        made_->description = describe_scratchpad(*made_, in_.scenario, kinds_, environment_, changes_);
        in_.scenario.scratchpad = made_;
    }

private:
    /// Text of the file that a key names; none after telling that it cannot be read.
    const std::string* text_of(Reading& reading, const char* key, std::string& path) {
        path = in_.locate(reading.values.word(key), reading.place_of(key));
        reading.values.set(key, in_.files.absolute(path));
        const InputFiles::File& file = in_.files.open_data(in_.files.absolute(path));
        if (file.is_readable) return &file.text;
        in_.problems.add(reading.place_of(key), reading.path_of(key),
                         fmt::format("cannot read \"{}\": {}", path, file.reason));
        return nullptr;
    }

    std::optional<workload::ScratchpadRequests> read_trace(Reading& reading) {
        if (!reading.is_sound || !reading.has("trace")) return std::nullopt;  // and that was told
        std::string path;
        const std::string* text = text_of(reading, "trace", path);
        std::optional<workload::ScratchpadRequests> trace;
        if (text != nullptr)
            in_.problems.tells(
                [&] { trace = workload::read_scratchpad(path, *text, workload::ScratchpadTimes::Ignored); });
        return trace;
    }

    void choose_router() {
        Reading& gateways = in_.root.maps["gateways"];
        if (!gateways.is_sound) return;
        PolicyReading& router = gateways.policies.at("router");
        if (gateways.given.count("router") == 0) {
            router.name = "random";
            router.parameters = {};
        }
        in_.scenario.gateways.router = {router.name, router.parameters};
        static const std::vector<std::pair<std::string, control::ScratchpadRouter>> kRouters = {
            {"random", control::ScratchpadRouter::Random},
            {"least_loaded", control::ScratchpadRouter::LeastLoaded},
            {"gpu_count", control::ScratchpadRouter::MostGpus},
            {"model_affinity", control::ScratchpadRouter::Affinity}};
        std::vector<std::string> names;
        for (const auto& [name, chosen] : kRouters) {
            names.push_back(name);
            if (name != router.name) continue;
            made_->fleet.router = chosen;
            if (name == "gpu_count" && router.parameters.word("prefer") == "fewest")
                made_->fleet.router = control::ScratchpadRouter::FewestGpus;
            if (chosen != control::ScratchpadRouter::Random && !in_.root.maps["fleet"].has("environment"))
                in_.problems.add(router.place, router.path,
                                 fmt::format("{} chooses among nodes of an environment; engines are chosen by random "
                                             "under compat: scratchpad",
                                             name));
            return;
        }
        in_.problems.add(router.place, router.path,
                         fmt::format("Scratchpad has no {}; under compat: scratchpad expected one of: {}", router.name,
                                     join(names)));
    }

    void assemble_nodes(Reading& fleet, const workload::ScratchpadRequests& trace) {
        std::string path;
        const std::string* text = text_of(fleet, "environment", path);
        if (text == nullptr || !in_.problems.tells([&] { environment_ = read_scratchpad_environment(path, *text); }))
            return;
        const std::size_t before = in_.problems.size();
        const Precision precision = precision_of(fleet);
        std::vector<std::string> types;
        for (const ScratchpadEnvironment::Node& node : environment_.nodes)
            for (const std::string& gpu : node.gpus)
                if (std::find(types.begin(), types.end(), gpu) == types.end()) types.push_back(gpu);
        std::vector<std::uint16_t> first_models;
        for (const ScratchpadEnvironment::Node& node : environment_.nodes)
            first_models.push_back(kinds_.model_index(node.model.empty() ? kFirstModel : node.model));
        for (const std::string& model : trace.models)
            static_cast<void>(kinds_.model_index(model));
        made_->fleet.kind_of.resize(types.size());
        for (const std::string& model : kinds_.models())
            for (std::size_t type = 0; type < types.size(); ++type)
                made_->fleet.kind_of[type].push_back(kinds_.add(types[type], model, precision, path));
        if (in_.problems.size() != before) return;
        const control::ScratchpadPath way{environment_.disk_mb_per_s, environment_.pcie_gb_per_s};
        for (const std::string& model : kinds_.models()) {
            const double gb = control::scratchpad_model_gb(model, kUnknownGb);
            made_->fleet.reprovisioning_s.push_back(way.loading_s(gb));
            made_->fleet.model_bytes.push_back(std::llround(gb * 1e9));
        }
        for (std::size_t i = 0; i < environment_.nodes.size(); ++i) {
            const ScratchpadEnvironment::Node& node = environment_.nodes[i];
            const std::string& model = kinds_.models()[first_models[i]];
            const double gb = control::scratchpad_model_gb(model, node.model.empty() ? kUnknownGb : kUnknownGbOfList);
            control::ScratchpadNode made{.id = node.id, .gpus = {}, .model = first_models[i]};
            made.loading_s = environment_.preloads ? 0 : way.loading_s(gb);
            for (const std::string& gpu : node.gpus) {
                const auto type = std::find(types.begin(), types.end(), gpu) - types.begin();
                made.gpus.push_back(static_cast<std::uint16_t>(type));
                ++in_.scenario.pools[made_->fleet.kind_of[made.gpus.back()][made.model]].nodes;
            }
            made_->fleet.nodes.push_back(std::move(made));
        }
    }

    void assemble_engines(Reading& fleet) {
        if (fleet.has("engines"))
            add_engines(fleet, precision_of(fleet));
        else
            for (Reading& group : fleet.lists["engine_groups"])
                if (group.is_sound) add_engines(group, precision_of(group));
        if (!fleet.has("changes")) return;
        std::string path;
        const std::string* text = text_of(fleet, "changes", path);
        if (text == nullptr || !in_.problems.tells([&] { changes_ = read_scratchpad_changes(path, *text); })) return;
        for (const ScratchpadEnvironmentChange& change : changes_) {
            // Whatever the precision of the others.
            const std::uint16_t kind = kinds_.add(change.gpu, kAddedModel, Precision{4, 4, 4},
                                                  fmt::format("{}:{}: gpu_name", path, change.line));
            made_->fleet.changes.push_back({change.at_s, kind, change.amount});
        }
    }

    void add_engines(const Reading& reading, const Precision& precision) {
        for (const char* key : {"engines", "gpu", "model"}) {
            if (reading.has(key)) continue;
            in_.problems.add(reading.place, reading.path_of(key),
                             fmt::format("missing; engines have a number, a gpu and a model"));
            return;
        }
        const std::uint16_t kind = kinds_.add(reading.values.word("gpu"), reading.values.word("model"), precision,
                                              reading.place_of("gpu"), reading.path);
        const auto count = static_cast<std::uint32_t>(reading.values.count("engines"));
        made_->fleet.engines.push_back({kind, count});
        if (kind < in_.scenario.pools.size()) in_.scenario.pools[kind].nodes += count;
    }

    static Precision precision_of(const Reading& reading) {
        const auto found = reading.maps.find("precision");
        if (found == reading.maps.end()) return {4, 4, 4};
        const Parameters& bits = found->second.values;
        return {bits.real("weight_bits"), bits.real("activation_bits"), bits.real("kv_bits")};
    }

    /// One for each model that is asked for.
    void add_streams(const workload::ScratchpadRequests& trace) {
        Targets targets;
        if (const Reading& reading = in_.root.maps["targets"]; reading.is_sound) {
            if (reading.has("ttft")) targets.ttft = reading.values.duration("ttft");
            if (reading.has("tpot")) targets.tpot = reading.values.duration("tpot");
        }
        for (const std::string& model : trace.models) {
            Stream stream;
            stream.name = stream.traffic_class = model;
            stream.targets = targets;
            stream.pools = kinds_.of_model(model);
            stream.limit = 0;
            in_.scenario.streams.push_back(std::move(stream));
        }
    }

    void add_requests(Reading& workload, const workload::ScratchpadRequests& trace) {
        if (!workload.has("arrival_rate")) {
            in_.problems.add(workload.place, workload.path_of("arrival_rate"),
                             "missing; Scratchpad makes arrivals up: expected a rate such as 0.5/s, or 0/s for all at "
                             "once");
            return;
        }
        const double rate_per_s = workload.values.real("arrival_rate");
        const std::vector<double> arrivals = made_->draws.arrivals(trace.lines, rate_per_s);
        const auto most = static_cast<std::size_t>(workload.has("limit") ? workload.values.count("limit") : INT64_MAX);
        for (const workload::ScratchpadRow& row : trace.rows) {
            if (made_->requests.size() >= most) break;
            serving::ScratchpadRequest request{.line = row.line,
                                               .arrival_s = arrivals[row.line],
                                               .prompt_tokens = row.prompt_tokens,
                                               .output_tokens = row.output_tokens,
                                               .model = kinds_.model_index(trace.models[row.model]),
                                               .stream = static_cast<std::uint16_t>(row.model)};
            const std::optional<SimTime>& duration = in_.scenario.duration;
            if (duration && SimTime::from_seconds(request.arrival_s) >= *duration) break;
            Stream& stream = in_.scenario.streams[request.stream];
            ++*stream.limit;
            made_->requests.push_back(request);
        }
    }

    const ScratchpadInput& in_;
    std::shared_ptr<ScratchpadScenario> made_;
    ScratchpadKinds kinds_;
    ScratchpadEnvironment environment_;
    std::vector<ScratchpadEnvironmentChange> changes_;
};

}  // namespace

void assemble_scratchpad(const ScratchpadInput& input) {
    ScratchpadAssembly(input).assemble();
}

}  // namespace regatta::scenario
