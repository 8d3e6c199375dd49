#include "timing/profile.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::timing {
namespace {

/// Of one operator: 256 MB where all differ.
constexpr std::int64_t kMostPoints = 1 << 23;

ProfileTarget profile_target(const StepTimeTarget& target, const Parameters& parameters) {
    return {.stages = target.pipeline_parallel,
            .layers_per_stage = target.model.layers / target.pipeline_parallel,
            .tensor_parallel = target.tensor_parallel,
            .has_grouped_queries = target.model.heads != target.model.kv_heads,
            .kv_granularity = parameters.count("kv_granularity"),
            .decode_batching_overhead = parameters.real("decode_batching_overhead"),
            .prefill_batching_overhead = parameters.real("prefill_batching_overhead"),
            .nccl_launch_ms = parameters.real("nccl_launch_ms"),
            .nccl_skew_ms = parameters.real("nccl_skew_ms"),
            .models_cpu_overhead = parameters.flag("models_cpu_overhead")};
}

/// What `read` finds wrong with the file that the key names, told at the key.
template <class Read>
auto at_key(const char* key, const Read& read) {
    try {
        return read();
    } catch (const InputError& error) {
        std::vector<std::string> problems;
        for (const std::string& problem : error.problems())
            problems.push_back(fmt::format("{}: {}", key, problem));
        throw InputError(problems);
    }
}

std::unique_ptr<StepTimeModel> make_of_tables(const StepTimeTarget& target, const Parameters& parameters) {
    if (!parameters.has("tables"))
        throw InputError("tables: missing; predictor table needs the file of prediction tables");
    return at_key("tables", [&] {
        const std::string& path = parameters.word("tables");
        return std::make_unique<ProfileStepTime>(profile_target(target, parameters),
                                                 read_op_tables(path, target.read_file(path)));
    });
}

std::vector<std::int64_t> whole_numbers(const Parameters& parameters, const char* key) {
    std::vector<std::int64_t> whole;
    for (const double number : parameters.numbers(key)) {
        if (number != std::floor(number))
            throw InputError(fmt::format("{}: expected whole numbers, found {}", key, number));
        whole.push_back(static_cast<std::int64_t>(number));
    }
    if (whole.empty()) throw InputError(fmt::format("{}: expected at least one number", key));
    return whole;
}

ProfileSearch search_of(const Parameters& parameters) {
    const std::string& predictor = parameters.word("predictor");
    ProfileFit::Kind kind = ProfileFit::Kind::Interpolate;
    if (predictor == "forest") kind = ProfileFit::Kind::Forest;
    if (predictor == "polynomial") kind = ProfileFit::Kind::Polynomial;
    return {.kind = kind,
            .estimators = whole_numbers(parameters, "estimators"),
            .max_depth = whole_numbers(parameters, "max_depth"),
            .min_samples_split = whole_numbers(parameters, "min_samples_split"),
            .degrees = whole_numbers(parameters, "degrees"),
            .folds = parameters.count("folds")};
}

ProfileLimits limits_of(const Parameters& parameters) {
    const std::int64_t max_tokens = parameters.count("max_tokens");
    const std::int64_t contexts = max_tokens / parameters.count("kv_granularity") + 2;
    for (const char* key : {"max_batch", "max_chunk_tokens"})
        if (const std::int64_t points = contexts * parameters.count(key); points > kMostPoints)
            throw InputError(
                fmt::format("{}: {} for each of {} lengths up to max_tokens make {} predictions; expected at most {}",
                            key, parameters.count(key), contexts, points, kMostPoints));
    return {.kv_granularity = parameters.count("kv_granularity"),
            .max_chunk_tokens = parameters.count("max_chunk_tokens"),
            .max_batch = parameters.count("max_batch"),
            .max_tokens = max_tokens,
            .max_step_tokens = parameters.has("max_step_tokens") ? parameters.count("max_step_tokens") : max_tokens};
}

std::unique_ptr<StepTimeModel> make_of_measurements(const StepTimeTarget& target, const Parameters& parameters) {
    if (parameters.has("tables"))
        throw InputError(fmt::format("tables: only predictor table reads it; {} reads compute, attention and so on",
                                     parameters.word("predictor")));
    const ProfileTarget profile = profile_target(target, parameters);
    const ProfileFilter filter{.model = target.model,
                               .tensor_parallel = target.tensor_parallel,
                               .block_tokens = target.block_tokens,
                               .spans_nodes = target.spans_nodes,
                               .cpu_model = parameters.has("cpu_model") ? parameters.word("cpu_model") : std::string()};
    ProfileTraining training{.search = search_of(parameters), .limits = limits_of(parameters), .data = {}};
    using Add = void (*)(const ProfileFile&, const ProfileFilter&, ProfileData&);
    std::vector<std::string> problems;
    const auto read = [&](const char* key, const std::string& because, Add add) {
        if (!parameters.has(key)) {
            problems.push_back(fmt::format("{}: missing; {}", key, because));
            return;
        }
        const std::string& path = parameters.word(key);
        try {
            add({.name = path, .text = target.read_file(path)}, filter, training.data);
        } catch (const InputError& error) {
            for (const std::string& problem : error.problems())
                problems.push_back(fmt::format("{}: {}", key, problem));
        }
    };
    const std::string needed =
        fmt::format("predictor {} needs the file of its measurements", parameters.word("predictor"));
    read("compute", needed, add_compute);
    read("attention", needed, add_attention);
    if (target.tensor_parallel > 1) read("all_reduce", "tensor parallelism needs it", add_all_reduce);
    if (target.pipeline_parallel > 1) read("send_recv", "pipeline parallelism needs it", add_send_recv);
    if (profile.models_cpu_overhead) read("cpu_overhead", "models_cpu_overhead needs it", add_cpu_overhead);
    if (!problems.empty()) throw InputError(problems);
    return std::make_unique<ProfileStepTime>(profile, std::move(training));
}

}  // namespace

ProfileStepTime::ProfileStepTime(const ProfileTarget& target, OpTables tables)
    : target_(target), times_(std::in_place, target, std::move(tables)) {}

ProfileStepTime::ProfileStepTime(const ProfileTarget& target, ProfileTraining training)
    : target_(target), training_(std::move(training)) {}

void ProfileStepTime::prepare(WorkSharing& work) {
    if (!training_) return;
    times_.emplace(target_, training_->tables(work));
    training_.reset();
}

const ProfileTimes& ProfileStepTime::times() const {
    REGATTA_CHECK(times_.has_value(), "a profile is asked for times before it was prepared");
    return *times_;
}

StepLine ProfileStepTime::line(const BatchShape& shape) const {
    StepLine line = times().line(shape, true);
    if (target_.stages == 1) return line;
    line.base_fine += (target_.stages - 1) * times().line(shape, false).base_fine;
    return line;
}

StepLine ProfileStepTime::stage_line(const BatchShape& shape, bool is_last) const {
    return times().line(shape, is_last);
}

StepParts ProfileStepTime::parts(const BatchShape& shape) const {
    return times().parts(shape);
}

std::int64_t ProfileStepTime::least_step_fine() const {
    return times().least_fine();
}

std::unique_ptr<StepTimeModel> make_profile(const StepTimeTarget& target, const Parameters& parameters) {
    return parameters.word("predictor") == "table" ? make_of_tables(target, parameters)
                                                   : make_of_measurements(target, parameters);
}

std::vector<Parameter> profile_parameters() {
    const auto file = [](const char* key, const char* sentence) {
        return Parameter{.key = key, .kind = ParameterKind::File, .sentence = sentence};
    };
    const auto count = [](const char* key, const char* value, double least, double most, const char* sentence) {
        return Parameter{.key = key, .default_text = value, .least = least, .most = most, .sentence = sentence};
    };
    const auto real = [](const char* key, const char* value, double most, const char* sentence) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Real,
                         .default_text = value,
                         .least = 0,
                         .most = most,
                         .sentence = sentence};
    };
    const auto numbers = [](const char* key, const char* value, double most, const char* sentence) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Numbers,
                         .default_text = value,
                         .least = 1,
                         .most = most,
                         .sentence = sentence};
    };
    return {
        {.key = "predictor",
         .kind = ParameterKind::Word,
         .is_required = true,
         .choices = {"table", "interpolate", "forest", "polynomial"},
         .sentence = "table: times from a file of predictions; the others predict from measurements: straight lines "
                     "between medians, bagged regression trees, least squares"},
        file("tables", "of table: CSV with the columns op, a, b_first, b_last, ms"),
        file("compute", "measured times of what is done to each token, Vidur's mlp.csv; not for table"),
        file("attention", "measured times of attention, Vidur's attention.csv; not for table"),
        file("all_reduce", "measured times of all-reduces, Vidur's all_reduce.csv; for tensor parallelism"),
        file("send_recv", "measured times from stage to stage, Vidur's send_recv.csv; for pipeline parallelism"),
        file("cpu_overhead", "measured times of the host, Vidur's cpu_overheads.csv; for models_cpu_overhead"),
        {.key = "cpu_model",
         .kind = ParameterKind::Word,
         .sentence = "model_name in cpu_overhead; none: the one that begins with the model's name"},
        count("kv_granularity", "64", 1, 65536, "KV lengths are rounded up to multiples of it [tokens]"),
        real("decode_batching_overhead", "0.1", 10,
             "attention of several decodes takes so much longer, as a fraction; only with grouped queries"),
        real("prefill_batching_overhead", "0.1", 10,
             "attention of several prefill chunks takes so much longer, as a fraction; only with grouped queries"),
        real("nccl_launch_ms", "0.02", 1000, "time of each all-reduce besides its data [ms]"),
        real("nccl_skew_ms", "0", 1000, "time of each all-reduce per GPU^1.25 [ms]"),
        {.key = "models_cpu_overhead",
         .kind = ParameterKind::Flag,
         .default_text = "false",
         .sentence = "whether what the host does in each step is counted, on every stage"},
        count("max_chunk_tokens", "4096", 1, 1 << 20, "prefill chunks are predicted up to so many tokens"),
        count("max_batch", "128", 1, 1 << 16, "decodes, and times of the host, are predicted up to so many sequences"),
        count("max_tokens", "4096", 1, 1 << 22, "KV lengths are predicted up to so many tokens"),
        count("max_step_tokens", "", 1, 1 << 22, "steps are predicted up to so many tokens; none: max_tokens"),
        numbers("estimators", "[250]", 10000, "trees of a forest; of several the best by cross-validation"),
        numbers("max_depth", "[16]", 64, "of a forest's trees; likewise"),
        numbers("min_samples_split", "[2]", 1e6, "fewest samples that a forest's tree still splits; likewise"),
        numbers("degrees", "[1, 2, 3, 4, 5]", 8, "of a polynomial; likewise"),
        count("folds", "10", 2, 1000, "parts that cross-validation leaves out in turn"),
    };
}

}  // namespace regatta::timing
