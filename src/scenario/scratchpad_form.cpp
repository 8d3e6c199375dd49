// Scratchpad's fleets in the ordinary form: put into a document, or written as a scenario.
#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/document.hpp"
#include "scenario/quantity.hpp"
#include "scenario/schema.hpp"
#include "scenario/scratchpad_expansion.hpp"

namespace regatta::scenario {
namespace {

void erase_key(Node& map, const std::string& key) {
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        if (map.keys[i].text != key) continue;
        map.keys.erase(map.keys.begin() + static_cast<std::ptrdiff_t>(i));
        map.items.erase(map.items.begin() + static_cast<std::ptrdiff_t>(i));
        return;
    }
}

void place_at(Node& node, const Place& place) {
    node.place = place;
    for (Node::Key& key : node.keys)
        key.place = place;
    for (Node& item : node.items)
        place_at(item, place);
}

Node scalar(const std::string& text, const Place& place) {
    Node node;
    node.kind = Node::Kind::Scalar;
    node.text = text;
    node.place = place;
    return node;
}

/// Text of ours: it parses.
Node parsed(const std::string& text, const Place& place, Problems& problems) {
    Node node;
    const bool is_whole = parse_document(text, place.source, node, problems);
    REGATTA_CHECK(is_whole, "the form that environments are turned into is no YAML");
    place_at(node, place);
    return node;
}

void put_streams(const ScratchpadExpansion& expansion, const Reading& root, Node& workload, Problems& problems) {
    const Place& place = root.maps.at("workload").place_of("trace");
    if (expansion.streams.empty()) {
        if (!expansion.model.empty()) workload.put("model", place, scalar(expansion.model, place));
        // A stream that takes one model's requests asks for that model.
        if (Node* streams = workload.find("streams"); streams != nullptr)
            for (Node& stream : streams->items)
                if (const Node* model = stream.find("trace_model");
                    model != nullptr && stream.find("model") == nullptr && stream.find("pool") == nullptr)
                    stream.put("model", model->place, Node(*model));
        return;
    }
    Node streams = parsed("streams:\n" + expansion.streams, place, problems).items.front();
    for (const char* key : {"rate_scale", "window", "prompt_scale", "output_scale", "max_tokens", "timeout"}) {
        if (const Node* value = workload.find(key); value != nullptr)
            for (Node& stream : streams.items)
                stream.put(key, value->place, Node(*value));
        erase_key(workload, key);
    }
    erase_key(workload, "trace");
    erase_key(workload, "limit");
    workload.put("streams", place, std::move(streams));
}

}  // namespace

void put_scratchpad_expansion(const ScratchpadExpansion& expansion, const Reading& root, Node& document,
                              Problems& problems) {
    const Reading& reading = root.maps.at("fleet");
    Node* fleet = document.find("fleet");
    const char* key = reading.has("environment") ? "environment" : reading.has("engines") ? "engines" : "engine_groups";
    const Place place = reading.place_of(key);
    for (const char* told : {"environment", "engines", "gpu", "model", "precision", "engine_groups", "changes"})
        erase_key(*fleet, told);
    Node made = parsed("fleet:\n" + expansion.fleet, place, problems).items.front();
    for (std::size_t i = 0; i < made.keys.size(); ++i) {
        Node* own = made.keys[i].text == "timeline" ? fleet->find("timeline") : nullptr;
        if (own == nullptr || own->kind != Node::Kind::List)
            fleet->put(made.keys[i].text, place, std::move(made.items[i]));
        else
            own->items.insert(own->items.end(), made.items[i].items.begin(), made.items[i].items.end());
    }
    put_streams(expansion, root, *document.find("workload"), problems);
    const bool moves = reading.given.count("reprovision") == 0 || reading.policies.count("reprovision") > 0;
    if (!expansion.provisions || !moves) return;
    if (reading.given.count("reprovision") == 0) fleet->put("reprovision", place, scalar("longest_idle", place));
    const auto gateways = root.maps.find("gateways");
    if (gateways != root.maps.end() && gateways->second.given.count("unserved") > 0) return;
    if (document.find("gateways") == nullptr) {
        Node map;
        map.kind = Node::Kind::Map;
        map.place = place;
        document.put("gateways", place, std::move(map));
    }
    document.find("gateways")->put("unserved", place, scalar("provision", place));
}

std::string write_native(const NativeRequest& request, const Registries& registries,
                         const std::string& catalogue_directory) {
    Problems problems;
    const int source = problems.add_source("regatta import scratchpad");
    Node document = parsed(request.text, {source, 0, 0}, problems);
    Reading reading = read_document(document, scenario_schema(registries), problems);
    problems.throw_if_any();
    InputFiles files;
    const ScratchpadExpansion made =
        expand_scratchpad({reading, registries, request.text, catalogue_directory, files, problems});
    problems.throw_if_any();
    std::string text =
        "# What Scratchpad's files say, on Regatta's own models, by `regatta import scratchpad --native`.\n";
    for (const std::string& note : made.notes)
        text += fmt::format("# Note: {}.\n", note);
    text += "name: scratchpad\nfleet:\n" + made.fleet;
    if (made.provisions)
        text +=
            "  # Replicas without requests make room for models that are waited for.\n  reprovision: longest_idle\n";
    if (!request.router.empty() || made.provisions) text += "gateways:\n";
    if (!request.router.empty()) text += fmt::format("  router: {}\n", request.router);
    if (made.provisions) text += "  unserved: provision\n";
    text += "workload:\n";
    const Reading& workload = reading.maps.at("workload");
    const auto scale = [&](const char* indent) {
        if (workload.has("rate_scale"))
            text += fmt::format("{}rate_scale: {}  # of the times in the trace: the rate that was asked for\n", indent,
                                write_number(workload.values.real("rate_scale")));
    };
    if (made.streams.empty()) {
        text += fmt::format("  trace: {}\n", quote_if_needed(workload.values.word("trace")));
        if (!made.model.empty()) text += fmt::format("  model: {}\n", quote_if_needed(made.model));
        if (workload.has("limit")) text += fmt::format("  limit: {}\n", workload.values.count("limit"));
        scale("  ");
        return text + request.more;
    }
    text += "  streams:\n";
    for (std::size_t begin = 0; begin < made.streams.size();) {
        const std::size_t end = std::min(made.streams.find("\n    - ", begin), made.streams.size() - 1) + 1;
        text += made.streams.substr(begin, end - begin);
        scale("      ");
        begin = end;
    }
    return text + request.more;
}

}  // namespace regatta::scenario
