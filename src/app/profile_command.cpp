#include "app/profile_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/arguments.hpp"
#include "app/scenario_input.hpp"
#include "app/shared_work.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/decode.hpp"
#include "timing/profile_fit.hpp"
#include "timing/profile_samples.hpp"
#include "workload/text_input.hpp"

namespace regatta::app {
namespace {

using timing::ProfileError;
using timing::ProfileFit;

constexpr std::array<const char*, 3> kNames = {"interpolate", "forest", "polynomial"};
constexpr std::array<ProfileFit::Kind, 3> kKinds = {ProfileFit::Kind::Interpolate, ProfileFit::Kind::Forest,
                                                    ProfileFit::Kind::Polynomial};

/// Of one operator and predictor; nothing to compare with where only one point was measured.
struct Judged {
    bool is_known = false;
    ProfileError error;
};

std::string text_of(const std::string& path) {
    workload::TextInput input(path);
    std::string text;
    std::array<char, 65536> block{};
    for (std::size_t count = block.size(); count == block.size();) {
        count = input.read(block);
        text.append(block.data(), count);
    }
    return text;
}

llm::Model model_of(const ProfileArguments& arguments, const Setting& setting) {
    scenario::InputFiles files;
    scenario::Problems problems;
    scenario::CatalogueSet catalogue(setting.catalogue_directory, files, problems);
    const auto& models = arguments.model.ends_with(".json") ? catalogue.models_of(arguments.model) : catalogue.models();
    problems.throw_if_any();
    if (arguments.model.ends_with(".json")) return models.front().facts;
    if (const auto* entry = scenario::entry_of(models, arguments.model)) return entry->facts;
    const std::string hint = did_you_mean(arguments.model, scenario::names_of(models));
    throw InputError(fmt::format("regatta profile: --model: no model \"{}\"{}", arguments.model,
                                 hint.empty() ? "; regatta catalog models lists them" : hint));
}

timing::ProfileData read_files(const ProfileArguments& arguments, const Setting& setting) {
    const timing::ProfileFilter filter{.model = model_of(arguments, setting),
                                       .tensor_parallel = arguments.tensor_parallel,
                                       .block_tokens = arguments.block_tokens,
                                       .spans_nodes = arguments.spans_nodes,
                                       .cpu_model = arguments.cpu_model};
    timing::ProfileData data;
    std::vector<std::string> problems;
    for (const std::string& path : arguments.files) {
        try {
            add_measurements({.name = path, .text = text_of(path)}, filter, data);
        } catch (const InputError& error) {
            problems.insert(problems.end(), error.problems().begin(), error.problems().end());
        }
    }
    if (!problems.empty()) throw InputError(problems);
    return data;
}

std::string percent(double fraction) {
    return fmt::format("{:.2f} %", 100 * fraction);
}

std::string as_text(const timing::ProfileData& data, const std::vector<Judged>& judged, std::int64_t folds) {
    std::string text = fmt::format(
        "Errors at measured points left out, {} folds: mean and largest, relative to the measured time\n", folds);
    text += fmt::format("  {:<26}{:>9}{:>28}{:>28}{:>28}\n", "operator", "samples", kNames[0], kNames[1], kNames[2]);
    std::size_t next = 0;
    for (const auto& [op, samples] : data) {
        text += fmt::format("  {:<26}{:>9}", op, samples.size());
        for (std::size_t kind = 0; kind < kKinds.size(); ++kind, ++next) {
            const ProfileError& error = judged[next].error;
            text +=
                fmt::format("{:>28}", judged[next].is_known ? fmt::format("{:>9} {:>12}", percent(error.mean_fraction),
                                                                          percent(error.largest_fraction))
                                                            : std::string("one point only"));
        }
        text += '\n';
    }
    return text;
}

std::string as_json(const timing::ProfileData& data, const std::vector<Judged>& judged, std::int64_t folds) {
    nlohmann::ordered_json operators = nlohmann::ordered_json::array();
    std::size_t next = 0;
    for (const auto& [op, samples] : data) {
        nlohmann::ordered_json one = {{"operator", op}, {"samples", samples.size()}};
        for (std::size_t kind = 0; kind < kKinds.size(); ++kind, ++next) {
            const Judged& result = judged[next];
            one[kNames[kind]] = nullptr;
            if (result.is_known)
                one[kNames[kind]] = {{"mean_error_fraction", result.error.mean_fraction},
                                     {"largest_error_fraction", result.error.largest_fraction}};
        }
        operators.push_back(std::move(one));
    }
    return nlohmann::ordered_json{{"folds", folds}, {"operators", std::move(operators)}}.dump(1) + "\n";
}

std::vector<Judged> judge(const timing::ProfileData& data, std::int64_t folds, engine::Transport& transport) {
    std::vector<const timing::ProfileSamples*> samples;
    for (const auto& [op, of_op] : data)
        samples.push_back(&of_op);
    SharedWork work(transport);
    const std::vector<std::string> done = work.share(samples.size() * kKinds.size(), [&](std::size_t task) {
        const timing::ProfileSamples& of_op = *samples[task / kKinds.size()];
        const timing::ProfileSearch search{.kind = kKinds[task % kKinds.size()], .folds = folds};
        Judged judged;
        if (const auto error = cross_validated(best_fit(search, of_op), of_op, folds))
            judged = {.is_known = true, .error = *error};
        const auto bytes = std::bit_cast<std::array<char, sizeof(Judged)>>(judged);
        return std::string(bytes.begin(), bytes.end());
    });
    std::vector<Judged> judged(done.size());
    for (std::size_t i = 0; i < done.size(); ++i)
        std::memcpy(&judged[i], done[i].data(), sizeof(Judged));
    return judged;
}

}  // namespace

void declare_profile(CLI::App& program, ProfileArguments& arguments) {
    CLI::App* command =
        program.add_subcommand("profile", "Tell how well predictors of step times fit Vidur's profiling files");
    command->add_option("FILES", arguments.files, "Measurements: mlp.csv, attention.csv, all_reduce.csv, ...; .gz, too")
        ->required()
        ->type_name("");
    command->add_option("--model", arguments.model, "Model measured: a name of the catalogue, or a config.json")
        ->required()
        ->type_name("NAME")
        ->check(no_option());
    const auto count = [&](const char* name, std::int64_t& value, std::int64_t least, const char* sentence) {
        command->add_option(name, value, sentence)->type_name("N")->check(whole_number(least));
    };
    count("--tp", arguments.tensor_parallel, 1, "GPUs that share each layer (default: 1)");
    count("--block-tokens", arguments.block_tokens, 1, "Tokens per block of the KV cache (default: 16)");
    count("--folds", arguments.folds, 2, "Parts that are left out in turn (default: 10)");
    command->add_flag("--across-nodes", arguments.spans_nodes, "Of send_recv.csv: stages are on different servers");
    command
        ->add_option("--cpu-model", arguments.cpu_model, "model_name in a file of CPU overheads (default: as --model)")
        ->type_name("NAME")
        ->check(no_option());
    command->add_flag("--json", arguments.is_json, "Print one JSON document, errors as fractions");
    command->footer("Example:\n  regatta profile mlp.csv attention.csv.gz --model llama-2-7b");
}

int show_profile(const ProfileArguments& arguments, const Setting& setting) {
    engine::Transport& transport = setting.session.transport();
    std::optional<timing::ProfileData> data;
    const int code = on_rank_zero(transport, [&] {
        data = read_files(arguments, setting);
        fmt::print(stderr, "{} operators, {} predictors, {} folds\n", data->size(), kKinds.size(), arguments.folds);
    });
    if (code != 0) return code;
    // The ranks see the same files, or find out here that they do not.
    if (!data) data = read_files(arguments, setting);
    const std::vector<Judged> judged = judge(*data, arguments.folds, transport);
    if (transport.rank() != 0) return 0;
    fmt::print("{}",
               arguments.is_json ? as_json(*data, judged, arguments.folds) : as_text(*data, judged, arguments.folds));
    return 0;
}

}  // namespace regatta::app
