#include "timing/profile.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"

namespace regatta::timing {
namespace {

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
        throw InputError("predictor: table needs tables, the file of prediction tables; none is given");
    return at_key("tables", [&] {
        const std::string& path = parameters.word("tables");
        return std::make_unique<ProfileStepTime>(profile_target(target, parameters),
                                                 read_op_tables(path, target.read_file(path)));
    });
}

}  // namespace

ProfileStepTime::ProfileStepTime(const ProfileTarget& target, OpTables tables)
    : target_(target), times_(std::in_place, target, std::move(tables)) {}

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
    return make_of_tables(target, parameters);
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
    return {
        {.key = "predictor",
         .kind = ParameterKind::Word,
         .is_required = true,
         .choices = {"table"},
         .sentence = "where times come from: table, a file of predicted times"},
        file("tables", "predicted times of each operator: CSV with the columns op, a, b_first, b_last, ms"),
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
    };
}

}  // namespace regatta::timing
