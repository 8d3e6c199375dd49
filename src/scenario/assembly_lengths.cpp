// How long the requests of a stream are, and what else of it stands in files.
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {
namespace {

// As near to 0 as a uniform number comes.
constexpr double kLeastUniform = 0x1p-54;

}  // namespace

std::string Assembly::probed_file(Reading& reading) {
    std::string path = locate(reading.values.word("file"), reading.place_of("file"));
    reading.values.set("file", files_.absolute(path));
    if (const InputFiles::File& file = files_.probe(path); !file.is_readable)
        problems_.add(reading.place_of("file"), reading.path_of("file"),
                      fmt::format("cannot read \"{}\": {}", path, file.reason));
    return path;
}

void Assembly::assemble_arrival_times(Reading& reading, Stream& stream) {
    Reading& times = reading.maps.at("arrival_times");
    if (reading.policies.count("arrivals") > 0)
        problems_.add(reading.place_of("arrivals"), reading.path_of("arrivals"),
                      "arrival_times say when requests come; leave out one of them");
    const Parameters& values = times.values;
    workload::RecordedArrivalsInput input;
    input.path = probed_file(times);
    input.column = values.word("column");
    if (values.has("from")) input.from = values.word("from");
    if (values.has("to")) input.to = values.word("to");
    input.time_scale = values.real("time_scale");
    input.whole = values.duration("whole");
    stream.recorded_arrivals = std::move(input);
}

void Assembly::assemble_lengths(Reading& reading, Stream& stream) {
    const bool has_total = reading.policies.count("total") > 0;
    const bool is_recorded = reading.maps.count("recorded") > 0;
    const auto refuse_beside = [&](const char* what, std::initializer_list<const char*> keys) {
        for (const char* key : keys)
            if (reading.policies.count(key) > 0 || reading.maps.count(key) > 0 || reading.has(key))
                problems_.add(reading.place_of(key), reading.path_of(key),
                              fmt::format("{} both lengths already; leave out one of them", what));
    };
    stream.correlation = reading.values.real("correlation");
    if ((has_total || is_recorded) && stream.correlation != 0)
        problems_.add(reading.place_of("correlation"), reading.path_of("correlation"),
                      "is that of a prompt and an output of their own; leave it out");
    if (is_recorded) {
        refuse_beside("recorded gives", {"prompt", "output", "total", "prompt_to_output", "rounding"});
        assemble_recorded_lengths(reading.maps.at("recorded"), stream);
        return;
    }
    if (!has_total) {
        for (const char* key : {"prompt_to_output", "rounding"})
            if (reading.has(key))
                problems_.add(reading.place_of(key), reading.path_of(key), "needs a total that is split");
        check_least_tokens(reading, stream, assemble_own_lengths(reading, stream));
        return;
    }
    refuse_beside("a total gives", {"prompt", "output"});
    const auto [total, least_tokens] = distribution_of(reading.policies.at("total"));
    stream.total = total;
    if (reading.has("prompt_to_output"))
        stream.split.prompt_to_output = reading.values.real("prompt_to_output");
    else if (reading.refused.count("prompt_to_output") == 0)
        problems_.add(reading.place, reading.path_of("prompt_to_output"),
                      "missing; a total needs it: expected a number from 0 to 1000000");
    stream.split.rounds_up = reading.has("rounding") && reading.values.word("rounding") == "up";
    check_least_tokens(reading, stream, least_tokens);
}

/// And the fewest tokens that it can give.
std::pair<PolicyChoice, std::int64_t> Assembly::distribution_of(const PolicyReading& policy) {
    const auto* distribution = registries_.lengths.find(policy.name);
    std::int64_t least_tokens = 0;
    with_place(policy, [&] { least_tokens = distribution->make(policy.parameters)->tokens(kLeastUniform); });
    return {choice_of(policy), least_tokens};
}

std::int64_t Assembly::assemble_own_lengths(Reading& reading, Stream& stream) {
    std::int64_t least_tokens = 0;
    const auto take = [&](const char* key, PolicyChoice& choice) {
        const auto policy = reading.policies.find(key);
        if (policy == reading.policies.end()) {
            problems_.add(reading.place, reading.path_of(key),
                          "missing; expected one of: " + join(registries_.lengths.names()));
            return;
        }
        const auto [chosen, least] = distribution_of(policy->second);
        choice = chosen;
        least_tokens += least;
    };
    take("prompt", stream.prompt);
    take("output", stream.output);
    return least_tokens;
}

void Assembly::assemble_recorded_lengths(Reading& reading, Stream& stream) {
    workload::RecordedLengthsInput input;
    input.path = probed_file(reading);
    const Parameters& values = reading.values;
    if (values.has("prompt_scale")) input.prompt_scale = values.real("prompt_scale");
    if (values.has("output_scale")) input.output_scale = values.real("output_scale");
    if (values.has("max_tokens")) input.max_tokens = values.count("max_tokens");
    input.is_shuffled = !values.has("order") || values.word("order") == "shuffled";
    stream.recorded_lengths = std::move(input);
}

void Assembly::check_least_tokens(const Reading& reading, const Stream& stream, std::int64_t least_tokens) {
    for (const std::uint16_t index : stream.pools) {
        const Pool& pool = scenario_.pools[index];
        if (!sound_pools_[index] || least_tokens <= pool.max_context_tokens) continue;
        problems_.add(reading.place, reading.path,
                      fmt::format("even the shortest prompt and output have {} tokens together; pool \"{}\" accepts at "
                                  "most {}",
                                  least_tokens, pool.name, pool.max_context_tokens));
    }
}

}  // namespace regatta::scenario
