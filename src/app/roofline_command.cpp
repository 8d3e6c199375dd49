#include "app/roofline_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <set>

#include "app/arguments.hpp"
#include "app/command_description.hpp"
#include "app/roofline_output.hpp"
#include "app/roofline_steps.hpp"
#include "app/scenario_input.hpp"
#include "regatta/base/errors.hpp"
#include "results/text_file.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/decode.hpp"

namespace regatta::app {
namespace {

using Words = std::vector<std::string>;

// More steps than anybody reads, or a spreadsheet takes.
constexpr std::size_t kMostSteps = 10'000'000;
// No memory holds more; far below what the arithmetic of step times takes.
constexpr std::int64_t kMostTokens = 1'000'000'000;
constexpr std::int64_t kMostBatch = 1'000'000;

Words split(const std::string& text, char separator) {
    Words words;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

/// Reads what the arguments say; what is wrong is kept until all was read.
class Reader {
public:
    Reader(const RooflineArguments& arguments, const Setting& setting)
        : arguments_(arguments),
          setting_(setting),
          catalogue_(setting.catalogue_directory, files_, problems_of_files_) {}

    RooflineQuestion question() {
        RooflineQuestion question;
        catalogue_.add_files(arguments_.files);
        problems_of_files_.throw_if_any();
        question.gpus = entries("--hardware", "GPU", "hardware", arguments_.hardware, catalogue_.gpus());
        if (is_matrix())
            refuse_options_of_models();
        else if (arguments_.model.empty())
            add("--model is missing; name a model, or give --matrix");
        else
            question.models = models();
        if (!is_matrix() && arguments_.input_sizes != RooflineArguments().input_sizes)
            add("--input-sizes: only a --matrix has inputs; for models give --batch");
        question.precisions = precisions();
        question.tensor_parallel = counts("--tp", arguments_.tensor_parallel, kMostBatch);
        question.batches = counts("--batch", arguments_.batch, kMostBatch);
        question.lengths = counts("--length", arguments_.length, kMostTokens);
        check_tokens(question);
        question.stages = stages();
        question.attention = attention();
        question.parameters = parameters();
        return question;
    }

    [[nodiscard]] bool is_matrix() const { return !arguments_.matrix.empty(); }

    bool is_like_scratchpad() { return one_of("--compat", arguments_.compat, {"none", "scratchpad"}) == "scratchpad"; }

    RooflineFormat format() {
        const std::string word = one_of("--format", arguments_.format, {"text", "csv", "json"});
        return word == "csv" ? RooflineFormat::Csv : word == "json" ? RooflineFormat::Json : RooflineFormat::Text;
    }

    std::vector<NamedMatrix> matrices() {
        std::vector<NamedMatrix> matrices;
        for (const std::string& word : split(arguments_.matrix, ','))
            collect([&] { matrices.push_back(read_matrix(word)); });
        return matrices;
    }

    std::vector<std::int64_t> input_sizes() { return counts("--input-sizes", arguments_.input_sizes, kMostBatch); }

    void add(const std::string& problem) { problems_.push_back("regatta roofline: " + problem); }

    void throw_if_any() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

    template <class Body>
    void collect(const Body& body) {
        try {
            body();
        } catch (const InputError& error) {
            for (const std::string& problem : error.problems())
                add(problem);
        }
    }

private:
    template <class Facts>
    std::vector<Facts> entries(const std::string& option, const char* noun, const char* kind, const std::string& names,
                               const scenario::Catalogue<Facts>& catalogue) {
        std::vector<Facts> facts;
        problems_of_files_.throw_if_any();
        for (const std::string& name : split(names, ',')) {
            if (const auto* entry = scenario::entry_of(catalogue, name)) {
                facts.push_back(entry->facts);
                continue;
            }
            const std::string hint = did_you_mean(name, scenario::names_of(catalogue));
            add(fmt::format("{}: no {} \"{}\"{}", option, noun, name,
                            hint.empty() ? fmt::format("; regatta catalog {} lists them", kind) : hint));
        }
        return facts;
    }

    /// Rather than leave something out unsaid.
    void refuse_options_of_models() {
        const RooflineArguments defaults;
        const auto refuse = [&](const char* option, bool is_given) {
            if (is_given) add(fmt::format("{}: a matrix is of no model; leave out {} or --matrix", option, option));
        };
        refuse("--model", !arguments_.model.empty());
        refuse("--tp", arguments_.tensor_parallel != defaults.tensor_parallel);
        refuse("--batch", arguments_.batch != defaults.batch);
        refuse("--length", arguments_.length != defaults.length);
        refuse("--stage", arguments_.stage != defaults.stage);
        refuse("--attention", arguments_.attention != defaults.attention);
        refuse("--totals", arguments_.has_totals_only);
        if (arguments_.is_ideal || !arguments_.overrides.empty())
            add("--ideal and --set: matrices stand under the bare roof, without efficiencies");
    }

    std::vector<llm::Model> models() {
        std::vector<llm::Model> models;
        for (const std::string& name : split(arguments_.model, ',')) {
            const auto found = name.ends_with(".json")
                                   ? std::vector<llm::Model>{catalogue_.models_of(name).front().facts}
                                   : entries("--model", "model", "models", name, catalogue_.models());
            problems_of_files_.throw_if_any();
            models.insert(models.end(), found.begin(), found.end());
        }
        return models;
    }

    std::vector<RooflinePrecision> precisions() {
        std::vector<RooflinePrecision> precisions;
        if (arguments_.precision.empty()) return precisions;
        for (const std::string& word : split(arguments_.precision, ',')) {
            const Words parts = split(word, '/');
            if (parts.size() == 1)
                precisions.push_back({.weights = parts[0], .activations = {}, .kv_cache = {}});
            else if (parts.size() == 3)
                precisions.push_back({parts[0], parts[1], parts[2]});
            else
                add(
                    fmt::format("--precision: expected the type of the weights, or those of weights/activations/KV "
                                "cache, found \"{}\"",
                                word));
        }
        return precisions;
    }

    void check_tokens(const RooflineQuestion& question) {
        if (question.batches.empty() || question.lengths.empty()) return;
        const std::int64_t batch = *std::max_element(question.batches.begin(), question.batches.end());
        const std::int64_t length = *std::max_element(question.lengths.begin(), question.lengths.end());
        if (batch > kMostTokens / length)
            add(fmt::format("--batch, --length: expected at most {} tokens together, found {} x {}", kMostTokens, batch,
                            length));
    }

    std::vector<std::int64_t> counts(const char* option, const std::string& text, std::int64_t most) {
        std::vector<std::int64_t> counts;
        for (const std::string& word : split(text, ',')) {
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
            if (error == std::errc() && end == word.data() + word.size() && value >= 1 && value <= most)
                counts.push_back(value);
            else
                add(fmt::format("{}: expected whole numbers from 1 to {}, found \"{}\"", option, most, word));
        }
        return counts;
    }

    std::string one_of(const char* option, const std::string& word, const Words& allowed) {
        if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
            add(fmt::format("{}: expected one of: {}; found \"{}\"{}", option, scenario::join(allowed), word,
                            did_you_mean(word, allowed)));
        return word;
    }

    std::vector<bool> stages() {
        const std::string stage = one_of("--stage", arguments_.stage, {"prefill", "decode", "both"});
        if (stage == "prefill") return {true};
        if (stage == "decode") return {false};
        return {true, false};
    }

    std::vector<bool> attention() {
        std::vector<bool> attention;
        for (const std::string& word : split(arguments_.attention, ','))
            attention.push_back(one_of("--attention", word, {"fused", "separate"}) == "fused");
        if (arguments_.compat == "none" && std::count(attention.begin(), attention.end(), false) > 0)
            add("--attention: separate is known to --compat scratchpad alone; here scores never reach memory");
        return attention;
    }

    /// Of the step time `roofline`: defaults, --ideal, --set.
    Parameters parameters() {
        const std::vector<Parameter>& declared = setting_.registries.timings.find("roofline")->parameters;
        Parameters values;
        std::vector<std::string> keys;
        for (const Parameter& parameter : declared) {
            keys.push_back(parameter.key);
            values.set(parameter.key, scenario::decode_default(parameter));
            if (!arguments_.is_ideal) continue;
            if (parameter.kind == ParameterKind::Fraction) values.set(parameter.key, 1.0);
            if (parameter.kind == ParameterKind::Duration) values.set(parameter.key, SimTime());
        }
        if (arguments_.compat != "none" && (arguments_.is_ideal || !arguments_.overrides.empty()))
            add("--ideal and --set change our own roofline; --compat scratchpad has neither efficiencies nor "
                "overheads");
        for (const std::string& word : arguments_.overrides)
            override_one(word, declared, keys, values);
        return values;
    }

    void override_one(const std::string& word, const std::vector<Parameter>& declared, const Words& keys,
                      Parameters& values) {
        const std::size_t equals = word.find('=');
        const std::string key = word.substr(0, equals);
        const auto known = std::find(keys.begin(), keys.end(), key);
        if (equals == std::string::npos || known == keys.end()) {
            const std::string hint = did_you_mean(key, keys);
            add(fmt::format("--set: expected KEY=VALUE with one of: {}; found \"{}\"{}", scenario::join(keys), word,
                            equals == std::string::npos ? "" : hint));
            return;
        }
        scenario::Node node;
        node.kind = scenario::Node::Kind::Scalar;
        node.text = word.substr(equals + 1);
        const auto value = decode(node, declared[static_cast<std::size_t>(known - keys.begin())]);
        if (value)
            values.set(key, *value);
        else
            add(fmt::format("--set: {}: {}", key, value.error()));
    }

    const RooflineArguments& arguments_;
    const Setting& setting_;
    scenario::InputFiles files_;
    scenario::Problems problems_of_files_;
    scenario::CatalogueSet catalogue_;
    std::vector<std::string> problems_;
};

std::size_t steps_of(const RooflineQuestion& question) {
    double steps = 1;
    for (const std::size_t count :
         {question.gpus.size(), question.models.size(), std::max<std::size_t>(1, question.precisions.size()),
          question.tensor_parallel.size(), question.batches.size(), question.lengths.size(), question.stages.size(),
          question.attention.size()})
        steps *= static_cast<double>(count);
    return steps > 1e18 ? SIZE_MAX : static_cast<std::size_t>(steps);
}

void answer(const RooflineArguments& arguments, const Setting& setting, const TextSink& put) {
    Reader reader(arguments, setting);
    const bool is_like_scratchpad = reader.is_like_scratchpad();
    const RooflineFormat format = reader.format();
    const RooflineQuestion question = reader.question();
    if (reader.is_matrix()) {
        const std::vector<NamedMatrix> matrices = reader.matrices();
        const std::vector<std::int64_t> input_sizes = reader.input_sizes();
        if (is_like_scratchpad && !arguments.precision.empty())
            reader.add("--precision: Scratchpad's plot tool knows 16 bits alone; leave it out");
        reader.throw_if_any();
        std::vector<MatrixPoint> points;
        reader.collect([&] {
            points = is_like_scratchpad ? matrix_points_like_scratchpad(question, matrices, input_sizes)
                                        : matrix_points(question, matrices, input_sizes);
        });
        reader.throw_if_any();
        write_matrices(points, format, put);
        return;
    }
    if (steps_of(question) > kMostSteps)
        reader.add(fmt::format("more than {} steps were asked for; expected fewer", kMostSteps));
    reader.throw_if_any();
    RooflineWriter writer(format, !arguments.has_totals_only, put);
    const RooflineSink sink = [&](const RooflineStep& step) { writer.add(step); };
    reader.collect([&] {
        if (is_like_scratchpad)
            analyse_like_scratchpad(question, sink);
        else
            analyse(question, sink);
    });
    reader.throw_if_any();
    writer.finish();
}

}  // namespace

void declare_roofline(CLI::App& program, RooflineArguments& arguments) {
    CLI::App* command = program.add_subcommand(
        "roofline", "Tell what a step is made of: operations, bytes, bounds, time and memory, operator by operator");
    const auto option = [&](const char* name, std::string& value, const char* type, const char* sentence) {
        return command->add_option(name, value, sentence)->type_name(type)->check(no_option());
    };
    option("--hardware", arguments.hardware, "NAMES", "GPUs of the catalogue")->required();
    option("--model", arguments.model, "NAMES", "Models: names of the catalogue, published names, or a config.json");
    option("--precision", arguments.precision, "TYPES",
           "Types: bf16, fp8, ..., of the weights, or of weights/activations/KV cache: int4/bf16/fp8; with --compat "
           "also bits: 8.25/4/4 (default: 16 bits)");
    option("--tp", arguments.tensor_parallel, "N", "GPUs that share each layer (default: 1)");
    option("--batch", arguments.batch, "N", "Sequences of a step (default: 1)");
    option("--length", arguments.length, "N",
           "Prompt of a prefill, or context of a decode step [tokens] (default: 1024)");
    option("--stage", arguments.stage, "STAGE", "prefill, decode or both (default: both)")
        ->check(offers({"prefill", "decode", "both"}));
    option("--attention", arguments.attention, "KIND", "With --compat: fused, separate (default: fused)")
        ->check(offers({"fused", "separate"}));
    option("--matrix", arguments.matrix, "SIZES",
           "Instead of a model, products of matrices: N, MxN or MxKxN, (M x K) times (K x N)");
    option("--input-sizes", arguments.input_sizes, "N", "With --matrix: inputs of M x K (default: 1)");
    option("--compat", arguments.compat, "NAME", "none, or scratchpad: the roofline of that simulator as it is")
        ->check(offers({"none", "scratchpad"}));
    command->add_flag("--ideal", arguments.is_ideal, "Peaks are reached and there are no overheads");
    command->add_option("--set", arguments.overrides, "Replaces an efficiency or overhead; may be repeated")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE")
        ->check(no_option());
    command->add_option("--file", arguments.files, "A file of your own over the catalogue; may be repeated")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command->add_flag("--totals", arguments.has_totals_only, "One row for each step, without its operators");
    option("--format", arguments.format, "FORM", "text, csv or json; base units in the last two (default: text)")
        ->check(offers({"text", "csv", "json"}));
    option("--out", arguments.output, "FILE", "Write there (default: standard output)");
    command->footer(
        "Names, types and numbers may be lists, separated by commas: each with each. Times in seconds, sizes in "
        "bytes,\n"
        "rates per second, of one GPU.\n"
        "Examples:\n"
        "  regatta roofline --hardware h100-sxm --model llama-3.1-8b --batch 1,64 --stage decode\n"
        "  regatta roofline --hardware h100-sxm,a100-sxm-80gb --model llama-3.1-70b --tp 4 --precision bf16,fp8 "
        "--totals\n"
        "  regatta roofline --hardware h100-sxm --matrix 1024,4096x4096x1024 --input-sizes 1,16,64 --format csv");
}

int show_roofline(const RooflineArguments& arguments, const Setting& setting) {
    return on_rank_zero(setting.session.transport(), [&] {
        if (arguments.output.empty()) {
            answer(arguments, setting, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
            return;
        }
        std::optional<results::TextFile> file;
        answer(arguments, setting, [&](std::string_view text) {
            if (!file) file.emplace(arguments.output);
            file->put("{}", text);
        });
        if (file) file->close();
    });
}

}  // namespace regatta::app
