#include "app/roofline_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace regatta::app {
namespace {

using Json = nlohmann::ordered_json;
using Cells = std::vector<std::string>;
using timing::Bound;
using timing::Operator;

const char* name_of(Bound bound) {
    switch (bound) {
        case Bound::Compute:
            return "compute";
        case Bound::Memory:
            return "memory";
        case Bound::Network:
            return "network";
        case Bound::Overhead:
            return "overhead";
    }
    return "";
}

/// Three digits and a prefix: "1.65 T"; "-" for nothing.
std::string short_number(double value) {
    if (!(value > 0)) return "-";
    constexpr std::array<const char*, 6> kPrefixes = {"", " k", " M", " G", " T", " P"};
    std::size_t prefix = 0;
    while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
        value /= 1000;
        ++prefix;
    }
    const int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f}{}", value, digits, kPrefixes.at(prefix));
}

std::string short_time(double seconds) {
    if (!(seconds > 0)) return "-";
    constexpr std::array<const char*, 4> kUnits = {"s", "ms", "us", "ns"};
    std::size_t unit = 0;
    while (seconds < 0.9995 && unit + 1 < kUnits.size()) {
        seconds *= 1000;
        ++unit;
    }
    const int digits = seconds >= 99.95 ? 0 : seconds >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}", seconds, digits, kUnits.at(unit));
}

std::string gib(double bytes) {
    const double value = bytes / (1024.0 * 1024 * 1024);
    return value >= 0.0995 ? fmt::format("{:.1f} GiB", value) : fmt::format("{:.1f} MiB", value * 1024);
}

/// The first columns to the left, the rest, which are numbers, to the right.
std::string aligned(const std::vector<Cells>& rows, std::size_t left_columns) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const Cells& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const Cells& row : rows) {
        std::string line = " ";
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i < left_columns ? fmt::format(" {:<{}} ", row[i], widths[i])
                                     : fmt::format(" {:>{}} ", row[i], widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

/// Nothing where nothing was moved or nothing computed.
double intensity_of(const Operator& each) {
    return each.bytes.total() > 0 ? each.flops / each.bytes.total() : 0;
}

double attained_of(const Operator& each) {
    return each.seconds > 0 ? each.flops / each.seconds : 0;
}

/// Quoted where the text would otherwise be read as several fields.
std::string as_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string precision_of(const RooflinePrecision& precision) {
    return fmt::format("{}/{}/{}", precision.weights, precision.activations, precision.kv_cache);
}

const char* stage_of(const RooflineStep& step) {
    return step.is_prefill ? "prefill" : "decode";
}

const char* attention_of(const RooflineStep& step) {
    return step.is_fused ? "fused" : "separate";
}

std::string heading_of(const RooflineStep& step) {
    const std::string what = step.is_prefill ? fmt::format("prefill of {} x {} tokens", step.batch, step.length)
                                             : fmt::format("decode of {} at context {}", step.batch, step.length);
    return fmt::format("{} on {} x {}, weights {}, activations {}, KV cache {}: {}{}\n", step.model,
                       step.tensor_parallel, step.gpu, step.precision.weights, step.precision.activations,
                       step.precision.kv_cache, what, step.is_fused ? "" : ", separate attention");
}

Cells operator_cells(const Operator& each, double whole_s) {
    return {each.name,
            name_of(each.bound),
            fmt::format("{:g}", each.repeats),
            short_number(each.flops),
            short_number(each.bytes.total()),
            short_number(intensity_of(each)),
            short_number(attained_of(each)),
            short_time(each.seconds),
            fmt::format("{:.1f} %", 100 * each.seconds / whole_s)};
}

std::string memory_line(const RooflineMemory& memory) {
    std::string text =
        fmt::format("  memory of a GPU: weights {} + KV cache {} + activations {} = {} of {}: {}\n",
                    gib(memory.weight_bytes), gib(memory.kv_bytes), gib(memory.activation_bytes), gib(memory.bytes()),
                    gib(memory.usable_bytes), memory.fits() ? "fits" : "does not fit");
    if (memory.planned_kv_blocks)
        text += fmt::format("  planned: weights with embeddings {}, {} KV blocks of 16 tokens\n",
                            gib(*memory.planned_weight_bytes), *memory.planned_kv_blocks);
    return text;
}

Json json_of(const Operator& each) {
    return {{"operator", each.name},
            {"repeats", each.repeats},
            {"flops", each.flops},
            {"bytes", each.bytes.total()},
            {"load_weight_bytes", each.bytes.load_weight},
            {"load_activation_bytes", each.bytes.load_activation},
            {"store_activation_bytes", each.bytes.store_activation},
            {"load_kv_bytes", each.bytes.load_kv},
            {"store_kv_bytes", each.bytes.store_kv},
            {"link_bytes", each.link_bytes},
            {"flops_per_byte", intensity_of(each)},
            {"bound", name_of(each.bound)},
            {"attained_flops_per_s", attained_of(each)},
            {"time_s", each.seconds}};
}

}  // namespace

RooflineWriter::RooflineWriter(RooflineFormat format, bool has_operators, TextSink put)
    : format_(format), has_operators_(has_operators), put_(std::move(put)) {}

void RooflineWriter::add(const RooflineStep& step) {
    switch (format_) {
        case RooflineFormat::Text:
            add_text(step);
            break;
        case RooflineFormat::Csv:
            add_csv(step);
            break;
        case RooflineFormat::Json:
            add_json(step);
            break;
    }
    is_first_ = false;
}

void RooflineWriter::add_text(const RooflineStep& step) {
    if (has_operators_) {
        // What is computed and moved is that of all repeats together.
        std::vector<Cells> rows = {
            {"operator", "bound", "repeats", "FLOP", "bytes", "FLOP/byte", "FLOP/s", "time", "share"}};
        for (const Operator& each : step.operators)
            rows.push_back(operator_cells(each, step.total.seconds));
        rows.push_back(operator_cells(step.total, step.total.seconds));
        rows.back()[2].clear();
        put_(fmt::format("{}{}{}{}", is_first_ ? "" : "\n", heading_of(step), aligned(rows, 2),
                         memory_line(step.memory)));
        return;
    }
    if (totals_.empty())
        totals_.push_back({"hardware", "model", "precision", "stage", "attention", "bound", "tp", "batch", "length",
                           "FLOP", "bytes", "FLOP/byte", "FLOP/s", "time", "memory", "fits"});
    const Operator& total = step.total;
    totals_.push_back({step.gpu, step.model, precision_of(step.precision), stage_of(step), attention_of(step),
                       name_of(total.bound), fmt::format("{}", step.tensor_parallel), fmt::format("{}", step.batch),
                       fmt::format("{}", step.length), short_number(total.flops), short_number(total.bytes.total()),
                       short_number(intensity_of(total)), short_number(attained_of(total)), short_time(total.seconds),
                       gib(step.memory.bytes()), step.memory.fits() ? "yes" : "no"});
}

void RooflineWriter::add_csv(const RooflineStep& step) {
    std::string text;
    if (is_first_)
        text =
            "hardware,model,tp,weights,activations,kv_cache,stage,batch,length,attention,operator,repeats,flops,bytes,"
            "load_weight_bytes,load_activation_bytes,store_activation_bytes,load_kv_bytes,store_kv_bytes,link_bytes,"
            "flops_per_byte,bound,attained_flops_per_s,time_s,peak_flops_per_s,bandwidth_bytes_per_s,"
            "memory_weight_bytes,memory_kv_bytes,memory_activation_bytes,memory_usable_bytes,fits,"
            "planned_weight_bytes,planned_kv_blocks\n";
    const std::string of_step =
        fmt::format("{},{},{},{},{},{},{},{},{},{},", as_field(step.gpu), as_field(step.model), step.tensor_parallel,
                    step.precision.weights, step.precision.activations, step.precision.kv_cache, stage_of(step),
                    step.batch, step.length, attention_of(step));
    const auto add = [&](const Operator& each) {
        text += of_step;
        fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},", each.name,
                       each.repeats, each.flops, each.bytes.total(), each.bytes.load_weight, each.bytes.load_activation,
                       each.bytes.store_activation, each.bytes.load_kv, each.bytes.store_kv, each.link_bytes,
                       intensity_of(each), name_of(each.bound), attained_of(each), each.seconds, step.peak_flops_per_s,
                       step.bandwidth_bytes_per_s);
    };
    if (has_operators_)
        for (const Operator& each : step.operators) {
            add(each);
            text += ",,,,,,\n";  // memory is the step's
        }
    add(step.total);
    const RooflineMemory& memory = step.memory;
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{}\n", memory.weight_bytes, memory.kv_bytes,
                   memory.activation_bytes, memory.usable_bytes, memory.fits() ? "yes" : "no",
                   memory.planned_weight_bytes ? fmt::format("{}", *memory.planned_weight_bytes) : "",
                   memory.planned_kv_blocks ? fmt::format("{}", *memory.planned_kv_blocks) : "");
    put_(text);
}

void RooflineWriter::add_json(const RooflineStep& step) {
    Json json = {{"hardware", step.gpu},
                 {"model", step.model},
                 {"tp", step.tensor_parallel},
                 {"weights", step.precision.weights},
                 {"activations", step.precision.activations},
                 {"kv_cache", step.precision.kv_cache},
                 {"stage", stage_of(step)},
                 {"batch", step.batch},
                 {"length", step.length},
                 {"attention", attention_of(step)},
                 {"peak_flops_per_s", step.peak_flops_per_s},
                 {"bandwidth_bytes_per_s", step.bandwidth_bytes_per_s}};
    if (has_operators_) {
        json["operators"] = Json::array();
        for (const Operator& each : step.operators)
            json["operators"].push_back(json_of(each));
    }
    json["total"] = json_of(step.total);
    json["total"].erase("operator");
    json["total"].erase("repeats");
    const RooflineMemory& memory = step.memory;
    json["memory"] = {{"weight_bytes", memory.weight_bytes},
                      {"kv_bytes", memory.kv_bytes},
                      {"activation_bytes", memory.activation_bytes},
                      {"usable_bytes", memory.usable_bytes},
                      {"fits", memory.fits()}};
    if (memory.planned_weight_bytes) json["memory"]["planned_weight_bytes"] = *memory.planned_weight_bytes;
    if (memory.planned_kv_blocks) json["memory"]["planned_kv_blocks"] = *memory.planned_kv_blocks;
    put_(fmt::format("{}{}", is_first_ ? "{\"steps\": [\n" : ",\n", json.dump()));
}

void RooflineWriter::finish() {
    if (!totals_.empty()) put_(aligned(totals_, 6));
    if (format_ == RooflineFormat::Json) put_("\n]}\n");
}

void write_matrices(const std::vector<MatrixPoint>& points, RooflineFormat format, const TextSink& put) {
    std::vector<Cells> rows = {{"hardware", "precision", "matrix", "bound", "input size", "FLOP", "bytes", "FLOP/byte",
                                "FLOP/s", "compute", "memory"}};
    if (format == RooflineFormat::Csv)
        put("hardware,weights,activations,matrix,m,k,n,input_size,flops,bytes,flops_per_byte,bound,"
            "attained_flops_per_s,compute_s,memory_s,time_s,peak_flops_per_s,bandwidth_bytes_per_s\n");
    Json all = Json::array();
    for (const MatrixPoint& point : points) {
        const char* bound = name_of(point.is_memory_bound() ? Bound::Memory : Bound::Compute);
        const auto& [m, k, n] = point.matrix.shape;
        if (format == RooflineFormat::Csv)
            put(fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", as_field(point.gpu),
                            point.weights, point.activations, point.matrix.name, m, k, n, point.input_size,
                            point.work.flops, point.work.bytes, point.work.flops_per_byte(), bound,
                            point.attained_flops_per_s(), point.compute_s(), point.memory_s(), point.seconds(),
                            point.peak_flops_per_s, point.bandwidth_bytes_per_s));
        if (format == RooflineFormat::Json)
            all.push_back({{"hardware", point.gpu},
                           {"weights", point.weights},
                           {"activations", point.activations},
                           {"matrix", point.matrix.name},
                           {"m", m},
                           {"k", k},
                           {"n", n},
                           {"input_size", point.input_size},
                           {"flops", point.work.flops},
                           {"bytes", point.work.bytes},
                           {"flops_per_byte", point.work.flops_per_byte()},
                           {"bound", bound},
                           {"attained_flops_per_s", point.attained_flops_per_s()},
                           {"compute_s", point.compute_s()},
                           {"memory_s", point.memory_s()},
                           {"time_s", point.seconds()},
                           {"peak_flops_per_s", point.peak_flops_per_s},
                           {"bandwidth_bytes_per_s", point.bandwidth_bytes_per_s}});
        rows.push_back({point.gpu, point.weights + "/" + point.activations, point.matrix.name, bound,
                        fmt::format("{}", point.input_size), short_number(point.work.flops),
                        short_number(point.work.bytes), short_number(point.work.flops_per_byte()),
                        short_number(point.attained_flops_per_s()), short_time(point.compute_s()),
                        short_time(point.memory_s())});
    }
    if (format == RooflineFormat::Text) put(aligned(rows, 4));
    if (format == RooflineFormat::Json) put(Json{{"matrices", std::move(all)}}.dump(1) + "\n");
}

}  // namespace regatta::app
