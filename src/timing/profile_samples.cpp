#include "timing/profile_samples.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "timing/profile_csv.hpp"
#include "timing/profile_rows.hpp"
#include "timing/profile_times.hpp"

namespace regatta::timing {
namespace {

struct Point {
    double a = 0;
    double b = 0;
};

/// Of the rows that `place` gives a point for. A time that is missing is 0 where the operator may be missing.
template <class Place>
void add(const ProfileRows& rows, const char* op, const std::string& column, const Place& place, ProfileData& data) {
    const CsvTable& csv = rows.csv();
    const bool may_be_missing = ProfileOps::may_be_missing(op);
    const auto times = csv.find_column(column);
    if (!times && may_be_missing) return;
    const std::size_t ms_column = csv.column(column);
    ProfileSamples& samples = data[op];
    for (const std::size_t row : rows.rows()) {
        const std::optional<Point> point = place(row);
        if (!point) continue;
        const double ms = may_be_missing && csv.is_empty(row, ms_column) ? 0 : csv.number(row, ms_column);
        if (ms < 0) throw csv.problem(row, fmt::format("{}: expected at least 0, found {}", column, ms));
        samples.push_back({.a = point->a, .b = point->b, .ms = ms});
    }
    if (samples.empty()) throw InputError(fmt::format("{}: no rows about {}", csv.name(), op));
    std::sort(samples.begin(), samples.end());
}

std::string median_of(const char* op) {
    return fmt::format("time_stats.{}.median", op);
}

double real(std::int64_t count) {
    return static_cast<double>(count);
}

/// Times of moving activations of so many tokens: the file has bytes, two for each value.
void add_network(const ProfileRows& rows, const char* op, const ProfileFilter& filter, ProfileData& data) {
    const std::size_t bytes = rows.csv().column("size");
    const auto tokens = [&](std::size_t row) {
        return std::optional(Point{.b = rows.csv().number(row, bytes) / real(filter.model.hidden) / 2});
    };
    add(rows, op, median_of(op), tokens, data);
}

/// "meta-llama/Llama-2-7b-hf" is "llama-2-7b-hf".
std::string plain_name(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    std::string plain(slash == std::string_view::npos ? name : name.substr(slash + 1));
    std::transform(plain.begin(), plain.end(), plain.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return plain;
}

}  // namespace

void add_compute(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data) {
    const CsvTable csv(file.name, file.text);
    ProfileRows rows(csv);
    const llm::Model& model = filter.model;
    rows.keep("n_head", model.heads);
    rows.keep("n_kv_head", model.kv_heads);
    rows.keep("n_embd", model.hidden);
    rows.keep("n_expanded_embd", model.intermediate);
    rows.keep_text("use_gated_mlp", model.has_gated_mlp ? "true" : "false",
                   [&](std::string_view text) { return (plain_name(text) == "true") == model.has_gated_mlp; });
    rows.keep("num_tensor_parallel_workers", filter.tensor_parallel);
    // The head is not in these times, and vocabularies are padded: 32768 in Vidur's files is Llama's 32000.
    rows.prefer("vocab_size", model.vocabulary);
    const std::size_t tokens = csv.column("num_tokens");
    const auto place = [&](std::size_t row) { return std::optional(Point{.b = csv.number(row, tokens)}); };
    for (const std::vector<const char*>* ops : {&ProfileOps::kAttention, &ProfileOps::kMlp})
        for (const char* op : *ops)
            add(rows, op, median_of(op), place, data);
}

void add_attention(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data) {
    const CsvTable csv(file.name, file.text);
    ProfileRows rows(csv);
    rows.keep("n_embd", filter.model.hidden);
    rows.keep("n_q_head", filter.model.heads);
    rows.keep("n_kv_head", filter.model.kv_heads);
    rows.keep("block_size", filter.block_tokens);
    rows.keep("num_tensor_parallel_workers", filter.tensor_parallel);
    const std::size_t batch = csv.column("batch_size");
    const std::size_t chunk = csv.column("prefill_chunk_size");
    const std::size_t kv = csv.column("kv_cache_size");
    const auto saved = [&](std::size_t row) {
        return std::optional(Point{.b = real(std::max(csv.count(row, chunk), csv.count(row, batch)))});
    };
    const auto prefill = [&](std::size_t row) -> std::optional<Point> {
        const double tokens = real(csv.count(row, chunk));
        if (!(tokens > 0)) return std::nullopt;
        return Point{.a = csv.number(row, kv), .b = tokens * tokens};
    };
    const auto decode = [&](std::size_t row) -> std::optional<Point> {
        if (csv.count(row, chunk) > 0) return std::nullopt;
        return Point{.a = csv.number(row, batch), .b = csv.number(row, kv)};
    };
    add(rows, "attn_kv_cache_save", median_of("attn_kv_cache_save"), saved, data);
    add(rows, "attn_prefill", median_of("attn_prefill"), prefill, data);
    add(rows, "attn_decode", median_of("attn_decode"), decode, data);
}

void add_all_reduce(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data) {
    const CsvTable csv(file.name, file.text);
    ProfileRows rows(csv);
    rows.keep("num_workers", filter.tensor_parallel);
    rows.keep("devices_per_node", filter.tensor_parallel);
    add_network(rows, "all_reduce", filter, data);
}

void add_send_recv(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data) {
    const CsvTable csv(file.name, file.text);
    ProfileRows rows(csv);
    rows.keep("devices_per_node", filter.spans_nodes ? 1 : 2);
    add_network(rows, "send_recv", filter, data);
}

void add_cpu_overhead(const ProfileFile& file, const ProfileFilter& filter, ProfileData& data) {
    const CsvTable csv(file.name, file.text);
    ProfileRows rows(csv);
    const std::string wanted = filter.cpu_model.empty() ? plain_name(filter.model.name) : filter.cpu_model;
    rows.keep_text("model_name", wanted, [&](std::string_view name) {
        return filter.cpu_model.empty() ? plain_name(name).starts_with(wanted) : name == wanted;
    });
    rows.keep("tensor_parallel_degree", filter.tensor_parallel);
    const std::size_t batch = csv.column("batch_size");
    const auto place = [&](std::size_t row) { return std::optional(Point{.b = csv.number(row, batch)}); };
    for (const char* op : ProfileOps::kCpu) {
        const bool has_mean_only = std::string_view(op) == "ray_comm_time";
        add(rows, op, fmt::format("{}_{}", op, has_mean_only ? "mean" : "median"), place, data);
    }
}

}  // namespace regatta::timing
