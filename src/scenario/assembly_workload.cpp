#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {
namespace {

// As near to 1 as a uniform number comes.
constexpr double kMostUniform = 1 - 0x1p-53;

/// As many as pools.
constexpr std::size_t kMostStreams = 2000;

std::optional<std::uint64_t> smaller(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
    if (!a) return b;
    return b && *b < *a ? b : a;
}

std::optional<std::uint64_t> limit_of(const Reading& reading) {
    if (!reading.has("limit")) return std::nullopt;
    return static_cast<std::uint64_t>(reading.values.count("limit"));
}

}  // namespace

void Assembly::assemble_workload() {
    const auto found = root_.maps.find("workload");
    if (found == root_.maps.end()) return;
    Reading& reading = found->second;
    if (reading.lists.empty()) return;  // not a map, and that was told
    const bool has_streams = reading.given.count("streams") > 0;
    const bool has_trace = reading.has("trace") || reading.refused.count("trace") > 0;
    if (has_trace && has_streams) {
        problems_.add(reading.place_of("trace"), reading.path_of("trace"),
                      "a trace and streams exclude each other; expected one of them");
    } else if (!has_trace && !has_streams) {
        problems_.add(reading.place, reading.path, "no traffic; give a trace by --set workload.trace=PATH, or streams");
    } else if (has_streams) {
        refuse_trace_keys(reading, "change each stream's rate");
        if (reading.has("pool")) refuse_key(reading, "pool", "name the pool in each stream");
        if (reading.has("model")) refuse_key(reading, "model", "name the model in each stream");
        if (reading.has("timeout")) refuse_key(reading, "timeout", "say it in each stream");
        assemble_streams(reading);
    } else if (reading.is_sound) {
        assemble_lone_trace(reading);
    }
}

std::vector<std::uint16_t> Assembly::pools_for(Reading& reading) {
    if (scenario_.pools.empty()) return {};  // and that was told
    std::vector<std::uint16_t> pools = reading.has("pool") ? pools_by_name(reading) : pools_by_model(reading);
    // The resolved text names one pool, or the model that several serve.
    if (pools.size() == 1)
        reading.values.set("pool", scenario_.pools[pools.front()].name);
    else if (!pools.empty())
        reading.values.set("model", scenario_.pools[pools.front()].model.name);
    return pools;
}

/// By its own name, or by any name of its model.
bool Assembly::is_called(const Pool& pool, const std::string& name) {
    return pool.name == name || pool.model.name == name || pool.model.name == catalogue_.model_name(name);
}

std::vector<std::uint16_t> Assembly::pools_by_name(const Reading& reading) {
    const std::string& wanted = reading.values.word("pool");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i) {
        const Pool& pool = scenario_.pools[i];
        names.push_back(pool.name);
        if (pool.name != wanted) continue;
        if (sound_pools_[i] && reading.has("model") && !is_called(pool, reading.values.word("model"))) {
            problems_.add(
                reading.place_of("model"), reading.path_of("model"),
                fmt::format("pool \"{}\" serves {}; leave out the model or the pool", wanted, pool.model.name));
            return {};
        }
        return {static_cast<std::uint16_t>(i)};
    }
    problems_.add(reading.place_of("pool"), reading.path_of("pool"),
                  fmt::format("no pool \"{}\"; allowed: {}{}", wanted, join(names), did_you_mean(wanted, names)));
    return {};
}

std::vector<std::uint16_t> Assembly::pools_by_model(const Reading& reading) {
    const bool has_model = reading.has("model");
    const std::string model = has_model ? reading.values.word("model") : "";
    std::vector<std::uint16_t> pools;
    for (std::size_t i = 0; i < scenario_.pools.size(); ++i)
        if (!has_model || is_called(scenario_.pools[i], model)) pools.push_back(static_cast<std::uint16_t>(i));
    if (pools.size() == 1) return pools;
    // While a pool's own keys are wrong, nobody knows what it serves.
    if (std::find(sound_pools_.begin(), sound_pools_.end(), false) != sound_pools_.end()) return {};
    const auto serves_as_first = [&](std::uint16_t index) {
        return scenario_.pools[index].model.name == scenario_.pools[pools.front()].model.name;
    };
    if (!pools.empty() && std::all_of(pools.begin(), pools.end(), serves_as_first)) return pools;
    if (pools.empty()) {
        std::set<std::string> known_names;
        for (const Pool& pool : scenario_.pools)
            known_names.insert({pool.model.name, pool.name});
        const std::vector<std::string> known(known_names.begin(), known_names.end());
        problems_.add(
            reading.place_of("model"), reading.path_of("model"),
            fmt::format("no pool serves \"{}\"; allowed: {}{}", model, join(known), did_you_mean(model, known)));
    } else {
        std::vector<std::string> names;
        for (const std::uint16_t index : pools)
            names.push_back(scenario_.pools[index].name);
        const std::string why = has_model ? fmt::format("{} is a pool's name and the model of others", model)
                                          : "pools serve different models";
        problems_.add(reading.place_of("model"), reading.path_of("pool"),
                      fmt::format("missing; {}: expected one of: {}", why, join(names)));
    }
    return {};
}

void Assembly::assemble_lone_trace(Reading& reading) {
    Stream stream;
    stream.name = stream.traffic_class = "trace";
    stream.targets = targets_of(root_.maps["targets"], {});
    stream.limit = limit_of(reading);
    assemble_timeout(reading, stream);
    stream.trace = trace_of(reading, stream.limit);
    stream.pools = pools_for(reading);
    scenario_.streams.push_back(std::move(stream));
}

workload::TraceInput Assembly::trace_of(Reading& reading, const std::optional<std::uint64_t>& limit) {
    workload::TraceInput trace;
    trace.path = locate(reading.values.word("trace"), reading.place_of("trace"));
    reading.values.set("trace", files_.absolute(trace.path));
    if (const InputFiles::File& file = files_.probe(trace.path); !file.is_readable)
        problems_.add(reading.place_of("trace"), reading.path_of("trace"),
                      fmt::format("cannot read \"{}\": {}", trace.path, file.reason));
    if (const auto columns = reading.maps.find("columns"); columns != reading.maps.end()) {
        for (const auto& [key, value] : columns->second.values.all())
            trace.columns[key] = std::get<std::string>(value);
        if (!trace.columns.empty() && trace.columns.size() < 3)
            problems_.add(columns->second.place, columns->second.path,
                          "one column alone cannot be named; expected all of: arrival, prompt_tokens, output_tokens");
    }
    if (reading.has("rate_scale")) trace.rate_scale = reading.values.real("rate_scale");
    if (reading.has("prompt_scale")) trace.prompt_scale = reading.values.real("prompt_scale");
    if (reading.has("output_scale")) trace.output_scale = reading.values.real("output_scale");
    if (reading.has("trace_model")) trace.model = reading.values.word("trace_model");
    if (reading.has("max_tokens")) trace.max_tokens = reading.values.count("max_tokens");
    if (const auto found = reading.maps.find("window"); found != reading.maps.end()) {
        const Reading& window = found->second;
        trace.window_from = window.values.duration("from");
        if (window.has("to")) trace.window_to = window.values.duration("to");
        if (trace.window_to <= trace.window_from)
            problems_.add(window.place_of("to"), window.path_of("to"),
                          fmt::format("{} is not after window.from, {}", write_duration(trace.window_to),
                                      write_duration(trace.window_from)));
    }
    trace.limit = limit;
    return trace;
}

/// Vidur's replicas may starve until something arrives, and its clients wait: word that one has gone would wake nobody.
void Assembly::assemble_timeout(const Reading& reading, Stream& stream) {
    if (!reading.has("timeout")) return;
    stream.timeout = reading.values.duration("timeout");
    if (scenario_.compat == Compat::Vidur)
        problems_.add(reading.place_of("timeout"), reading.path_of("timeout"),
                      "clients do not give up in Vidur; leave it out, or compat: vidur");
}

void Assembly::refuse_key(const Reading& reading, const char* key, const char* instead) {
    problems_.add(reading.place_of(key), reading.path_of(key), fmt::format("applies to a trace only; {}", instead));
}

void Assembly::refuse_trace_keys(const Reading& reading, const char* instead_of_scale) {
    if (reading.has("rate_scale")) refuse_key(reading, "rate_scale", instead_of_scale);
    for (const char* key : {"prompt_scale", "output_scale", "max_tokens"})
        if (reading.has(key)) refuse_key(reading, key, "say it in the stream's lengths");
    if (reading.has("trace_model")) refuse_key(reading, "trace_model", "leave it out");
    if (reading.maps.count("window") > 0) refuse_key(reading, "window", "leave it out");
    if (reading.maps.count("columns") > 0) refuse_key(reading, "columns", "leave it out");
}

void Assembly::assemble_streams(Reading& reading) {
    std::vector<Reading>& streams = reading.lists["streams"];
    const std::optional<std::uint64_t> common_limit = limit_of(reading);
    if (streams.size() > kMostStreams) {
        problems_.add(reading.place_of("streams"), reading.path_of("streams"),
                      fmt::format("{} streams; expected at most {}", streams.size(), kMostStreams));
        return;
    }
    scenario_.streams.resize(streams.size());
    std::set<std::string> names;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        Reading& one = streams[i];
        const std::string name = one.has("name") ? one.values.word("name") : fmt::format("stream-{}", i);
        if (!names.insert(name).second)
            problems_.add(one.place_of("name"), one.path_of("name"),
                          fmt::format("another stream is called \"{}\", too; expected names that differ", name));
        one.values.set("name", name);
        Stream& stream = scenario_.streams[i];
        stream.name = name;
        stream.limit = smaller(limit_of(one), common_limit);
        // A stream whose own keys are wrong is not also said to be endless.
        if (one.is_sound)
            assemble_stream(one, stream);
        else if (!stream.limit)
            stream.limit = 0;
    }
}

void Assembly::assemble_stream(Reading& reading, Stream& stream) {
    if (reading.has("tenant")) stream.tenant = reading.values.word("tenant");
    stream.traffic_class = reading.has("class") ? reading.values.word("class") : stream.name;
    reading.values.set("class", stream.traffic_class);
    stream.priority = reading.values.count("priority");
    assemble_timeout(reading, stream);
    Reading& targets = reading.maps.at("targets");
    stream.targets = targets_of(targets, targets_of(root_.maps["targets"], {}));
    if (stream.targets.ttft) targets.values.set("ttft", *stream.targets.ttft);
    if (stream.targets.tpot) targets.values.set("tpot", *stream.targets.tpot);
    stream.pools = pools_for(reading);
    if (!reading.has("trace")) {
        assemble_made_up(reading, stream);
        return;
    }
    for (const char* key : {"arrivals", "arrival_times", "lengths"})
        if (reading.policies.count(key) > 0 || reading.maps.count(key) > 0)
            problems_.add(reading.place_of(key), reading.path_of(key),
                          fmt::format("the stream's trace tells its {}; leave out one of them", key));
    stream.trace = trace_of(reading, stream.limit);
}

void Assembly::assemble_made_up(Reading& reading, Stream& stream) {
    refuse_trace_keys(reading, "change the rate");
    bool is_complete = true;
    const auto require = [&](const char* key, bool is_there, const std::string& expected) {
        if (is_there) return;
        is_complete = false;
        problems_.add(reading.place, reading.path_of(key),
                      fmt::format("missing; expected {}, or a trace in place of arrivals and lengths", expected));
    };
    const bool has_times = reading.maps.count("arrival_times") > 0;
    require("arrivals", has_times || reading.policies.count("arrivals") > 0,
            "one of: " + join(registries_.arrivals.names()));
    require("lengths", reading.maps.count("lengths") > 0, "a map with: prompt, output, or total, or recorded");
    if (!is_complete) {
        if (!stream.limit) stream.limit = 0;  // told; not also said to be endless
        return;
    }
    if (has_times)
        assemble_arrival_times(reading, stream);
    else
        assemble_arrivals(reading, stream);
    assemble_lengths(reading.maps.at("lengths"), stream);
}

void Assembly::assemble_arrivals(Reading& reading, Stream& stream) {
    PolicyReading& arrivals = reading.policies.at("arrivals");
    stream.arrivals = choice_of(arrivals);
    const auto rate = arrivals.maps.find("rate");
    const bool has_rate = rate != arrivals.maps.end();
    if (has_rate) assemble_rate(rate->second, stream);
    const auto* process = registries_.arrivals.find(arrivals.name);
    // A process without gaps has no use for a rate, but nothing except a limit would end it.
    bool is_at_once = false;
    with_place(arrivals, [&] { is_at_once = process->make(1.0, arrivals.parameters)->gap_s(0, kMostUniform) == 0; });
    if (is_at_once && stream.curve)
        problems_.add(rate->second.place, rate->second.path,
                      fmt::format("{} has no rate that could change; leave it out", arrivals.name));
    if (!is_at_once && !has_rate)
        problems_.add(arrivals.place, arrivals.path + ".rate",
                      fmt::format("missing; {} needs a rate, such as 40/s", arrivals.name));
    if (is_at_once && !stream.limit) {
        problems_.add(reading.place, reading.path_of("limit"),
                      fmt::format("missing; {} needs a limit, for it has no other end", arrivals.name));
        stream.limit = 0;  // told; not also said to be endless
    }
}

}  // namespace regatta::scenario
