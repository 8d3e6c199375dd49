#include "scenario/import_scratchpad.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "scenario/decode.hpp"
#include "scenario/quantity.hpp"
#include "scenario/scratchpad_expansion.hpp"
#include "workload/scratchpad_trace.hpp"

namespace regatta::scenario {
namespace {

// What its command line makes of --n-engines.
constexpr const char* kGpu = "nvidia_A100";
constexpr const char* kModel = "meta-llama/Meta-Llama-3-70B-Instruct";

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

std::string precision_text(const std::string& option, const std::string& precision) {
    const std::vector<std::string> bits = split(precision.empty() ? "4/4/4" : precision, '/');
    const bool is_whole = bits.size() == 3 && std::all_of(bits.begin(), bits.end(), [](const std::string& one) {
                              const auto number = read_number(one);
                              return number && *number > 0;
                          });
    if (!is_whole)
        throw InputError(
            fmt::format("{}: expected bits of weights, activations and KV cache such as 16/16/8, found "
                        "\"{}\"",
                        option, precision));
    return fmt::format("{{weight_bits: {}, activation_bits: {}, kv_bits: {}}}", bits[0], bits[1], bits[2]);
}

std::string group_text(const std::string& group) {
    const std::vector<std::string> parts = split(group, ':');
    const auto count = parts.size() > 2 ? read_whole_number(parts[2]) : Read<std::int64_t>(1);
    if (parts.size() < 2 || parts.size() > 4 || parts[0].empty() || parts[1].empty() || !count || *count < 1)
        throw InputError(
            fmt::format("--engines: expected GPU:MODEL[:COUNT[:W/A/KV]] such as "
                        "nvidia_A100:meta-llama/Meta-Llama-3-70B-Instruct:4:4/4/4, found \"{}\"",
                        group));
    return fmt::format("    - {{engines: {}, gpu: {}, model: {}, precision: {}}}\n", *count, quote_if_needed(parts[0]),
                       quote_if_needed(parts[1]), precision_text("--engines", parts.size() > 3 ? parts[3] : ""));
}

std::string fleet_text(const ScratchpadImport& call, bool is_native) {
    const int ways = (call.environment.empty() ? 0 : 1) + (call.engines ? 1 : 0) + (call.engine_groups.empty() ? 0 : 1);
    if (ways != 1)
        throw InputError(fmt::format("{} one of --environment, --n-engines and --engines",
                                     ways == 0 ? "expected" : "expected only"));
    if (!is_native && !call.environment.empty() && !call.changes.empty())
        throw InputError(
            "--environment-change-file: that simulator does not apply changes to an environment; leave it out");
    if (!call.engine_groups.empty() && !call.precision.empty())
        throw InputError("--precision: each of the --engines has its own; leave it out");
    std::string text = "fleet:\n";
    if (!call.environment.empty()) text += fmt::format("  environment: {}\n", quote_if_needed(call.environment));
    if (call.engines) text += fmt::format("  engines: {}\n  gpu: {}\n  model: {}\n", *call.engines, kGpu, kModel);
    if (call.engine_groups.empty() && (!is_native || !call.precision.empty()))
        text += "  precision: " + precision_text("--precision", call.precision) + "\n";
    if (!call.engine_groups.empty()) text += "  engine_groups:\n";
    for (const std::string& group : call.engine_groups)
        text += group_text(group);
    if (!call.changes.empty()) text += fmt::format("  changes: {}\n", quote_if_needed(call.changes));
    return text;
}

std::string router_of(const std::string& policy) {
    if (policy.empty()) return "random";
    return policy == "affinity" ? "model_affinity" : policy;
}

/// What makes the trace as dense as that on average; 1 where it has one instant only.
double rate_scale_of(const std::string& path, double rate_per_s) {
    InputFiles files;
    const InputFiles::File& file = files.open_data(path);
    if (!file.is_readable) throw InputError(fmt::format("{}: cannot be read: {}", path, file.reason));
    const workload::ScratchpadRequests trace =
        workload::read_scratchpad(path, file.text, workload::ScratchpadTimes::Recorded);
    const auto [first, last] = std::minmax_element(trace.rows.begin(), trace.rows.end(),
                                                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    const double span_s = static_cast<double>(last->time_ns - first->time_ns) / 1e9;
    return span_s > 0 ? rate_per_s * span_s / static_cast<double>(trace.rows.size() - 1) : 1;
}

}  // namespace

std::string import_scratchpad(const ScratchpadImport& call) {
    if (call.trace.empty()) throw InputError("--input is missing: the trace of requests");
    if (!call.arrival_rate) throw InputError("--arrival-rate is missing: requests per second, or 0 for all at once");
    std::string text =
        "# What this call asks of the Scratchpad simulator, by `regatta import scratchpad`.\n"
        "name: scratchpad\ncompat: scratchpad\n" +
        fleet_text(call, false);
    text += fmt::format("gateways: {{router: {}}}\n", router_of(call.policy));
    text += fmt::format("workload:\n  trace: {}\n  arrival_rate: {}\n", quote_if_needed(call.trace),
                        write_rate(std::max(*call.arrival_rate, 0.0)));
    if (call.limit && *call.limit > 0) text += fmt::format("  limit: {}\n", *call.limit);
    if (call.records_steps) text += "output: {steps: {from: 0s}}  # for regatta-post export scratchpad\n";
    return text;
}

std::string import_scratchpad_native(const ScratchpadImport& call, const Registries& registries,
                                     const std::string& catalogue_directory) {
    if (call.trace.empty()) throw InputError("--input is missing: the trace of requests");
    if (call.arrival_rate && *call.arrival_rate <= 0)
        throw InputError(
            "--arrival-rate: the trace's own times are kept with --native; expected a rate above 0, or none");
    std::string text = fleet_text(call, true) + fmt::format("workload:\n  trace: {}\n", quote_if_needed(call.trace));
    if (call.limit && *call.limit > 0) text += fmt::format("  limit: {}\n", *call.limit);
    if (call.arrival_rate)
        text += fmt::format("  rate_scale: {}\n",
                            write_number(std::clamp(rate_scale_of(call.trace, *call.arrival_rate), 1e-6, 1e6)));
    const std::string router = call.policy.empty() ? "" : router_of(call.policy);
    std::string more;
    if (call.records_steps) more = "output: {steps: {from: 0s}}  # of each replica, with the time of each operator\n";
    return write_native({.text = text, .router = router, .more = more}, registries, catalogue_directory);
}

}  // namespace regatta::scenario
