#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"
#include "scenario/schema_keys.hpp"
#include "serving/speculation.hpp"
#include "timing/speculative.hpp"

namespace regatta::scenario {

namespace {

std::vector<Parameter> proposal_parameters() {
    Parameter tokens{.key = "tokens",
                     .kind = ParameterKind::Count,
                     .default_text = "4",
                     .least = 1,
                     .most = 64,
                     .sentence = "proposed to each decode in each step"};
    Parameter acceptance{.key = "acceptance",
                         .kind = ParameterKind::Numbers,
                         .default_text = "[0.7]",
                         .least = 0,
                         .most = 1,
                         .sentence =
                             "probability that a proposal is right if all before it are: one number, or one for "
                             "each position"};
    Parameter accepted{.key = "accepted",
                       .kind = ParameterKind::Numbers,
                       .least = 0,
                       .sentence = "instead of acceptance: how often 0, 1, ..., all proposals are right"};
    return {std::move(tokens), std::move(acceptance), std::move(accepted)};
}

Parameter time_parameter(const char* key, const char* value, const char* sentence) {
    return {.key = key, .kind = ParameterKind::Duration, .default_text = value, .most = 10, .sentence = sentence};
}

std::int64_t fine(SimTime time) {
    return time.ns() * timing::kFinePerNs;
}

Parameters defaults_of(const std::vector<Parameter>& declared) {
    Parameters values;
    for (const Parameter& parameter : declared)
        if (!is_optional(parameter)) values.set(parameter.key, decode_default(parameter));
    return values;
}

/// Throws InputError that begins with the key.
std::vector<double> reach_of(const Parameters& values) {
    const std::int64_t tokens = values.count("tokens");
    if (!values.has("accepted")) {
        const std::vector<double>& chances = values.numbers("acceptance");
        if (chances.size() != 1 && std::ssize(chances) != tokens)
            throw InputError(fmt::format("acceptance: {} numbers for {} proposed tokens; expected one, or one for each",
                                         chances.size(), tokens));
        return serving::reach_of_chances(chances, tokens);
    }
    const std::vector<double>& weights = values.numbers("accepted");
    if (std::ssize(weights) != tokens + 1)
        throw InputError(
            fmt::format("accepted: {} numbers for {} proposed tokens; expected {}, for 0, 1, ..., {} right "
                        "ones",
                        weights.size(), tokens, tokens + 1, tokens));
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; }))
        throw InputError("accepted: all numbers are 0; expected one above 0");
    return serving::reach_of_counts(weights);
}

}  // namespace

PolicyTable speculation_table() {
    std::vector<Parameter> draft = proposal_parameters();
    draft.push_back({.key = "model",
                     .kind = ParameterKind::Word,
                     .is_required = true,
                     .sentence = "the draft model, by its name in the catalogue"});
    draft.push_back({.key = "tp",
                     .kind = ParameterKind::Count,
                     .least = 1,
                     .most = 1024,
                     .sentence = "GPUs that share each layer of the draft model; none: as many as of the model"});
    draft.push_back({.key = "pass",
                     .kind = ParameterKind::Duration,
                     .least = 0,
                     .most = 10,
                     .sentence = "time of one pass of the draft model, whatever it computes; none: as the pool's "
                                 "roofline says"});
    std::vector<Parameter> ngram = proposal_parameters();
    ngram.push_back(time_parameter("step_overhead", "0us", "time that proposing takes in each step that has decodes"));
    ngram.push_back(time_parameter("sequence_overhead", "0us", "and for each decode of it"));
    return {.select_key = "method",
            .default_name = "none",
            .policies = {{"none", "each decode computes one token in a step", {}},
                         {"draft_model", "a smaller model proposes, one pass for each token", std::move(draft)},
                         {"ngram", "proposals are looked up in the text so far, on the host", std::move(ngram)}}};
}

/// Reads what is proposed, and how often it is right; false after telling what is wrong.
bool Assembly::read_speculation(const PolicyReading& reading, Pool& pool) {
    if (reading.name == "none") return true;
    const std::size_t before = problems_.size();
    with_place(reading, [&] {
        if (scenario_.compat == Compat::Vidur)
            throw InputError("method: Vidur proposes nothing; expected speculation: none with compat: vidur");
        pool.speculation = serving::Speculation{.tokens = reading.parameters.count("tokens"),
                                                .reach = reach_of(reading.parameters),
                                                .seed = scenario_.seed};
        if (reading.name == "draft_model") find_draft(reading.parameters, pool);
    });
    return problems_.size() == before;
}

/// Throws InputError that begins with the key.
void Assembly::find_draft(const Parameters& values, Pool& pool) {
    const std::string& name = values.word("model");
    const Catalogue<llm::Model>& models = catalogue_.models();
    const auto* found = entry_of(models, name);
    if (found == nullptr)
        throw InputError(fmt::format("model: the catalogue has no model \"{}\"; `regatta catalog models` lists them{}",
                                     name, did_you_mean(name, names_of(models))));
    pool.draft = found->facts;
    pool.draft_tensor_parallel =
        values.has("tp") ? static_cast<std::uint32_t>(values.count("tp")) : pool.tensor_parallel;
    if (pool.draft_tensor_parallel > pool.tensor_parallel || !splits_heads(*pool.draft, pool.draft_tensor_parallel))
        throw InputError(fmt::format(
            "tp: {} GPUs cannot share the {} query and {} KV heads of {}; expected a divisor "
            "of both, and at most the {} of the model itself",
            pool.draft_tensor_parallel, pool.draft->heads, pool.draft->kv_heads, name, pool.tensor_parallel));
}

/// The pool's step time with the time of proposing before each step.
void Assembly::add_proposer(const PolicyReading& reading, Pool& pool) {
    if (!pool.speculation) return;
    const Parameters& values = reading.parameters;
    timing::SpeculativeStepTime::Proposer proposer{.tokens = pool.speculation->tokens};
    if (reading.name == "ngram") {
        proposer.step_fine = fine(values.duration("step_overhead"));
        proposer.sequence_fine = fine(values.duration("sequence_overhead"));
    } else if (values.has("pass")) {
        proposer.step_fine = fine(values.duration("pass")) * pool.speculation->tokens;
    } else {
        timing::StepTimeTarget target = pool.step_time_target();
        target.model = *pool.draft;
        target.tensor_parallel = pool.draft_tensor_parallel;
        target.pipeline_parallel = 1;
        const auto* roofline = registries_.timings.find("roofline");
        REGATTA_CHECK(roofline != nullptr, "there is no roofline");
        proposer.draft = pool.timing.name == "roofline" ? roofline->make(target, pool.timing.parameters)
                                                        : roofline->make(target, defaults_of(roofline->parameters));
    }
    pool.step_time = std::make_shared<timing::SpeculativeStepTime>(std::move(pool.step_time), std::move(proposer));
}

}  // namespace regatta::scenario
