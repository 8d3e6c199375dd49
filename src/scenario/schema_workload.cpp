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

Key length_scale(std::string name, std::string sentence) {
    return value(
        {.key = std::move(name), .kind = Kind::Real, .least = 1e-3, .most = 1e3, .sentence = std::move(sentence)});
}

Section rate_section() {
    Section day{.keys = {rate("mean", true, kLeastRatePerS, "mean over a period"),
                         rate("peak", true, kLeastRatePerS, "highest rate, at most 7.9 times the mean"),
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
                     optional_map("daily", std::move(day),
                                  "by the time of day: a sine; with a peak above twice the mean sharper"),
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
    return {
        word("trace", "", {},
             "file of recorded requests (CSV or JSONL, also .gz and .zst) instead of " + instead_of +
                 "; relative to the scenario file, in a --set relative to where the program was started"),
        optional_map("columns", columns_section(), "names of a CSV trace's columns; none: known by the header"),
        value({.key = "rate_scale",
               .kind = Kind::Real,
               .least = 1e-6,
               .most = 1e6,
               .sentence = "2: the same requests of the trace in half the time; none: 1"}),
        optional_map("window", window_section(), "part of the trace to replay; none: all of it"),
        length_scale("prompt_scale", "2: prompts of the trace are twice as long; none: 1"),
        length_scale("output_scale", "2: answers of the trace are twice as long; none: 1"),
        count("max_tokens", "", 2, 1e8,
              "longest prompt plus output: of longer requests of the trace the prompt is cut, and keeps 1 token at "
              "least; none: as they are"),
        word("trace_model", "", {},
             "requests that ask for this model only, of a trace that says what they ask for (Scratchpad's); none: all "
             "of them")};
}

Key optional_policy(std::string name, const PolicyTable& table, std::string sentence) {
    Key key = policy(std::move(name), false, table, std::move(sentence));
    key.may_be_none = true;
    return key;
}

Section recorded_lengths_section() {
    Key file =
        word("file", "", {},
             "CSV file (also .gz and .zst) with the columns num_prefill_tokens and num_decode_tokens, "
             "ContextTokens and GeneratedTokens, or input_tokens and output_tokens; relative to the scenario file");
    file.parameter.is_required = true;
    return {.shorthand_key = "file",
            .keys = {std::move(file), length_scale("prompt_scale", "2: prompts twice as long; none: 1"),
                     length_scale("output_scale", "2: answers twice as long; none: 1"),
                     count("max_tokens", "", 2, 1e8,
                           "longest prompt plus output: longer requests lose of both in proportion; none: as they are"),
                     word("order", "", {"shuffled", "as_recorded"},
                          "which request gets which row; after the last the first follows; none: shuffled")}};
}

Section length_section(const Registries& registries) {
    const PolicyTable lengths = table_of(registries.lengths, "distribution", "");
    return {
        .keys = {optional_policy("prompt", lengths, "tokens of a prompt; required without total and recorded"),
                 optional_policy("output", lengths, "tokens of an answer; required without total and recorded"),
                 optional_policy("total", lengths, "tokens of prompt and answer together"),
                 value({.key = "prompt_to_output",
                        .kind = Kind::Real,
                        .least = 0,
                        .most = 1e6,
                        .sentence = "of a total the prompt gets so many times what the answer gets; required with "
                                    "a total"}),
                 word("rounding", "", {"down", "up"},
                      "of a total's answer: up counts a token that is only begun; down leaves it out, of the prompt, "
                      "too; none: down"),
                 optional_map("recorded", recorded_lengths_section(), "lengths as a file has them, row by row"),
                 value({.key = "correlation",
                        .kind = Kind::Real,
                        .default_text = "0",
                        .least = -1,
                        .most = 1,
                        .sentence = "of the two lengths, by a Gaussian copula: above 0, long prompts tend to have "
                                    "long answers"})}};
}

Section arrival_times_section() {
    Key file = word("file", "", {}, "CSV file (also .gz and .zst) in order of time; relative to the scenario file");
    file.parameter.is_required = true;
    return {
        .shorthand_key = "file",
        .keys = {std::move(file),
                 word("column", "arrival_time", {}, "column of dates, or of seconds; the first row taken sets time 0"),
                 word("from", "", {}, "rows after this date or second only; none: from the first"),
                 word("to", "", {}, "rows before this date or second only; none: to the last"),
                 value({.key = "time_scale",
                        .kind = Kind::Real,
                        .default_text = "1",
                        .least = 1e-6,
                        .most = 1e6,
                        .sentence = "2: the same gaps twice as long"}),
                 duration("whole", "1ns", 1e-9, "times are cut to whole multiples of this before scaling")}};
}

Key timeout() {
    return duration("timeout", "", 1e-9,
                    "a client that has not got its whole answer so long after it came to the gateway gives up; none: "
                    "never");
}

Section stream_section(const Registries& registries) {
    Key arrivals = changeable(policy("arrivals", false, table_of(registries.arrivals, "process", "poisson"),
                                     "when requests come; required without a trace"));
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
    keys.push_back(optional_map("arrival_times", arrival_times_section(),
                                "when requests came that a file tells of, in place of arrivals"));
    keys.push_back(optional_map("lengths", length_section(registries),
                                "how long prompts and answers are; required without a trace"));
    keys.push_back(changeable(count("limit", "", 1, 1e18, "at most so many requests of this stream")));
    return {.keys = std::move(keys)};
}

}  // namespace

Section targets_section() {
    return {.keys = {duration("ttft", "", 1e-9, "time to the first token that users are promised"),
                     duration("tpot", "", 1e-9, "time per output token after the first that users are promised")}};
}

Section workload_section(const Registries& registries) {
    std::vector<Key> keys = trace_keys("streams");
    keys.push_back(changeable(count("limit", "", 1, 1e18, "at most so many requests of the trace, or of each stream")));
    keys.push_back(
        word("pool", "", {}, "the one pool that serves the trace; needed when pools serve different models"));
    keys.push_back(
        word("model", "", {}, "model that the trace asks for, of all pools that serve it, or a pool's name"));
    keys.push_back(timeout());
    keys.push_back(
        rate("arrival_rate", false, 0,
             "under compat: scratchpad, of the Poisson process that arrivals are drawn from; 0/s: all at once"));
    keys.push_back(list("streams", false, stream_section(registries), "classes of traffic, made up or recorded"));
    return {.keys = std::move(keys)};
}

}  // namespace regatta::scenario
