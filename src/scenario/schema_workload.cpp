// What may stand under `workload`: streams, their arrivals and lengths, traces.
#include <utility>

#include "scenario/schema_keys.hpp"

namespace regatta::scenario {

using namespace keys;

namespace {

Key rate(std::string name, bool is_required, double least_per_s, std::string sentence) {
    return value({.key = std::move(name),
                  .kind = Kind::Rate,
                  .is_required = is_required,
                  .least = least_per_s,
                  .sentence = std::move(sentence)});
}

Key rate_points(std::string name, std::string sentence) {
    return value({.key = std::move(name), .kind = Kind::RatePoints, .sentence = std::move(sentence)});
}

// A rate of less than one request per day is nearer to a slip than to a stream.
constexpr double kLeastRatePerS = 1.0 / 86'400;

Section rate_section() {
    Section day{.keys = {rate("mean", true, kLeastRatePerS, "mean over a period"),
                         rate("peak", true, kLeastRatePerS, "highest rate, at most twice the mean"),
                         duration("period", "24h", 1e-3, "time between two peaks"),
                         duration("peak_at", "14h", 0, "when the rate is highest, for the first time")}};
    Key at = duration("at", "", 0, "when it begins");
    Key lasts = duration("for", "", 1e-9, "how long it lasts");
    at.parameter.is_required = lasts.parameter.is_required = true;
    Section spike{.keys = {std::move(at), std::move(lasts),
                           value({.key = "factor",
                                  .kind = Kind::Real,
                                  .is_required = true,
                                  .least = 0,
                                  .most = 1e6,
                                  .sentence = "times the rate that there would be without it"})}};
    return {.shorthand_key = "constant",
            .keys = {rate("constant", false, kLeastRatePerS, "the same rate all the time: what a rate alone means"),
                     rate_points("steps",
                                 "[[time, rate], ...] from 0s on: each rate holds until the next time, the "
                                 "last one to the end"),
                     rate_points("ramp",
                                 "[[time, rate], ...] from 0s on: straight lines between, and the last rate to "
                                 "the end"),
                     optional_map("daily", std::move(day), "a sine by the time of day"),
                     word("file", "", {},
                          "CSV file with the columns time_s and rate_per_s from time 0 on, read as steps; relative to "
                          "the scenario file"),
                     list("spikes", false, std::move(spike), "surges on top; those that overlap multiply")}};
}

Section columns_section() {
    return {.keys = {word("arrival", "", {}, "column of arrival times"),
                     word("prompt_tokens", "", {}, "column of prompt lengths"),
                     word("output_tokens", "", {}, "column of answer lengths")}};
}

Section window_section() {
    return {.keys = {duration("from", "0s", 0, "earliest arrival taken, in the trace's own time"),
                     duration("to", "", 1e-9, "arrivals before this instant only; none: to the end")}};
}

/// How a trace is read, of the workload's own or of a stream's.
std::vector<Key> trace_keys(const std::string& instead_of) {
    return {word("trace", "", {},
                 "file of recorded requests (CSV or JSONL, also .gz and .zst) instead of " + instead_of +
                     "; relative to the scenario file, in a --set relative to where the program was started"),
            optional_map("columns", columns_section(), "names of a CSV trace's columns; none: known by the header"),
            value({.key = "rate_scale",
                   .kind = Kind::Real,
                   .least = 1e-6,
                   .most = 1e6,
                   .sentence = "2: the same requests of the trace in half the time; none: 1"}),
            optional_map("window", window_section(), "part of the trace to replay; none: all of it")};
}

Section length_section(const Registries& registries) {
    const PolicyTable lengths = table_of(registries.lengths, "distribution", "");
    return {.keys = {policy("prompt", true, lengths, "tokens of a prompt"),
                     policy("output", true, lengths, "tokens of an answer"),
                     value({.key = "correlation",
                            .kind = Kind::Real,
                            .default_text = "0",
                            .least = -1,
                            .most = 1,
                            .sentence = "of the two lengths, by a Gaussian copula: above 0, long prompts tend to have "
                                        "long answers"})}};
}

Key timeout() {
    return duration("timeout", "", 1e-9,
                    "a client that has not got its whole answer so long after it came to the gateway gives up; none: "
                    "never");
}

Section stream_section(const Registries& registries) {
    Key arrivals = policy("arrivals", false, table_of(registries.arrivals, "process", "poisson"),
                          "when requests come; required without a trace");
    arrivals.may_be_none = true;
    arrivals.section.push_back(
        {.keys = {optional_map("rate", rate_section(),
                               "rate of the whole stream; required unless everything arrives at once")}});
    std::vector<Key> keys{
        word("name", "", {}, "what the stream is called; none: stream-0, stream-1, ..."),
        word("pool", "", {}, "the one pool that serves it; needed when pools serve different models"),
        word("model", "", {}, "model that it asks for, of all pools that serve it, or a pool's name"),
        word("tenant", "", {}, "whose requests these are"),
        word("class", "", {}, "class of service that results are grouped by; none: the stream's name"),
        count("priority", "0", -1e6, 1e6,
              "rank among requests where a policy looks at it: smaller goes first, as in vLLM"),
        map("targets", false, targets_section(), "targets of this stream; none: those of the scenario")};
    keys.push_back(timeout());
    for (Key& key : trace_keys("arrivals and lengths"))
        keys.push_back(std::move(key));
    keys.push_back(std::move(arrivals));
    keys.push_back(optional_map("lengths", length_section(registries),
                                "how long prompts and answers are; required without a trace"));
    keys.push_back(count("limit", "", 1, 1e18, "at most so many requests of this stream"));
    return {.keys = std::move(keys)};
}

}  // namespace

Section targets_section() {
    return {.keys = {duration("ttft", "", 1e-9, "time to the first token that users are promised"),
                     duration("tpot", "", 1e-9, "time per output token after the first that users are promised")}};
}

Section workload_section(const Registries& registries) {
    std::vector<Key> keys = trace_keys("streams");
    keys.push_back(count("limit", "", 1, 1e18, "at most so many requests of the trace, or of each stream"));
    keys.push_back(
        word("pool", "", {}, "the one pool that serves the trace; needed when pools serve different models"));
    keys.push_back(
        word("model", "", {}, "model that the trace asks for, of all pools that serve it, or a pool's name"));
    keys.push_back(timeout());
    keys.push_back(list("streams", false, stream_section(registries), "classes of traffic, made up or recorded"));
    return {.keys = std::move(keys)};
}

}  // namespace regatta::scenario
