#include "results/vidur_batches.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "results/text_file.hpp"
#include "results/vidur_plots.hpp"

namespace regatta::results::vidur {
namespace {

using serving::StepRecord;

struct BatchMetric {
    const char* name;
    double (*of)(const StepRecord& step);
};

constexpr std::array kBatchMetrics = {
    BatchMetric{"batch_num_tokens", [](const StepRecord& step) { return 0.0 + step.prefill_tokens + step.decodes; }},
    BatchMetric{"batch_num_prefill_tokens", [](const StepRecord& step) { return 0.0 + step.prefill_tokens; }},
    BatchMetric{"batch_num_decode_tokens", [](const StepRecord& step) { return 0.0 + step.decodes; }},
    BatchMetric{"batch_size", [](const StepRecord& step) { return 0.0 + step.decodes + step.prefills; }},
    BatchMetric{"batch_execution_time",
                [](const StepRecord& step) { return static_cast<double>(step.end_ns - step.start_ns) / kSecond; }},
};

struct Operation {
    const char* name;
    std::int64_t StepRecord::*time_ns;
    bool is_of_layer;  ///< in one layer, as Vidur has it; else in all layers and stages together
};

// Two are operations of Vidur's, under its names. The others are several of its operations together, or none, and so
// have names that it has not.
constexpr std::array kOperations = {
    Operation{"attn_prefill", &StepRecord::attention_prefill_ns, true},
    Operation{"attn_decode", &StepRecord::attention_decode_ns, true},
    Operation{"projections_total", &StepRecord::projections_ns, false},
    Operation{"mlp_total", &StepRecord::mlp_ns, false},
    Operation{"experts_total", &StepRecord::experts_ns, false},
    Operation{"head_total", &StepRecord::head_ns, false},
    Operation{"collectives_total", &StepRecord::collectives_ns, false},
    Operation{"other_total", &StepRecord::other_ns, false},
    Operation{"overhead_total", &StepRecord::overhead_ns, false},
};

/// Milliseconds; none where the step has no such operation, or the layers to divide by are not known.
std::optional<double> time_of(const Operation& operation, const StepRecord& step, const RunDescription& run) {
    const std::int64_t parts = operation.is_of_layer ? run.pools.at(step.pool).layers : 1;
    const std::int64_t time_ns = step.*operation.time_ns;
    if (time_ns == 0 || parts == 0) return std::nullopt;
    return static_cast<double>(time_ns) / static_cast<double>(parts) / kMillisecond;
}

template <class Metrics>
void put_names(TextFile& file, const Metrics& metrics) {
    file.put("Batch Id");
    for (const auto& metric : metrics)
        file.put(",{}", metric.name);
}

void write_batches(const std::string& directory, const std::vector<StepRecord>& steps) {
    TextFile file(directory + "/batch_metrics.csv");
    put_names(file, kBatchMetrics);
    file.put(",replica_id,scheduled_at\n");
    for (std::size_t batch = 0; batch < steps.size(); ++batch) {
        file.put("{}", batch);
        for (const BatchMetric& metric : kBatchMetrics)
            file.put(",{}", metric.of(steps[batch]));
        file.put(",{},{}\n", steps[batch].replica, static_cast<double>(steps[batch].start_ns) / kSecond);
    }
    file.close();
    for (const BatchMetric& metric : kBatchMetrics) {
        std::vector<double> values;
        for (const StepRecord& step : steps)
            values.push_back(metric.of(step));
        write_quantiles(directory + "/plots", metric.name, metric.name, std::move(values));
    }
}

void write_operations(const std::string& directory, const std::vector<StepRecord>& steps, const RunDescription& run) {
    TextFile file(directory + "/operation_metrics.csv");
    put_names(file, kOperations);
    file.put("\n");
    for (std::size_t batch = 0; batch < steps.size(); ++batch) {
        file.put("{}", batch);
        for (const Operation& operation : kOperations) {
            const std::optional<double> time_ms = time_of(operation, steps[batch], run);
            file.put(",{}", time_ms ? fmt::format("{}", *time_ms) : "");
        }
        file.put("\n");
    }
    file.close();
    for (const Operation& operation : kOperations) {
        std::vector<double> values;
        for (const StepRecord& step : steps)
            if (const std::optional<double> time_ms = time_of(operation, step, run)) values.push_back(*time_ms);
        write_quantiles(directory + "/plots", fmt::format("{}_execution_time", operation.name), operation.name,
                        std::move(values));
    }
}

}  // namespace

void write_batch_metrics(const std::string& directory, std::vector<StepRecord> steps, const RunDescription& run) {
    if (steps.empty()) return;
    // A pipeline may form two batches at one instant, which end one after the other.
    std::sort(steps.begin(), steps.end(), [](const StepRecord& a, const StepRecord& b) {
        return std::tie(a.start_ns, a.replica, a.end_ns) < std::tie(b.start_ns, b.replica, b.end_ns);
    });
    write_batches(directory, steps);
    write_operations(directory, steps, run);
}

void write_decode_completions(const std::string& directory, const std::vector<StepRecord>& steps) {
    std::vector<Count> tokens;
    for (const StepRecord& step : steps)
        if (step.decodes > 0) tokens.push_back({step.end_ns, step.decodes});
    write_time_series(directory, "decode_completion", std::move(tokens));
}

}  // namespace regatta::results::vidur
